"""What the API server refuses in ResourceQuotas and LimitRanges.

Models:
    pkg/apis/core/validation/validation.go ValidateResourceQuota, ValidateLimitRange
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.api import formats
from webapp.api.core.validation.checks import no_duplicates, quantity
from webapp.api.objectmeta import problems, validate_immutable
from webapp.apimachinery.field_path import FieldError, Path, forbidden, invalid, required
from webapp.apimachinery.quantity import canonical_text, parse_quantity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.apimachinery.meta import JSONObject

_SPEC = Path("spec")
_COUNTED = frozenset(
    (
        "configmaps",
        "persistentvolumeclaims",
        "pods",
        "replicationcontrollers",
        "resourcequotas",
        "secrets",
        "services",
        "services.loadbalancers",
        "services.nodeports",
    )
)
_COMPUTE = frozenset(
    {
        f"{side}{name}"
        for side in ("", "requests.", "limits.")
        for name in ("cpu", "memory", "ephemeral-storage")
    }
)
_STANDARD = _COUNTED | _COMPUTE | {"requests.storage"}
_EXISTENCE_SCOPES = (
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "CrossNamespacePodAffinity",
)
_CONFLICTS = (("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating"))
_SCOPED = {
    **dict.fromkeys(_EXISTENCE_SCOPES[:2], _COMPUTE | {"pods"}),
    "BestEffort": frozenset({"pods"}),
    **dict.fromkeys(("NotBestEffort", "PriorityClass"), _COMPUTE | {"pods"}),
    "CrossNamespacePodAffinity": frozenset({"pods"}) | _COMPUTE,
    "VolumeAttributesClass": frozenset({"persistentvolumeclaims", "requests.storage"}),
}
"""Scope → standard resources that can be counted in it."""

_LIMIT_TYPES = frozenset({"Container", "PersistentVolumeClaim", "Pod"})


def validate_resource_quota(resource_quota: JSONObject) -> list[FieldError]:
    """A quota's amounts and scopes."""
    spec = resource_quota.get("spec") or {}
    hard = spec.get("hard") or {}
    errors: list[FieldError] = []
    for name, amount in hard.items():
        path = _SPEC.child("hard").key(name)
        errors += _validate_name(name, path) + _validate_amount(name, amount, path)
    scopes = spec.get("scopes") or []
    path = _SPEC.child("scopes")
    for scope in scopes:
        if scope not in _SCOPED:
            errors.append(invalid(path, scopes, "unsupported scope"))
        errors += _validate_scope(scope, hard, path, scopes)
    if any(set(pair) <= set(scopes) for pair in _CONFLICTS):
        errors.append(invalid(path, scopes, "conflicting scopes"))
    selector = spec.get("scopeSelector") or {}
    path = _SPEC.child("scopeSelector", "matchExpressions")
    for requirement in selector.get("matchExpressions") or ():
        errors += _validate_requirement(requirement, hard, path, selector)
    return errors


def validate_resource_quota_change(new: JSONObject, old: JSONObject) -> list[FieldError]:
    """A quota keeps its scopes."""
    before, after = ((obj.get("spec") or {}).get("scopes") or [] for obj in (old, new))
    return validate_immutable(sorted(after), sorted(before), _SPEC.child("scopes"))


def validate_limit_range(limit_range: JSONObject) -> list[FieldError]:
    """A LimitRange whose bounds and defaults do not contradict each other."""
    limits = (limit_range.get("spec") or {}).get("limits") or []
    path = _SPEC.child("limits")
    errors = no_duplicates(
        (path.index(index).child("type"), limit.get("type")) for index, limit in enumerate(limits)
    )
    for index, limit in enumerate(limits):
        errors += _validate_limit(limit, path.index(index))
    return errors


# --- quotas


def _validate_name(name: str, path: Path) -> list[FieldError]:
    errors = problems(path, name, formats.qualified_name(name))
    if (
        errors
        or "/" in name
        or name in _STANDARD
        or name.startswith(("hugepages-", "requests.hugepages-"))
    ):
        return errors
    return [invalid(path, name, "must be a standard resource for quota")]


def _validate_amount(name: str, amount: Any, path: Path) -> list[FieldError]:
    errors = quantity(amount, path)
    is_count = name in _COUNTED or name.startswith("count/")
    if errors or not is_count or parse_quantity(amount).denominator == 1:
        return errors
    return [invalid(path, canonical_text(amount), "must be an integer")]


def _validate_scope(scope: str, hard: Iterable[str], path: Path, value: object) -> list[FieldError]:
    counted = _SCOPED.get(scope)
    return [
        invalid(path, value, "unsupported scope applied to resource")
        for name in sorted(hard)
        if counted is not None and name in _STANDARD and name not in counted
    ]


def _validate_requirement(
    requirement: JSONObject, hard: Iterable[str], path: Path, selector: JSONObject
) -> list[FieldError]:
    scope, operator = requirement.get("scopeName", ""), requirement.get("operator", "")
    values = requirement.get("values") or []
    errors: list[FieldError] = []
    if scope not in _SCOPED:
        errors.append(invalid(path.child("scopeName"), scope, "unsupported scope"))
    errors += _validate_scope(scope, hard, path, selector)
    if scope in _EXISTENCE_SCOPES and operator != "Exists":
        text = (
            "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, "
            "ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, "
            "ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"
        )
        errors.append(invalid(path.child("operator"), operator, text))
    if operator in {"In", "NotIn"}:
        if not values:
            text = (
                "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
            )
            errors.append(required(path.child("values"), text))
    elif operator in {"Exists", "DoesNotExist"}:
        if values:
            text = (
                "must be no value when `operator` is 'Exists' or 'DoesNotExist' for scope selector"
            )
            errors.append(invalid(path.child("values"), values, text))
    else:
        errors.append(invalid(path.child("operator"), operator, "not a valid selector operator"))
    return errors


# --- limits


def _validate_limit(limit: JSONObject, path: Path) -> list[FieldError]:
    type_ = limit.get("type", "")
    errors = problems(path.child("type"), type_, formats.qualified_name(type_))
    if not errors and "/" not in type_ and type_ not in _LIMIT_TYPES:
        text = "must be a standard limit type or fully qualified"
        errors.append(invalid(path.child("type"), type_, text))
    names: set[str] = set()
    for field in ("max", "min", "default", "defaultRequest", "maxLimitRequestRatio"):
        amounts = limit.get(field) or {}
        if amounts and type_ == "Pod" and field.startswith("default"):
            text = "may not be specified when `type` is 'Pod'"
            errors.append(forbidden(path.child(field), text))
        for name, amount in amounts.items():
            key = path.child(field).key(name)
            errors += problems(key, name, formats.qualified_name(name)) + quantity(amount, key)
            names.add(name)
    if type_ == "PersistentVolumeClaim" and not any(
        "storage" in (limit.get(field) or {}) for field in ("min", "max")
    ):
        text = "either minimum or maximum storage value is required, but neither was provided"
        errors.append(required(path.child("limits"), text))
    if errors:
        return errors
    for name in sorted(names):
        errors += _validate_order(limit, name, path) + _validate_ratio(limit, name, path)
    return errors


def _validate_order(limit: JSONObject, name: str, path: Path) -> list[FieldError]:
    """Smallest, requested by default, limited by default, greatest: in this order."""
    asked = "default request value"
    pairs = (
        ("min", "min value", "max", "max value", "min"),
        ("min", "min value", "defaultRequest", asked, "defaultRequest"),
        ("defaultRequest", asked, "max", "max value", "defaultRequest"),
        ("defaultRequest", asked, "default", "default limit value", "defaultRequest"),
        ("min", "min value", "default", "default value", "default"),
        ("default", "default value", "max", "max value", "default"),
    )
    errors: list[FieldError] = []
    for low, low_words, high, high_words, blamed in pairs:
        less = (limit.get(low) or {}).get(name)
        more = (limit.get(high) or {}).get(name)
        if less is None or more is None or parse_quantity(less) <= parse_quantity(more):
            continue
        less, more = canonical_text(less), canonical_text(more)
        text = f"{low_words} {less} is greater than {high_words} {more}"
        value = {low: less, high: more}.get(blamed, less)
        errors.append(invalid(path.child(blamed).key(name), value, text))
    return errors


def _validate_ratio(limit: JSONObject, name: str, path: Path) -> list[FieldError]:
    ratio = (limit.get("maxLimitRequestRatio") or {}).get(name)
    if ratio is None:
        return []
    key, text = path.child("maxLimitRequestRatio").key(name), canonical_text(ratio)
    errors: list[FieldError] = []
    if parse_quantity(ratio) < 1:
        errors.append(invalid(key, text, f"ratio {text} is less than 1"))
    least, most = ((limit.get(field) or {}).get(name) for field in ("min", "max"))
    if least is None or most is None or not parse_quantity(least):
        return errors
    widest = parse_quantity(most) / parse_quantity(least)
    if parse_quantity(ratio) > widest:
        words = f"ratio {text} is greater than max/min = {float(widest):f}"
        errors.append(invalid(key, text, words))
    return errors
