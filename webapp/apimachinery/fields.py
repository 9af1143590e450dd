"""Field selectors: ``metadata.name=x,status.phase!=Running``.

Text enters, an immutable :class:`FieldSelector` leaves; which fields a kind can be selected by is
the caller's knowledge (:func:`unsupported_field` is the refusal).

Models:
    staging/src/k8s.io/apimachinery/pkg/fields/selector.go ParseSelector
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from webapp.apimachinery.status import BadRequest

if TYPE_CHECKING:
    from collections.abc import Callable


class FieldTerm(NamedTuple):
    """One condition: the field's text equals ``value``, or differs when ``negated``."""

    field: str
    value: str
    negated: bool


class FieldSelector:
    """Terms that must all hold, sorted as upstream prints them."""

    __slots__ = ("terms",)

    def __init__(self, terms: tuple[FieldTerm, ...] = ()) -> None:
        self.terms = terms

    def matches(self, get_value: Callable[[str], str]) -> bool:
        """Whether an object is selected; ``get_value`` gives a field's text, "" when unset."""
        return all((get_value(field) == value) != negated for field, value, negated in self.terms)

    @property
    def selects_everything(self) -> bool:
        """True when there is no term."""
        return not self.terms

    def exact_value(self, field: str) -> str | None:
        """The one value that ``field`` must have, or ``None``."""
        for term in self.terms:
            if term.field == field and not term.negated:
                return term.value
        return None

    def fields(self) -> tuple[str, ...]:
        """Names of the fields asked for, in the terms' order."""
        return tuple(dict.fromkeys(term.field for term in self.terms))

    def __str__(self) -> str:
        return ",".join(
            f"{field}{'!=' if negated else '='}{value}" for field, value, negated in self.terms
        )


EVERYTHING = FieldSelector()


@lru_cache(maxsize=4096)
def parse_field_selector(text: str) -> FieldSelector:
    """Parse what ``kubectl --field-selector`` takes: terms with ``=``, ``==`` or ``!=``, by commas.

    Raises:
        BadRequest: A term has no such operator.
    """
    terms = []
    for part in sorted(text.split(",")):
        if not part:
            continue
        for operator in ("!=", "==", "="):
            pieces = part.split(operator)
            if len(pieces) == 2:
                terms.append(FieldTerm(pieces[0], pieces[1], operator == "!="))
                break
        else:
            raise BadRequest(f"invalid selector: '{text}'; can't understand '{part}'")
    return FieldSelector(tuple(terms)) if terms else EVERYTHING


def unsupported_field(
    group: str, version: str, kind: str, field: str, known: tuple[str, ...]
) -> BadRequest:
    """The refusal of a field that objects of a kind cannot be selected by.

    Args:
        group: API group of the kind.
        version: Its version.
        kind: The kind; one with selectable fields of its own words the refusal differently.
        field: The field asked for.
        known: The kind's own selectable fields, besides name and namespace.

    Models:
        staging/src/k8s.io/apimachinery/pkg/runtime/conversion.go DefaultMetaV1FieldSelectorConversion
    """
    del group, version, kind
    if known:
        return BadRequest(f"field label not supported: {field}")
    return BadRequest(
        f'"{field}" is not a known field selector: only "metadata.name", "metadata.namespace"'
    )
