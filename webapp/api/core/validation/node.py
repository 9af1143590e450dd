"""What the API server refuses in Nodes.

Models:
    pkg/apis/core/validation/validation.go ValidateNode, ValidateNodeUpdate
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

from webapp.api import formats
from webapp.api.core.validation.checks import items, label_name, quantity
from webapp.api.core.validation.scheduling import TAINT_EFFECTS
from webapp.api.objectmeta import problems
from webapp.apimachinery.field_path import (
    FieldError,
    Path,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
)

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

_SPEC = Path("spec")
_STATUS = Path("status")


def validate_node(node: JSONObject) -> list[FieldError]:
    """A Node's taints, Pod ranges and amounts."""
    spec = node.get("spec") or {}
    return _validate_taints(spec) + _validate_ranges(spec) + _validate_amounts(node)


def validate_node_change(new: JSONObject, old: JSONObject) -> list[FieldError]:
    """A Node keeps its Pod range and its provider's id once it has them."""
    after, before = new.get("spec") or {}, old.get("spec") or {}
    errors: list[FieldError] = []
    if before.get("podCIDRs") and after.get("podCIDRs") != before["podCIDRs"]:
        text = 'node updates may not change podCIDR except from "" to valid'
        errors.append(forbidden(_SPEC.child("podCIDRs"), text))
    if before.get("providerID") and after.get("providerID") != before["providerID"]:
        text = 'node updates may not change providerID except from "" to valid'
        errors.append(forbidden(_SPEC.child("providerID"), text))
    return errors


def validate_node_status_change(new: JSONObject, old: JSONObject) -> list[FieldError]:
    """A Node's new amounts."""
    del old
    return _validate_amounts(new)


def _validate_taints(spec: JSONObject) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: set[tuple[str, str]] = set()
    for path, taint in items(spec, "taints", _SPEC):
        key, effect, value = (taint.get(field) or "" for field in ("key", "effect", "value"))
        errors += label_name(key, path.child("key"))
        errors += problems(path.child("value"), value, formats.label_value(value))
        if not effect:
            errors.append(required(path.child("effect")))
        elif effect not in TAINT_EFFECTS:
            errors.append(not_supported(path.child("effect"), effect, TAINT_EFFECTS))
        if (key, effect) in seen:
            text = "taints must be unique by key and effect pair"
            error = duplicate(path, taint)
            errors.append(FieldError(error.reason, error.field, f"{error.message}: {text}"))
        seen.add((key, effect))
    return errors


def _validate_ranges(spec: JSONObject) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, text in enumerate(spec.get("podCIDRs") or ()):
        try:
            ip_network(text)
        except ValueError:
            problem = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
            errors.append(invalid(_SPEC.child("podCIDRs").index(index), text, problem))
    return errors


def _validate_amounts(node: JSONObject) -> list[FieldError]:
    status = node.get("status") or {}
    errors: list[FieldError] = []
    for field in ("capacity", "allocatable"):
        for name, amount in (status.get(field) or {}).items():
            errors += quantity(amount, _STATUS.child(field).key(name))
    return errors
