"""What the API server refuses in roles and bindings.

Models:
    pkg/apis/rbac/validation/validation.go
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from webapp.api import formats
from webapp.api.core.validation.checks import items, need
from webapp.api.objectmeta import problems
from webapp.api.rbac.defaults import GROUP
from webapp.apimachinery.field_path import FieldError, Path, invalid, not_supported, required

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

_ROLE_REF = Path("roleRef")
_SUBJECT_KINDS = ("Group", "ServiceAccount", "User")


def _validate_role(role: JSONObject, *, cluster_wide: bool) -> list[FieldError]:
    errors: list[FieldError] = []
    for path, rule in items(role, "rules", Path()):
        errors += _validate_rule(rule, path, cluster_wide)
    return errors


def _validate_rule(rule: JSONObject, path: Path, cluster_wide: bool) -> list[FieldError]:
    errors: list[FieldError] = []
    if not rule.get("verbs"):
        errors.append(required(path.child("verbs"), "verbs must contain at least one value"))
    urls = rule.get("nonResourceURLs")
    if urls:
        if not cluster_wide:
            text = "namespaced rules cannot apply to non-resource URLs"
            errors.append(invalid(path.child("nonResourceURLs"), urls, text))
        if rule.get("apiGroups") or rule.get("resources") or rule.get("resourceNames"):
            text = "rules cannot apply to both regular resources and non-resource URLs"
            errors.append(invalid(path.child("nonResourceURLs"), urls, text))
        return errors
    if not rule.get("apiGroups"):
        text = "resource rules must supply at least one api group"
        errors.append(required(path.child("apiGroups"), text))
    if not rule.get("resources"):
        text = "resource rules must supply at least one resource"
        errors.append(required(path.child("resources"), text))
    return errors


def _validate_binding(binding: JSONObject, *, cluster_wide: bool) -> list[FieldError]:
    reference = binding.get("roleRef") or {}
    errors: list[FieldError] = []
    if reference.get("apiGroup") != GROUP:
        group = reference.get("apiGroup") or ""
        errors.append(not_supported(_ROLE_REF.child("apiGroup"), group, (GROUP,)))
    kinds = ("ClusterRole",) if cluster_wide else ("ClusterRole", "Role")
    if reference.get("kind") not in kinds:
        kind = reference.get("kind") or ""
        errors.append(not_supported(_ROLE_REF.child("kind"), kind, kinds))
    name = reference.get("name") or ""
    errors += need(reference, ("name",), _ROLE_REF) or problems(
        _ROLE_REF.child("name"), name, formats.path_segment(name)
    )
    for path, subject in items(binding, "subjects", Path()):
        errors += _validate_subject(subject, path)
    return errors


def _validate_subject(subject: JSONObject, path: Path) -> list[FieldError]:
    errors = need(subject, ("name",), path)
    kind, group = subject.get("kind") or "", subject.get("apiGroup") or ""
    if kind not in _SUBJECT_KINDS:
        return [*errors, not_supported(path.child("kind"), kind, _SUBJECT_KINDS)]
    wanted = "" if kind == "ServiceAccount" else GROUP
    if group != wanted:
        errors.append(not_supported(path.child("apiGroup"), group, (wanted,)))
    if kind == "ServiceAccount" and not subject.get("namespace"):
        errors.append(required(path.child("namespace")))
    return errors


def validate_binding_change(new: JSONObject, old: JSONObject) -> list[FieldError]:
    """What a binding grants never changes; only to whom."""
    if new.get("roleRef") == old.get("roleRef"):
        return []
    return [invalid(_ROLE_REF, new.get("roleRef"), "cannot change roleRef")]


validate_cluster_role = partial(_validate_role, cluster_wide=True)
validate_cluster_role_binding = partial(_validate_binding, cluster_wide=True)
validate_role = partial(_validate_role, cluster_wide=False)
validate_role_binding = partial(_validate_binding, cluster_wide=False)
