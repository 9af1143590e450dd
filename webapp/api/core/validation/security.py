"""What the API server refuses in security contexts.

Models:
    pkg/apis/core/validation/validation.go ValidateSecurityContext, validatePodSpecSecurityContext
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.core.validation.checks import MAX_INT32, one_of
from webapp.api.formats import between
from webapp.apimachinery.field_path import FieldError, Path, invalid

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

_IDS = ("runAsGroup", "runAsUser")


def validate_container_security(context: JSONObject | None, path: Path) -> list[FieldError]:
    """A container's security context."""
    if not context:
        return []
    errors = _validate_ids(context, _IDS, path)
    if context.get("allowPrivilegeEscalation") is False:
        if context.get("privileged"):
            text = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
            errors.append(invalid(path, context, text))
        added = (context.get("capabilities") or {}).get("add") or ()
        if "CAP_SYS_ADMIN" in added:
            text = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"
            errors.append(invalid(path, context, text))
    errors += one_of(context, "procMount", ("Default", "Unmasked"), path, optional=True)
    return errors


def validate_pod_security(spec: JSONObject, path: Path) -> list[FieldError]:
    """A Pod's security context, and what the Pod shares with its host."""
    errors: list[FieldError] = []
    if spec.get("shareProcessNamespace") and spec.get("hostPID"):
        text = "ShareProcessNamespace and HostPID cannot both be enabled"
        errors.append(invalid(path.child("shareProcessNamespace"), True, text))
    context = spec.get("securityContext") or {}
    context_path = path.child("securityContext")
    errors += _validate_ids(context, (*_IDS, "fsGroup"), context_path)
    for index, group in enumerate(context.get("supplementalGroups") or ()):
        errors += _validate_id(group, context_path.child("supplementalGroups").index(index))
    errors += one_of(
        context, "fsGroupChangePolicy", ("Always", "OnRootMismatch"), context_path, optional=True
    )
    return errors


def _validate_ids(context: JSONObject, fields: tuple[str, ...], path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    for field in fields:
        if context.get(field) is not None:
            errors += _validate_id(context[field], path.child(field))
    return errors


def _validate_id(value: int, path: Path) -> list[FieldError]:
    return [] if 0 <= value <= MAX_INT32 else [invalid(path, value, between(0, MAX_INT32))]
