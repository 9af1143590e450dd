"""Does an object have the fields and types that its kind declares?

The API server asks this of every decoded body, before defaulting and admission. A quick pass, compiled from
the definitions into closures, says yes or no; only after a no does a second, slow one name everything that is
wrong, in the words of upstream's decoder, and make the tree that the decoder would have made (without unknown
fields and nulls). Kinds without a definition may contain anything.

Models:
    staging/src/k8s.io/apimachinery/pkg/runtime/serializer/json/json.go Decode
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from webapp.api.schema.definitions import definition, definition_name, reference_of
from webapp.apimachinery.quantity import QuantityError, parse_quantity
from webapp.apimachinery.timestamps import parse_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from webapp.apimachinery.meta import JSONObject

    Check = Callable[[Any], bool]


class StructureReport(NamedTuple):
    """What the decoder would say of an object.

    Attributes:
        type_error: The first value of a wrong type in the decoder's words, which makes the request a
            BadRequest whatever ``fieldValidation`` says; "" when there is none.
        unknown_fields: ``unknown field "spec.replcas"`` for each, in the object's order.
        object: The object without unknown fields and without nulls; the very object that came in when it
            had neither. Meaningless when there is a type error.
    """

    type_error: str
    unknown_fields: tuple[str, ...]
    object: JSONObject


def validate_structure(
    group: str, version: str, kind: str, obj: JSONObject, known: JSONObject | None = None
) -> StructureReport:
    """Check ``obj`` against the definition of its kind.

    Args:
        group: API group, "" for core.
        version: API version.
        kind: Kind.
        obj: The object as decoded.
        known: An object that passed before (the stored one); top-level fields that are the very same trees
            are not walked again.
    """
    name = definition_name(group, version, kind)
    if name is None or _passes(name, obj, known):
        return StructureReport("", (), obj)
    findings = _Findings()
    pruned = _walk({"$ref": name}, obj, _Place("", "", ""), findings)
    return StructureReport(findings.type_error, tuple(findings.unknown_fields), pruned)


# --- the quick pass -------------------------------------------------------------------------------

# Trees of these definitions are shared between many objects (a template's Pods), so their last good
# instances are remembered by identity; the reference kept here keeps an id from being used again.
_REMEMBERED = frozenset(
    (
        "io.k8s.api.core.v1.PodSpec",
        "io.k8s.api.core.v1.PodTemplateSpec",
        "io.k8s.api.core.v1.Container",
        "io.k8s.api.core.v1.NodeStatus",
    )
)
_REMEMBERED_AT_MOST = 4096


def _passes(name: str, obj: Any, known: JSONObject | None) -> bool:
    if type(obj) is not dict:
        return False
    if known is None:
        return _check_of(name)(obj)
    checks = _property_checks(name)
    for field, value in obj.items():
        if value is known.get(field):
            continue
        check = checks.get(field)
        if check is None or not check(value):
            return False
    return True


@cache
def _property_checks(name: str) -> dict[str, Check]:
    schema = definition(name) or {}
    return {field: _compiled(item) for field, item in schema.get("properties", {}).items()}


@cache
def _check_of(name: str) -> Check:
    """The check of a definition; made on first use, since definitions refer to themselves."""
    schema = definition(name) or {}
    if name.endswith(_INT_OR_STRING):
        return _is_int_or_string
    if name.endswith(_QUANTITY):
        return _is_quantity
    if name.endswith(_TIMES):
        return _is_time
    if "properties" not in schema:
        return _compiled(schema)
    check = _object_check(name)
    return _remembering(check) if name in _REMEMBERED else check


def _compiled(schema: JSONObject) -> Check:
    name = reference_of(schema)
    if name is not None:
        return _lazily(name)
    kind = schema.get("type")
    if kind == "array":
        return _array_check(_compiled(schema.get("items", {})))
    if kind == "object":
        additional = schema.get("additionalProperties")
        return _map_check(_compiled(additional)) if isinstance(additional, dict) else _is_object
    if kind == "string" and schema.get("format") == "byte":
        return _is_base64
    if kind == "integer":
        return _is_int32 if schema.get("format") == "int32" else _is_int64
    if "oneOf" in schema:
        return _any_check([_compiled(item) for item in schema["oneOf"]])
    return _SCALAR_CHECKS.get(kind or "", _is_anything)


def _lazily(name: str) -> Check:
    found: list[Check] = []

    def check(value: Any) -> bool:
        if not found:
            found.append(_check_of(name))
        return found[0](value)

    return check


def _object_check(name: str) -> Check:
    checks = _property_checks(name)

    def check(value: Any) -> bool:
        if type(value) is not dict:
            return False
        for field, item in value.items():
            field_check = checks.get(field)
            if field_check is None or not field_check(item):
                return False
        return True

    return check


def _remembering(check: Check) -> Check:
    passed: dict[int, Any] = {}

    def remembered(value: Any) -> bool:
        if passed.get(id(value)) is value and value is not None:
            return True
        if not check(value):
            return False
        if len(passed) >= _REMEMBERED_AT_MOST:
            passed.clear()
        passed[id(value)] = value
        return True

    return remembered


def _array_check(item_check: Check) -> Check:
    def check(value: Any) -> bool:
        return type(value) is list and all(map(item_check, value))

    return check


def _map_check(entry_check: Check) -> Check:
    def check(value: Any) -> bool:
        return type(value) is dict and all(map(entry_check, value.values()))

    return check


def _any_check(checks: list[Check]) -> Check:
    def check(value: Any) -> bool:
        return any(option(value) for option in checks)

    return check


def _is_object(value: Any) -> bool:
    return type(value) is dict


def _is_string(value: Any) -> bool:
    return type(value) is str


def _is_bool(value: Any) -> bool:
    return type(value) is bool


def _is_int32(value: Any) -> bool:
    return type(value) is int and -(2**31) <= value < 2**31


def _is_int64(value: Any) -> bool:
    return type(value) is int and -(2**63) <= value < 2**63


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _is_anything(value: Any) -> bool:
    del value
    return True


def _is_int_or_string(value: Any) -> bool:
    return type(value) is str or _is_int32(value)


def _is_quantity(value: Any) -> bool:
    return not _quantity_problem(value)


def _is_time(value: Any) -> bool:
    return type(value) is str and not _time_problem(value)


def _is_base64(value: Any) -> bool:
    return type(value) is str and _base64_fault(value) is None


_SCALAR_CHECKS: dict[str, Check] = {
    "string": _is_string,
    "boolean": _is_bool,
    "number": _is_number,
}

# --- custom decoders ------------------------------------------------------------------------------

_INT_OR_STRING = ".IntOrString"
_QUANTITY = ".resource.Quantity"
_TIMES = (".meta.v1.Time", ".meta.v1.MicroTime")
_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})\Z")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\Z")


def _quantity_problem(value: Any) -> str:
    text = value.strip() if isinstance(value, str) else value
    try:
        parse_quantity(text if isinstance(text, (str, float)) or type(text) is int else "?")
    except QuantityError as error:
        return str(error)
    return ""


def _time_problem(text: str) -> str:
    shown = f'parsing time "{text}" as "2006-01-02T15:04:05Z07:00": cannot parse "{text}" as "2006"'
    if not _RFC3339.match(text):
        return shown
    try:
        parse_time(text)
    except ValueError:
        return f'parsing time "{text}": day out of range'
    return ""


@lru_cache(maxsize=1024)
def _base64_fault(text: str) -> int | None:
    """Where Go's decoder stumbles, or ``None``; line breaks are ignored there."""
    if _BASE64.match(text):
        return None
    quantum = start = 0
    for index, character in enumerate(text):
        if character in "\r\n":
            continue
        if character == "=" and quantum >= 2:
            return _padding_fault(text, index, 4 - quantum)
        if not (character.isascii() and (character.isalnum() or character in "+/")):
            return index
        if quantum == 0:
            start = index
        quantum = (quantum + 1) % 4
    return start if quantum else None


def _padding_fault(text: str, first: int, wanted: int) -> int | None:
    """The fault from the first ``=`` on: too little padding, or something behind it."""
    for index in range(first, len(text)):
        if text[index] in "\r\n":
            continue
        if wanted == 0 or text[index] != "=":
            return index
        wanted -= 1
    return len(text) if wanted else None


# --- the slow pass --------------------------------------------------------------------------------


class _Place(NamedTuple):
    """Where the slow pass stands.

    Attributes:
        path: As unknown fields are reported, with indexes and map keys: ``spec.containers[0].env``.
        go_path: As type errors are reported, names of fields only: ``spec.containers.env``.
        struct: Go name of the innermost struct, ``Container``.
    """

    path: str
    go_path: str
    struct: str

    def field(self, name: str, struct: str) -> _Place:
        return _Place(_joined(self.path, name), _joined(self.go_path, name), struct)


class _Findings:
    """What the slow pass has found so far; the decoder reports the first type error only."""

    def __init__(self) -> None:
        self.type_error = ""
        self.unknown_fields: list[str] = []

    def wrong_type(self, value: Any, place: _Place, go_type: str) -> None:
        got = _go_kind(value)
        if (
            isinstance(value, (int, float))
            and not isinstance(value, bool)
            and go_type.startswith("int")
        ):
            got = f"number {value}"
        where = f"Go struct field {place.struct}.{place.go_path}" if place.go_path else "Go value"
        self.problem(f"json: cannot unmarshal {got} into {where} of type {go_type}")

    def problem(self, text: str) -> None:
        self.type_error = self.type_error or text


def _walk(schema: JSONObject, value: Any, place: _Place, findings: _Findings) -> Any:
    """Check one place and give back its pruned value."""
    name = reference_of(schema) or ""
    resolved = (definition(name) or {}) if name else schema
    if name.endswith((_INT_OR_STRING, _QUANTITY, *_TIMES)):
        _check_custom(name, value, findings)
        return value
    if "properties" in resolved:
        if not isinstance(value, dict):
            findings.wrong_type(value, place, _go_type(schema, place))
            return value
        return _walk_struct(name, resolved["properties"], value, place, findings)
    kind = resolved.get("type")
    if kind == "array" and isinstance(value, list):
        return _same(value, list(_walk_items(resolved.get("items", {}), value, place, findings)))
    additional = resolved.get("additionalProperties")
    if kind == "object" and isinstance(additional, dict) and isinstance(value, dict):
        return _same(value, dict(_walk_entries(additional, value, place, findings)))
    if not _compiled(resolved)(value):
        _check_scalar(schema, resolved, value, place, findings)
    return value


def _walk_struct(
    name: str, properties: JSONObject, value: JSONObject, place: _Place, findings: _Findings
) -> JSONObject:
    struct = name.rpartition(".")[2]
    result = {}
    for field, item in value.items():
        if field not in properties:
            findings.unknown_fields.append(f'unknown field "{_joined(place.path, field)}"')
        elif item is not None:
            result[field] = _walk(properties[field], item, place.field(field, struct), findings)
    pruned: JSONObject = _same(value, result)
    return pruned


def _walk_items(
    schema: JSONObject, items: list[Any], place: _Place, findings: _Findings
) -> Iterator[Any]:
    for index, item in enumerate(items):
        here = place._replace(path=f"{place.path}[{index}]")
        yield item if item is None else _walk(schema, item, here, findings)


def _walk_entries(
    schema: JSONObject, entries: JSONObject, place: _Place, findings: _Findings
) -> Iterator[tuple[str, Any]]:
    for key, item in entries.items():
        here = place._replace(path=_joined(place.path, key))
        if item is not None:
            yield key, _walk(schema, item, here, findings)
        elif schema.get("type") == "string":
            # A null entry leaves the zero value behind, unlike a null field.
            yield key, ""


def _check_custom(name: str, value: Any, findings: _Findings) -> None:
    if name.endswith(_QUANTITY):
        problem = _quantity_problem(value)
    elif name.endswith(_INT_OR_STRING):
        problem = "" if _is_int_or_string(value) else _plain_mismatch(value, "int32")
    else:
        problem = (
            _time_problem(value) if isinstance(value, str) else _plain_mismatch(value, "string")
        )
    if problem:
        findings.problem(problem)


def _plain_mismatch(value: Any, go_type: str) -> str:
    got = f"number {value}" if go_type == "int32" and _is_number(value) else _go_kind(value)
    return f"json: cannot unmarshal {got} into Go value of type {go_type}"


def _check_scalar(
    schema: JSONObject, resolved: JSONObject, value: Any, place: _Place, findings: _Findings
) -> None:
    if resolved.get("format") == "byte" and isinstance(value, str):
        findings.problem(f"illegal base64 data at input byte {_base64_fault(value)}")
    else:
        findings.wrong_type(value, place, _go_type(schema, place))


def _same(old: Any, new: Any) -> Any:
    if len(old) != len(new):
        return new
    if isinstance(old, dict):
        return old if all(new[key] is value for key, value in old.items()) else new
    return old if all(a is b for a, b in zip(old, new, strict=True)) else new


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _go_kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    if isinstance(value, dict):
        return "object"
    return "array" if isinstance(value, list) else "number"


# Named types that the definitions show as plain strings and maps.
_NAMED_TYPES = {
    "accessModes": "[]v1.PersistentVolumeAccessMode",
    "allocatable": "v1.ResourceList",
    "capacity": "v1.ResourceList",
    "concurrencyPolicy": "v1.ConcurrencyPolicy",
    "dnsPolicy": "v1.DNSPolicy",
    "effect": "v1.TaintEffect",
    "externalTrafficPolicy": "v1.ServiceExternalTrafficPolicy",
    "hard": "v1.ResourceList",
    "imagePullPolicy": "v1.PullPolicy",
    "limits": "v1.ResourceList",
    "protocol": "v1.Protocol",
    "requests": "v1.ResourceList",
    "restartPolicy": "v1.RestartPolicy",
    "scheme": "v1.URIScheme",
    "sessionAffinity": "v1.ServiceAffinity",
    "terminationMessagePolicy": "v1.TerminationMessagePolicy",
    "whenUnsatisfiable": "v1.UnsatisfiableConstraintAction",
}
_GO_SCALARS = {"string": "string", "boolean": "bool", "number": "float64"}


def _go_type(schema: JSONObject, place: _Place) -> str:
    name = reference_of(schema)
    if name is not None:
        *_, version, short = name.split(".")
        return f"{version}.{short}"
    kind = schema.get("type", "")
    if kind == "array":
        return _NAMED_TYPES.get(_last(place), f"[]{_go_type(schema.get('items', {}), _NOWHERE)}")
    if kind == "object":
        entry = schema.get("additionalProperties")
        plain = (
            f"map[string]{_go_type(entry, _NOWHERE)}"
            if isinstance(entry, dict)
            else "map[string]interface {}"
        )
        return _NAMED_TYPES.get(_last(place), plain)
    if kind == "integer":
        return str(schema.get("format", "int64"))
    if schema.get("format") == "byte":
        return "[]uint8"
    return _NAMED_TYPES.get(_last(place), _GO_SCALARS.get(kind, "interface {}"))


_NOWHERE = _Place("", "", "")


def _last(place: _Place) -> str:
    # Inside a map or list the field's own name no longer says the value's type.
    name = place.go_path.rpartition(".")[2]
    return name if place.path.endswith(name) else ""
