"""Tables of custom objects: the columns that their definitions name.

Models:
    staging/src/k8s.io/apiextensions-apiserver/pkg/registry/customresource/tableconvertor/tableconvertor.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from webapp.apimachinery.json_path import JSONPath
from webapp.apimachinery.timestamps import human_duration, parse_time
from webapp.apiserver.printers.columns import AGE, NAME, Column, TablePrinter, age, name

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.scheme import CustomKind

_INVALID = "<invalid>"
_UNKNOWN = "<unknown>"


def custom_printer(custom: CustomKind) -> TablePrinter:
    """The printer of a custom kind; without columns of its own it shows names and ages."""
    if not custom.columns:
        return TablePrinter((NAME, AGE), lambda obj, now_ms: [name(obj), age(obj, now_ms)])
    columns = tuple(
        Column(
            column["name"],
            column["type"],
            column.get("format", ""),
            column.get("priority", 0),
            column.get("description", ""),
        )
        for column in custom.columns
    )
    paths = [(JSONPath(column["jsonPath"]), column["type"]) for column in custom.columns]

    def row(obj: JSONObject, now_ms: int) -> list[Any]:
        return [name(obj), *(_cell(path.find(obj), kind, now_ms) for path, kind in paths)]

    return TablePrinter((NAME, *columns), row)


def _cell(found: list[Any], kind: str, now_ms: int) -> Any:
    """The first value as its column's type shows it; ``None`` when there is none or it is of another type."""
    if not found or found[0] is None:
        return None
    value = found[0]
    if kind == "string":
        return _text(value)
    if kind == "date":
        return _elapsed(value, now_ms)
    if kind == "boolean":
        return value if isinstance(value, bool) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if kind == "integer" else float(value)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return orjson.dumps(value).decode()


def _elapsed(value: Any, now_ms: int) -> str:
    if not isinstance(value, str) or not value:
        return _UNKNOWN
    try:
        return human_duration(now_ms - parse_time(value))
    except ValueError:
        return _INVALID
