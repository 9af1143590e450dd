"""What the API server refuses in kinds of the small groups.

Models:
    pkg/apis/scheduling/validation/validation.go
    pkg/apis/storage/validation/validation.go
    pkg/apis/core/validation/validation.go ValidatePersistentVolumeClaim
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.core.validation.checks import need, one_of
from webapp.api.objectmeta import IMMUTABLE, validate_immutable
from webapp.apimachinery.field_path import FieldError, Path, forbidden, invalid, required

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

HIGHEST_USER_PRIORITY = 1_000_000_000
_ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_SPEC = Path("spec")
_SYSTEM_CLASSES = frozenset({"system-cluster-critical", "system-node-critical"})


def validate_priority_class(priority_class: JSONObject) -> list[FieldError]:
    """A PriorityClass that users may make."""
    name = priority_class["metadata"].get("name") or ""
    errors: list[FieldError] = []
    if name.startswith("system-") and name not in _SYSTEM_CLASSES:
        text = (
            "priority class names with 'system-' prefix are reserved for system use only. "
            "error: this name is not a known system priority class"
        )
        errors.append(forbidden(Path("metadata").child("name"), text))
    elif name not in _SYSTEM_CLASSES and (priority_class.get("value") or 0) > HIGHEST_USER_PRIORITY:
        text = f"maximum allowed value of a user defined priority is {HIGHEST_USER_PRIORITY}"
        errors.append(forbidden(Path("value"), text))
    return errors + one_of(
        priority_class, "preemptionPolicy", ("Never", "PreemptLowerPriority"), Path()
    )


def validate_priority_class_change(new: JSONObject, old: JSONObject) -> list[FieldError]:
    """A PriorityClass keeps its number."""
    errors: list[FieldError] = []
    if new.get("value") != old.get("value"):
        text = "may not be changed in an update."
        errors.append(forbidden(Path("value"), text))
    return errors + validate_immutable(
        new.get("preemptionPolicy"), old.get("preemptionPolicy"), Path("preemptionPolicy")
    )


def validate_storage_class(storage_class: JSONObject) -> list[FieldError]:
    """A StorageClass."""
    errors = need(storage_class, ("provisioner",), Path())
    errors += one_of(
        storage_class, "volumeBindingMode", ("Immediate", "WaitForFirstConsumer"), Path()
    )
    return errors + one_of(
        storage_class, "reclaimPolicy", ("Delete", "Recycle", "Retain"), Path(), optional=True
    )


def validate_storage_class_change(new: JSONObject, old: JSONObject) -> list[FieldError]:
    """Most of a StorageClass never changes."""
    errors: list[FieldError] = []
    for field in ("parameters", "provisioner"):
        if (new.get(field) or {}) != (old.get(field) or {}):
            text = f"updates to {field} are forbidden."
            errors.append(forbidden(Path(field), text))
    for field in ("reclaimPolicy", "volumeBindingMode"):
        errors += validate_immutable(new.get(field), old.get(field), Path(field))
    return errors


def validate_persistent_volume_claim(claim: JSONObject) -> list[FieldError]:
    """What a claim asks for."""
    spec = claim.get("spec") or {}
    errors: list[FieldError] = []
    modes = spec.get("accessModes") or ()
    if not modes:
        text = "at least 1 access mode is required"
        errors.append(required(_SPEC.child("accessModes"), text))
    for mode in modes:
        errors += one_of({"accessModes": mode}, "accessModes", _ACCESS_MODES, _SPEC)
    requests = (spec.get("resources") or {}).get("requests") or {}
    if "storage" not in requests:
        errors.append(required(_SPEC.child("resources").key("storage")))
    return errors


def validate_runtime_class_change(new: JSONObject, old: JSONObject) -> list[FieldError]:
    """A RuntimeClass keeps its handler."""
    if new.get("handler") == old.get("handler"):
        return []
    return [invalid(Path("handler"), new.get("handler"), IMMUTABLE)]
