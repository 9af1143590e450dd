"""Where in an object something is wrong, and what: upstream's field paths and field errors.

Models:
    staging/src/k8s.io/apimachinery/pkg/util/validation/field/path.go Path
    staging/src/k8s.io/apimachinery/pkg/util/validation/field/errors.go Error
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Sequence


class Path:
    """A field's place, printed as ``spec.containers[0].image``."""

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        self._text = text

    def child(self, *names: str) -> Path:
        """A field below this one."""
        return Path(".".join((self._text, *names) if self._text else names))

    def index(self, index: int) -> Path:
        """An item of this list."""
        return Path(f"{self._text}[{index}]")

    def key(self, key: str) -> Path:
        """An entry of this map."""
        return Path(f"{self._text}[{key}]")

    def __str__(self) -> str:
        return self._text


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field.

    Attributes:
        reason: The cause's reason on the wire, for example ``FieldValueInvalid``.
        field: The path's text.
        message: The text without the field, for example ``Required value: must be specified``.
    """

    reason: str
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


def required(path: Path, detail: str = "") -> FieldError:
    """A value is missing."""
    return FieldError("FieldValueRequired", str(path), _join("Required value", detail))


def invalid(path: Path, value: Any, detail: str) -> FieldError:
    """A value breaks a rule."""
    return FieldError(
        "FieldValueInvalid", str(path), f"Invalid value: {_value_text(value)}: {detail}"
    )


def not_supported(path: Path, value: Any, supported: Sequence[str]) -> FieldError:
    """A value is none of the known ones; they are listed sorted, as upstream lists them."""
    known = ", ".join(_value_text(item) for item in sorted(supported))
    return FieldError(
        "FieldValueNotSupported",
        str(path),
        f"Unsupported value: {_value_text(value)}"
        + (f": supported values: {known}" if known else ""),
    )


def duplicate(path: Path, value: Any) -> FieldError:
    """A value that must be unique stands twice."""
    return FieldError("FieldValueDuplicate", str(path), f"Duplicate value: {_value_text(value)}")


def not_found(path: Path, value: Any) -> FieldError:
    """A value names something that is not there."""
    return FieldError("FieldValueNotFound", str(path), f"Not found: {_value_text(value)}")


def forbidden(path: Path, detail: str) -> FieldError:
    """A field must not be set or changed here."""
    return FieldError("FieldValueForbidden", str(path), _join("Forbidden", detail))


def too_long(path: Path, max_length: int) -> FieldError:
    """A text is longer than allowed."""
    unit = "byte" if max_length == 1 else "bytes"
    return FieldError(
        "FieldValueTooLong", str(path), f"Too long: may not be more than {max_length} {unit}"
    )


def too_many(path: Path, actual: int, max_items: int) -> FieldError:
    """A list has more items than allowed."""
    unit = "item" if max_items == 1 else "items"
    return FieldError(
        "FieldValueTooMany", str(path), f"Too many: {actual}: must have at most {max_items} {unit}"
    )


def _join(head: str, detail: str) -> str:
    return f"{head}: {detail}" if detail else head


def _value_text(value: Any) -> str:
    if isinstance(value, str):
        return orjson.dumps(value).decode()
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    return orjson.dumps(value).decode()
