"""What the API server refuses in the fields that steer scheduling.

Models:
    pkg/apis/core/validation/validation.go validateAffinity, ValidateTolerations, validateTopologySpreadConstraints
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.api import formats
from webapp.api.core.validation.checks import (
    AT_LEAST_ONE,
    items,
    label_name,
    no_duplicates,
    one_of,
)
from webapp.api.objectmeta import problems, validate_label_selector, validate_labels
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

TAINT_EFFECTS = ("NoExecute", "NoSchedule", "PreferNoSchedule")
_IN_VALUES = "must be specified when `operator` is 'In' or 'NotIn'"
_NO_VALUES = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
_ONE_VALUE = "must be specified single value when `operator` is 'Lt' or 'Gt'"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def validate_scheduling(spec: JSONObject, path: Path) -> list[FieldError]:
    """All that says where a Pod may run."""
    errors = validate_labels(spec.get("nodeSelector"), path.child("nodeSelector"))
    errors += _validate_affinity(spec.get("affinity") or {}, path.child("affinity"))
    errors += _validate_gates(spec, path)
    errors += _validate_spread(spec, path)
    for item_path, toleration in items(spec, "tolerations", path):
        errors += _validate_toleration(toleration, item_path)
    return errors


def _validate_affinity(affinity: JSONObject, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    node_affinity = affinity.get("nodeAffinity")
    if node_affinity:
        errors += _validate_node_affinity(node_affinity, path.child("nodeAffinity"))
    for field in ("podAffinity", "podAntiAffinity"):
        if affinity.get(field):
            errors += _validate_pod_affinity(affinity[field], path.child(field))
    return errors


def _validate_node_affinity(affinity: JSONObject, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    selector = affinity.get(_REQUIRED)
    if selector is not None:
        errors += validate_node_selector(selector, path.child(_REQUIRED))
    for item_path, term in items(affinity, _PREFERRED, path):
        errors += _validate_weight(term, item_path)
        preference = term.get("preference") or {}
        errors += _validate_node_selector_term(preference, item_path.child("preference"))
    return errors


def validate_node_selector(selector: JSONObject, path: Path) -> list[FieldError]:
    """Which Nodes are meant."""
    if not selector.get("nodeSelectorTerms"):
        text = "must have at least one node selector term"
        return [required(path.child("nodeSelectorTerms"), text)]
    errors: list[FieldError] = []
    for item_path, term in items(selector, "nodeSelectorTerms", path):
        errors += _validate_node_selector_term(term, item_path)
    return errors


def _validate_node_selector_term(term: JSONObject, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    for item_path, requirement in items(term, "matchExpressions", path):
        errors += _validate_node_requirement(requirement, item_path)
    for item_path, requirement in items(term, "matchFields", path):
        operator = requirement.get("operator", "")
        if operator not in {"In", "NotIn"}:
            errors.append(
                invalid(item_path.child("operator"), operator, "not a valid selector operator")
            )
        elif len(requirement.get("values") or ()) != 1:
            text = (
                "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
            )
            errors.append(required(item_path.child("values"), text))
        if requirement.get("key") != "metadata.name":
            text = "not a valid field selector key"
            errors.append(invalid(item_path.child("key"), requirement.get("key", ""), text))
    return errors


def _validate_node_requirement(requirement: JSONObject, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    operator = requirement.get("operator", "")
    values = requirement.get("values") or ()
    match operator:
        case "In" | "NotIn":
            if not values:
                errors.append(required(path.child("values"), _IN_VALUES))
        case "Exists" | "DoesNotExist":
            if values:
                errors.append(forbidden(path.child("values"), _NO_VALUES))
        case "Gt" | "Lt":
            if len(values) != 1:
                errors.append(required(path.child("values"), _ONE_VALUE))
        case _:
            errors.append(
                invalid(path.child("operator"), operator, "not a valid selector operator")
            )
    errors += label_name(requirement.get("key", ""), path.child("key"))
    for index, value in enumerate(values):
        errors += problems(path.child("values").index(index), value, formats.label_value(value))
    return errors


def _validate_weight(term: JSONObject, path: Path) -> list[FieldError]:
    weight = term.get("weight") or 0
    if 1 <= weight <= 100:
        return []
    return [invalid(path.child("weight"), weight, "must be in the range 1-100")]


def _validate_pod_affinity(affinity: JSONObject, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    for item_path, term in items(affinity, _REQUIRED, path):
        errors += _validate_affinity_term(term, item_path)
    for item_path, weighted in items(affinity, _PREFERRED, path):
        errors += _validate_weight(weighted, item_path)
        term = weighted.get("podAffinityTerm") or {}
        errors += _validate_affinity_term(term, item_path.child("podAffinityTerm"))
    return errors


def _validate_affinity_term(term: JSONObject, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    for field in ("labelSelector", "namespaceSelector"):
        errors += validate_label_selector(term.get(field), path.child(field))
    errors += _validate_label_keys(term, "matchLabelKeys", path)
    errors += _validate_label_keys(term, "mismatchLabelKeys", path)
    for place, key in enumerate(term.get("matchLabelKeys") or ()):
        if key in (term.get("mismatchLabelKeys") or ()):
            text = "exists in both matchLabelKeys and mismatchLabelKeys"
            errors.append(invalid(path.child("matchLabelKeys").index(place), key, text))
    for name in term.get("namespaces") or ():
        errors += problems(path.child("namespace"), name, formats.dns1123_label(name))
    return errors + _validate_topology_key(term, path)


def _validate_label_keys(holder: JSONObject, field: str, path: Path) -> list[FieldError]:
    """Keys whose values come from the Pod's labels; what was merged for them counts once."""
    keys, selector = holder.get(field) or (), holder.get("labelSelector")
    if not keys:
        return []
    if selector is None:
        return [forbidden(path.child(field), "must not be specified when labelSelector is not set")]
    errors: list[FieldError] = []
    for place, key in enumerate(keys):
        key_path = path.child(field).index(place)
        errors += label_name(key, key_path)
        named = [one["key"] for one in selector.get("matchExpressions") or ()].count(key)
        if key in (selector.get("matchLabels") or {}) or named > 1:
            errors.append(invalid(key_path, key, f"exists in both {field} and labelSelector"))
    return errors


def _validate_topology_key(holder: JSONObject, path: Path) -> list[FieldError]:
    key = holder.get("topologyKey") or ""
    if not key:
        return [required(path.child("topologyKey"), "can not be empty")]
    return label_name(key, path.child("topologyKey"))


def _validate_gates(spec: JSONObject, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    names: list[tuple[Path, Any]] = []
    for item_path, gate in items(spec, "schedulingGates", path):
        name = gate.get("name") or ""
        errors += problems(item_path.child("name"), name, formats.qualified_name(name))
        names.append((item_path.child("name"), name))
    return errors + no_duplicates(names)


def _validate_spread(spec: JSONObject, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: set[tuple[str, str]] = set()
    for item_path, constraint in items(spec, "topologySpreadConstraints", path):
        skew = constraint.get("maxSkew") or 0
        if skew <= 0:
            errors.append(invalid(item_path.child("maxSkew"), skew, AT_LEAST_ONE))
        errors += _validate_topology_key(constraint, item_path)
        action = constraint.get("whenUnsatisfiable") or ""
        if action not in {"DoNotSchedule", "ScheduleAnyway"}:
            action_path = item_path.child("whenUnsatisfiable")
            errors.append(not_supported(action_path, action, ("DoNotSchedule", "ScheduleAnyway")))
        errors += _validate_min_domains(constraint, item_path)
        pair = (constraint.get("topologyKey") or "", action)
        if pair in seen:
            pair_path = item_path.child("{topologyKey, whenUnsatisfiable}")
            errors.append(duplicate(pair_path, f"{{{pair[0]}, {pair[1]}}}"))
        seen.add(pair)
        for field in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
            errors += one_of(constraint, field, ("Honor", "Ignore"), item_path, optional=True)
        errors += _validate_label_keys(constraint, "matchLabelKeys", item_path)
        errors += validate_label_selector(
            constraint.get("labelSelector"), item_path.child("labelSelector")
        )
    return errors


def _validate_min_domains(constraint: JSONObject, path: Path) -> list[FieldError]:
    least = constraint.get("minDomains")
    if least is None:
        return []
    if least <= 0:
        return [invalid(path.child("minDomains"), least, AT_LEAST_ONE)]
    action = constraint.get("whenUnsatisfiable")
    if action != "DoNotSchedule":
        text = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"
        return [invalid(path.child("minDomains"), least, text)]
    return []


def _validate_toleration(toleration: JSONObject, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    key, operator = toleration.get("key") or "", toleration.get("operator") or ""
    effect, value = toleration.get("effect") or "", toleration.get("value") or ""
    if key:
        errors += label_name(key, path.child("key"))
    elif operator != "Exists":
        text = (
            "operator must be Exists when `key` is empty, "
            'which means "match all values and all keys"'
        )
        errors.append(invalid(path.child("operator"), operator, text))
    if toleration.get("tolerationSeconds") is not None and effect != "NoExecute":
        text = "effect must be 'NoExecute' when `tolerationSeconds` is set"
        errors.append(invalid(path.child("effect"), effect, text))
    if operator in {"", "Equal"}:
        errors += problems(path.child("operator"), value, formats.label_value(value))
    elif operator != "Exists":
        errors.append(not_supported(path.child("operator"), operator, ("Equal", "Exists")))
    elif value:
        text = "value must be empty when `operator` is 'Exists'"
        errors.append(invalid(path.child("operator"), toleration, text))
    if effect and effect not in TAINT_EFFECTS:
        errors.append(not_supported(path.child("effect"), effect, TAINT_EFFECTS))
    return errors
