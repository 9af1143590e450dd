"""Label selectors: parsed from kubectl's text or from a ``LabelSelector``, matched, printed.

Text or JSON enters, an immutable :class:`Selector` leaves. The API server filters lists and watches
with it, controllers and the scheduler find Pods with it. Equal texts share one parsed selector.

Models:
    staging/src/k8s.io/apimachinery/pkg/labels/selector.go Parse
    staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/helpers.go LabelSelectorAsSelector
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from webapp.apimachinery.field_path import Path, invalid
from webapp.apimachinery.status import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from webapp.apimachinery.field_path import FieldError
    from webapp.apimachinery.meta import JSONObject

IN = "in"
NOT_IN = "notin"
EQUALS = "="
DOUBLE_EQUALS = "=="
NOT_EQUALS = "!="
GREATER_THAN = "gt"
LESS_THAN = "lt"
EXISTS = "exists"
DOES_NOT_EXIST = "!"

_BINARY_OPERATORS = (IN, NOT_IN, EQUALS, DOUBLE_EQUALS, NOT_EQUALS, GREATER_THAN, LESS_THAN)
_OPERATOR_BY_TOKEN = {
    "in": IN,
    "notin": NOT_IN,
    "=": EQUALS,
    "==": DOUBLE_EQUALS,
    "!=": NOT_EQUALS,
    ">": GREATER_THAN,
    "<": LESS_THAN,
}
_TEXT_BY_OPERATOR = {
    EQUALS: "=",
    DOUBLE_EQUALS: "==",
    NOT_EQUALS: "!=",
    IN: " in ",
    NOT_IN: " notin ",
    GREATER_THAN: ">",
    LESS_THAN: "<",
}
_OPERATOR_BY_EXPRESSION = {
    "In": IN,
    "NotIn": NOT_IN,
    "Exists": EXISTS,
    "DoesNotExist": DOES_NOT_EXIST,
}
_INTEGER = re.compile(r"[+-]?[0-9]+\Z")


class Requirement:
    """One condition on one label.

    Attributes:
        key: The label.
        operator: One of this module's operator constants.
        values: Values in the order given; empty for EXISTS and DOES_NOT_EXIST.
    """

    __slots__ = ("_value_set", "key", "operator", "values")

    def __init__(self, key: str, operator: str, values: Iterable[str] = ()) -> None:
        self.key = key
        self.operator = operator
        self.values = tuple(values)
        self._value_set = frozenset(self.values)

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether the labels meet this condition; a missing label meets the negative ones."""
        operator = self.operator
        if operator in (IN, EQUALS, DOUBLE_EQUALS):
            return labels.get(self.key) in self._value_set
        if operator in (NOT_IN, NOT_EQUALS):
            return labels.get(self.key) not in self._value_set
        if operator == EXISTS:
            return self.key in labels
        if operator == DOES_NOT_EXIST:
            return self.key not in labels
        value = labels.get(self.key)
        if value is None or not _INTEGER.match(value):
            return False
        bound = int(self.values[0])
        return int(value) > bound if operator == GREATER_THAN else int(value) < bound

    def __str__(self) -> str:
        if self.operator == DOES_NOT_EXIST:
            return f"!{self.key}"
        if self.operator == EXISTS:
            return self.key
        text = ",".join(sorted(self.values))
        if self.operator in (IN, NOT_IN):
            text = f"({text})"
        return f"{self.key}{_TEXT_BY_OPERATOR[self.operator]}{text}"

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Requirement)
            and self.key == other.key
            and self.operator == other.operator
            and self.values == other.values
        )

    def __hash__(self) -> int:
        return hash((self.key, self.operator, self.values))

    def __repr__(self) -> str:
        return f"Requirement({self!s})"


class Selector:
    """Conditions that must all hold, sorted by key.

    Attributes:
        requirements: The conditions.
        selects_nothing: True for the selector that matches no object at all.
    """

    __slots__ = ("_equalities", "_others", "requirements", "selects_nothing")

    def __init__(
        self, requirements: Iterable[Requirement] = (), *, selects_nothing: bool = False
    ) -> None:
        self.requirements = tuple(sorted(requirements, key=lambda requirement: requirement.key))
        self.selects_nothing = selects_nothing
        # Nearly all selectors are a few equalities; those compare without a call a label.
        self._equalities = tuple(
            (requirement.key, requirement.values[0])
            for requirement in self.requirements
            if requirement.operator in (EQUALS, DOUBLE_EQUALS, IN) and len(requirement.values) == 1
        )
        self._others = tuple(
            requirement
            for requirement in self.requirements
            if requirement.operator not in (EQUALS, DOUBLE_EQUALS, IN)
            or len(requirement.values) != 1
        )

    def matches(self, labels: Mapping[str, str] | None) -> bool:
        """Whether an object with these labels (``None``: without any) is selected."""
        if self.selects_nothing:
            return False
        if labels is None:
            labels = {}
        for key, value in self._equalities:
            if labels.get(key) != value:
                return False
        return all(requirement.matches(labels) for requirement in self._others)

    @property
    def selects_everything(self) -> bool:
        """True when there is no condition."""
        return not self.requirements and not self.selects_nothing

    @property
    def equalities(self) -> tuple[tuple[str, str], ...]:
        """Labels with the one value that all selected objects have, in order of their keys."""
        return self._equalities

    def exact_value(self, key: str) -> str | None:
        """The one value that label ``key`` must have, or ``None`` if several values may match."""
        for own_key, value in self._equalities:
            if own_key == key:
                return value
        return None

    def __str__(self) -> str:
        return ",".join(map(str, self.requirements))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Selector)
            and self.requirements == other.requirements
            and self.selects_nothing == other.selects_nothing
        )

    def __hash__(self) -> int:
        return hash((self.requirements, self.selects_nothing))

    def __repr__(self) -> str:
        return f"Selector({self!s})"


EVERYTHING = Selector()
NOTHING = Selector(selects_nothing=True)


@lru_cache(maxsize=4096)
def parse_selector(text: str) -> Selector:
    """Parse what ``kubectl -l`` takes: ``a=b,c!=d,e in (f,g),h notin (i),j,!k,l>3``.

    Raises:
        BadRequest: The text is no selector; the message is upstream's.
    """
    return Selector(_Parser(text).parse()) if text else EVERYTHING


def selector_from_labels(labels: Mapping[str, str] | None) -> Selector:
    """What selects exactly these labels, as a Service's or ReplicationController's ``selector``.

    No labels select everything; callers for whom they select nothing check before.
    """
    return Selector(Requirement(key, EQUALS, (value,)) for key, value in (labels or {}).items())


def selector_from_label_selector(label_selector: JSONObject | None) -> Selector:
    """A ``LabelSelector`` (matchLabels, matchExpressions): missing selects nothing, empty everything.

    Raises:
        BadRequest: An expression has an unknown operator, or values that do not fit its operator.
    """
    if label_selector is None:
        return NOTHING
    requirements = [
        Requirement(key, EQUALS, (value,))
        for key, value in (label_selector.get("matchLabels") or {}).items()
    ]
    for expression in label_selector.get("matchExpressions") or ():
        operator = _OPERATOR_BY_EXPRESSION.get(expression.get("operator", ""))
        if operator is None:
            raise BadRequest(
                f'"{expression.get("operator", "")}" is not a valid label selector operator'
            )
        requirements.append(
            new_requirement(expression.get("key", ""), operator, expression.get("values") or ())
        )
    return Selector(requirements) if requirements else EVERYTHING


def new_requirement(key: str, operator: str, values: Iterable[str] = ()) -> Requirement:
    """A checked :class:`Requirement`.

    Raises:
        BadRequest: Key or values are no labels, or the number of values does not fit the operator.
    """
    values = tuple(values)
    errors = _requirement_errors(key, operator, values)
    if errors:
        texts = list(dict.fromkeys(map(str, errors)))
        raise BadRequest(texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]")
    return Requirement(key, operator, values)


def label_key_problems(key: str) -> list[str]:
    """What makes ``key`` no label or annotation key (``[prefix/]name``); empty when it is one.

    Models:
        staging/src/k8s.io/apimachinery/pkg/api/validate/content/kube.go IsLabelKey
    """
    parts = key.split("/")
    problems = []
    if len(parts) > 2:
        return [
            f"a qualified name {_NAME_RULE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        ]
    if len(parts) == 2:
        prefix = parts[0]
        if not prefix:
            problems.append("prefix part must be non-empty")
        else:
            if len(prefix.encode()) > 253:
                problems.append("prefix part must be no more than 253 bytes")
            if not _SUBDOMAIN.match(prefix):
                problems.append(f"prefix part {_SUBDOMAIN_RULE}")
    name = parts[-1]
    if not name:
        problems.append("name part must be non-empty")
    elif len(name.encode()) > 63:
        problems.append("name part must be no more than 63 bytes")
    if not _NAME.match(name):
        problems.append(f"name part {_NAME_RULE}")
    return problems


def label_value_problems(value: str) -> list[str]:
    """What makes ``value`` no label value; empty when it is one.

    Models:
        staging/src/k8s.io/apimachinery/pkg/api/validate/content/kube.go IsLabelValue
    """
    problems = []
    if len(value.encode()) > 63:
        problems.append("must be no more than 63 bytes")
    if value and not _NAME.match(value):
        problems.append(_VALUE_RULE)
    return problems


_NAME = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\Z")
_NAME_RULE = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start "
    "and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation "
    "is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z")
_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
    "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)


def _requirement_errors(key: str, operator: str, values: tuple[str, ...]) -> list[FieldError]:
    errors = []
    problems = label_key_problems(key)
    if problems:
        errors.append(invalid(Path("key"), key, "; ".join(problems)))
    path = Path("values")
    if operator in (IN, NOT_IN) and not values:
        errors.append(invalid(path, [], "for 'in', 'notin' operators, values set can't be empty"))
    elif operator in (EXISTS, DOES_NOT_EXIST) and values:
        errors.append(
            invalid(path, list(values), "values set must be empty for exists and does not exist")
        )
    elif operator in (GREATER_THAN, LESS_THAN) and not _INTEGER.match(values[0]):
        errors.append(
            invalid(
                path.index(0), values[0], "for 'Gt', 'Lt' operators, the value must be an integer"
            )
        )
    for index, value in enumerate(values):
        problems = label_value_problems(value)
        if problems:
            errors.append(invalid(path.index(index).key(key), value, "; ".join(problems)))
    return errors


_TOKEN = re.compile(r"==|!=|[=!(),<>]|[^=!(),<>\s]+")
_SPECIAL = frozenset(("==", "!=", "=", "!", "(", ")", ",", "<", ">"))


class _Parser:
    """One pass over the tokens of one selector; ``in`` and ``notin`` are values where values stand."""

    def __init__(self, text: str) -> None:
        self._tokens = _TOKEN.findall(text)
        self._position = 0

    def parse(self) -> list[Requirement]:
        requirements: list[Requirement] = []
        if self._at_end():
            return requirements
        if not (self._at_word() or self._peek() == "!"):
            raise BadRequest(f"found '{self._peek()}', expected: !, identifier, or 'end of string'")
        while True:
            try:
                requirements.append(self._requirement())
            except BadRequest as error:
                raise BadRequest(f"unable to parse requirement: {error.message}") from error
            if self._at_end():
                return requirements
            separator = self._next()
            if separator != ",":
                raise BadRequest(f"found '{separator}', expected: ',' or 'end of string'")
            if not (self._at_word() or self._peek() == "!"):
                raise BadRequest(f"found '{self._peek()}', expected: identifier after ','")

    def _requirement(self) -> Requirement:
        negated = self._peek() == "!"
        if negated:
            self._next()
        if not self._at_word():
            raise BadRequest(f"found '{self._next()}', expected: identifier")
        key = self._next()
        problems = label_key_problems(key)
        if problems:
            raise BadRequest(f"<nil>: {invalid(Path(), key, '; '.join(problems)).message}")
        if negated:
            return new_requirement(key, DOES_NOT_EXIST)
        if self._at_end() or self._peek() == ",":
            return new_requirement(key, EXISTS)
        token = self._next()
        operator = _OPERATOR_BY_TOKEN.get(token)
        if operator is None:
            raise BadRequest(f"found '{token}', expected: {', '.join(_BINARY_OPERATORS)}")
        values = self._value_set() if operator in (IN, NOT_IN) else {self._exact_value()}
        return new_requirement(key, operator, sorted(values))

    def _exact_value(self) -> str:
        if self._at_end() or self._peek() == ",":
            return ""
        if not self._at_word():
            raise BadRequest(f"found '{self._next()}', expected: identifier")
        return self._next()

    def _value_set(self) -> set[str]:
        if self._peek() != "(":
            raise BadRequest(f"found '{self._next()}' expected: '('")
        self._next()
        if not (self._at_word() or self._peek() in (",", ")")):
            raise BadRequest(f"found '{self._peek()}', expected: ',', ')' or identifier")
        values = set()
        while True:
            # An empty place between commas is the empty value.
            values.add(self._next() if self._at_word() else "")
            separator = self._next()
            if separator == ")":
                return values
            if separator != ",":
                raise BadRequest(f"found '{separator}', expected: ',' or ')'")

    def _at_end(self) -> bool:
        return self._position >= len(self._tokens)

    def _at_word(self) -> bool:
        return not self._at_end() and self._peek() not in _SPECIAL

    def _peek(self) -> str:
        return "" if self._at_end() else self._tokens[self._position]

    def _next(self) -> str:
        token = self._peek()
        self._position += 1
        return token
