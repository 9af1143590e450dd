"""What a table's column is, and the texts that many cells share.

Models:
    staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/types.go TableColumnDefinition
    pkg/printers/internalversion/printers.go
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from webapp.apimachinery.timestamps import human_duration, parse_time

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from webapp.apimachinery.meta import JSONObject

    Row = Callable[[JSONObject, int], list[Any]]

NONE = "<none>"
UNKNOWN = "<unknown>"
UNSET = "<unset>"


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: Heading as defined; kubectl prints it in capitals.
        type: ``string``, ``integer`` or ``boolean``.
        format: ``name`` for the column that names the object.
        priority: 0 is always shown, 1 with ``-o wide`` only.
        description: What the column tells.
    """

    name: str
    type: str = "string"
    format: str = ""
    priority: int = 0
    description: str = ""

    def definition(self) -> JSONObject:
        """The column on the wire."""
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": self.description,
            "priority": self.priority,
        }


@dataclass(frozen=True, slots=True)
class TablePrinter:
    """A kind's columns, and the function (object, now in ms) → cells, one a column."""

    columns: tuple[Column, ...]
    row: Row


NAME = Column("Name", format="name", description="Name of the object, unique among its kind.")
AGE = Column("Age", description="Time since the object was created.")
CREATED_AT = Column("Created At", description="When the object was created.")


def integer(name: str, description: str = "") -> Column:
    """A column of whole numbers."""
    return Column(name, "integer", description=description)


def wide(name: str, description: str = "") -> Column:
    """A column that ``-o wide`` adds."""
    return Column(name, priority=1, description=description)


def age_text(timestamp: str | None, now_ms: int) -> str:
    """How long ago that was: ``5m``; ``<unknown>`` without a time."""
    return human_duration(now_ms - parse_time(timestamp)) if timestamp else UNKNOWN


def age(obj: JSONObject, now_ms: int) -> str:
    """How old the object is."""
    return age_text(obj["metadata"].get("creationTimestamp"), now_ms)


def name(obj: JSONObject) -> str:
    """The object's name."""
    text: str = obj["metadata"].get("name", "")
    return text


def spec(obj: JSONObject) -> JSONObject:
    """What is desired; empty when missing."""
    return obj.get("spec") or {}


def status(obj: JSONObject) -> JSONObject:
    """What is observed; empty when missing."""
    return obj.get("status") or {}


def bool_text(value: bool | None) -> str:
    """``True``, ``False`` or ``<unset>``."""
    if value is None:
        return UNSET
    return "True" if value else "False"


def joined(texts: Sequence[str], separator: str = ",") -> str:
    """All texts, or ``<none>``."""
    return separator.join(texts) if texts else NONE


def at_most(texts: Sequence[str], limit: int, separator: str = ",") -> str:
    """The first texts, and how many more there are."""
    shown = separator.join(texts[:limit])
    return f"{shown} + {len(texts) - limit} more..." if len(texts) > limit else shown


def labels_text(labels: JSONObject | None) -> str:
    """``app=web,tier=front``, sorted by key, or ``<none>``."""
    return joined([f"{key}={value}" for key, value in sorted((labels or {}).items())])


def selector_text(selector: JSONObject | None) -> str:
    """A label selector as ``app=web,tier in (a,b),!old``; ``<none>`` when it is empty.

    Models:
        staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/helpers.go FormatLabelSelector
    """
    if not selector:
        return NONE
    requirements = [
        (key, f"{key}={value}") for key, value in (selector.get("matchLabels") or {}).items()
    ]
    requirements += [
        (entry.get("key", ""), _requirement_text(entry))
        for entry in selector.get("matchExpressions") or ()
    ]
    return joined([text for _, text in sorted(requirements, key=lambda pair: pair[0])])


def _requirement_text(entry: JSONObject) -> str:
    key, operator = entry.get("key", ""), entry.get("operator")
    if operator == "Exists":
        return str(key)
    if operator == "DoesNotExist":
        return f"!{key}"
    word = "in" if operator == "In" else "notin"
    return f"{key} {word} ({','.join(sorted(entry.get('values') or ()))})"


def container_cells(template: JSONObject | None) -> list[Any]:
    """Names and images of a template's containers."""
    containers = ((template or {}).get("spec") or {}).get("containers") or ()
    return [
        ",".join(container.get("name", "") for container in containers),
        ",".join(container.get("image", "") for container in containers),
    ]


CONTAINER_COLUMNS = (
    wide("Containers", "Names of each container in the template."),
    wide("Images", "Images referenced by each container in the template."),
)
SELECTOR_COLUMN = wide("Selector", "Which objects are selected.")
