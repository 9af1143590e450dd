"""What is wrong with a custom object by its schema, in the words of upstream's validator.

Models:
    staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/validation/validation.go
    staging/src/k8s.io/kube-openapi/pkg/validation/errors/schema.go
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import TYPE_CHECKING, Any

from webapp.api.apiextensions.pruning import OF_EVERY_OBJECT
from webapp.apimachinery.field_path import (
    Path,
    duplicate,
    invalid,
    not_supported,
    required,
    too_long,
    too_many,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.field_path import FieldError
    from webapp.apimachinery.meta import JSONObject

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_UUID = re.compile(r"(?i)[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_DURATION = re.compile(r"-?(\d+(\.\d+)?(ns|us|µs|ms|s|m|h|d|w))+")
_HOSTNAME = re.compile(
    r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
)


def validate_custom_object(schema: JSONObject, obj: JSONObject) -> list[FieldError]:
    """All that is wrong with ``obj`` apart from its metadata."""
    errors = [required(Path(name)) for name in schema.get("required") or () if name not in obj]
    for name, part in (schema.get("properties") or {}).items():
        if name in obj and name not in OF_EVERY_OBJECT:
            errors += validate_value(part, obj[name], Path(name))
    return errors


def validate_value(schema: JSONObject, value: Any, path: Path) -> list[FieldError]:
    """All that is wrong with a value at ``path``."""
    if value is None and schema.get("nullable"):
        return []
    if not _has_type(schema, value):
        wanted, given = schema.get("type") or "integer,string", _type_of(value)
        text = f'{path} in body must be of type {wanted}: "{given}"'
        return [invalid(path, given, text)]
    errors = _validate_enum(schema, value, path)
    if isinstance(value, bool):
        return errors + _validate_combined(schema, value, path)
    if isinstance(value, (int, float)):
        errors += _validate_number(schema, value, path)
    elif isinstance(value, str):
        errors += _validate_text(schema, value, path)
    elif isinstance(value, list):
        errors += _validate_list(schema, value, path)
    elif isinstance(value, dict):
        errors += _validate_map(schema, value, path)
    return errors + _validate_combined(schema, value, path)


def _has_type(schema: JSONObject, value: Any) -> bool:
    wanted = schema.get("type")
    if schema.get("x-kubernetes-int-or-string"):
        return _type_of(value) in {"integer", "string"}
    if not wanted:
        return True
    given = _type_of(value)
    return given == wanted or (wanted == "number" and given == "integer")


def _type_of(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return "integer"
    names = {float: "number", str: "string", list: "array", dict: "object"}
    return names[type(value)]


def _validate_enum(schema: JSONObject, value: Any, path: Path) -> list[FieldError]:
    known = schema.get("enum")
    if not known or value in known:
        return []
    return [not_supported(path, value, [item for item in known if item is not None])]


def _validate_number(schema: JSONObject, value: float, path: Path) -> list[FieldError]:
    errors = []
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and (value < least or (value == least and schema.get("exclusiveMinimum"))):
        than = "greater than" if schema.get("exclusiveMinimum") else "greater than or equal to"
        errors.append(invalid(path, value, f"{path} in body should be {than} {_number(least)}"))
    if most is not None and (value > most or (value == most and schema.get("exclusiveMaximum"))):
        than = "less than" if schema.get("exclusiveMaximum") else "less than or equal to"
        errors.append(invalid(path, value, f"{path} in body should be {than} {_number(most)}"))
    factor = schema.get("multipleOf")
    if factor and value % factor:
        text = f"{path} in body should be a multiple of {_number(factor)}"
        errors.append(invalid(path, value, text))
    return errors


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else str(value)


def _validate_text(schema: JSONObject, value: str, path: Path) -> list[FieldError]:
    errors = []
    least, most = schema.get("minLength"), schema.get("maxLength")
    if most is not None and len(value) > most:
        errors.append(too_long(path, most))
    if least is not None and len(value) < least:
        text = f"{path} in body should be at least {least} chars long"
        errors.append(invalid(path, value, text))
    pattern = schema.get("pattern")
    if pattern and not _compiled(pattern).search(value):
        errors.append(invalid(path, value, f"{path} in body should match '{pattern}'"))
    form = schema.get("format")
    check = _FORMATS.get(form or "")
    if check is not None and not check(value):
        errors.append(invalid(path, value, f'{path} in body must be of type {form}: "{value}"'))
    return errors


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _validate_list(schema: JSONObject, value: list[Any], path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    least, most = schema.get("minItems"), schema.get("maxItems")
    if most is not None and len(value) > most:
        errors.append(too_many(path, len(value), most))
    if least is not None and len(value) < least:
        text = f"{path} in body should have at least {least} items"
        errors.append(invalid(path, len(value), text))
    items = schema.get("items") or {}
    for index, item in enumerate(value):
        errors += validate_value(items, item, path.index(index))
    return errors + _validate_keys(schema, value, path)


def _validate_keys(schema: JSONObject, value: list[Any], path: Path) -> list[FieldError]:
    """Items of sets, and keys of lists that are maps, must differ."""
    kind = schema.get("x-kubernetes-list-type")
    if kind not in {"map", "set"}:
        return []
    errors: list[FieldError] = []
    seen: list[Any] = []
    for index, item in enumerate(value):
        key = item
        if kind == "map":
            if not isinstance(item, dict):
                continue
            key = {name: item.get(name) for name in schema.get("x-kubernetes-list-map-keys") or ()}
        if key in seen:
            errors.append(duplicate(path.index(index), key))
        seen.append(key)
    return errors


def _validate_map(schema: JSONObject, value: JSONObject, path: Path) -> list[FieldError]:
    errors = [
        required(path.child(name)) for name in schema.get("required") or () if name not in value
    ]
    least, most = schema.get("minProperties"), schema.get("maxProperties")
    if most is not None and len(value) > most:
        errors.append(too_many(path, len(value), most))
    if least is not None and len(value) < least:
        text = f"{path} in body should have at least {least} properties"
        errors.append(invalid(path, len(value), text))
    properties = schema.get("properties") or {}
    entries = schema.get("additionalProperties")
    for name, item in value.items():
        if name in properties:
            errors += validate_value(properties[name], item, path.child(name))
        elif isinstance(entries, dict):
            errors += validate_value(entries, item, path.child(name))
    return errors


def _validate_combined(schema: JSONObject, value: Any, path: Path) -> list[FieldError]:
    """``allOf``, ``anyOf``, ``oneOf`` and ``not``."""
    errors = [
        error for part in schema.get("allOf") or () for error in validate_value(part, value, path)
    ]

    def fitting(parts: list[JSONObject]) -> int:
        return sum(not validate_value(part, value, path) for part in parts)

    any_of, one_of, excluded = (schema.get(key) for key in ("anyOf", "oneOf", "not"))
    if any_of and not fitting(any_of):
        text = f'"{path}" must validate at least one schema (anyOf)'
        errors.append(invalid(path, value, text))
    if one_of and fitting(one_of) != 1:
        count = fitting(one_of)
        found = f"{count} valid alternatives" if count else "none valid"
        text = f'"{path}" must validate one and only one schema (oneOf). Found {found}'
        errors.append(invalid(path, value, text))
    if excluded and not validate_value(excluded, value, path):
        text = f'"{path}" must not validate the schema (not)'
        errors.append(invalid(path, value, text))
    return errors


def _parses(parse: Callable[[str], Any]) -> Callable[[str], bool]:
    def check(value: str) -> bool:
        try:
            parse(value)
        except ValueError:
            return False
        return True

    return check


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda value: pattern.fullmatch(value) is not None


_FORMATS: dict[str, Callable[[str], bool]] = {
    "cidr": _parses(lambda value: ip_network(value, strict=False)),
    "date": _parses(lambda value: datetime.strptime(value, "%Y-%m-%d")),  # noqa: DTZ007  # a date alone
    "date-time": _parses(datetime.fromisoformat),
    "datetime": _parses(datetime.fromisoformat),
    "duration": _matches(_DURATION),
    "email": _matches(_EMAIL),
    "hostname": _matches(_HOSTNAME),
    "ipv4": _parses(IPv4Address),
    "ipv6": _parses(IPv6Address),
    "uri": _matches(_URI),
    "uuid": _matches(_UUID),
}
"""Formats that are checked, sorted; upstream ignores those it does not know."""
