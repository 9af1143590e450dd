"""What the API server fills in for role bindings.

Models:
    pkg/apis/rbac/v1/defaults.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.defaulting import fill, map_field, map_items

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

GROUP = "rbac.authorization.k8s.io"


def default_binding(binding: JSONObject) -> JSONObject:
    """A RoleBinding or ClusterRoleBinding."""
    return map_items(map_field(binding, "roleRef", _default_role), "subjects", _default_subject)


def _default_role(reference: JSONObject) -> JSONObject:
    return fill(reference, {"apiGroup": GROUP})


def _default_subject(subject: JSONObject) -> JSONObject:
    if subject.get("kind") in {"Group", "User"}:
        return fill(subject, {"apiGroup": GROUP})
    return subject
