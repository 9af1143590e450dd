"""What a PersistentVolumeClaim may change once it is there.

Models:
    pkg/apis/core/validation/validation.go ValidatePersistentVolumeClaimUpdate
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.field_path import FieldError, Path, forbidden
from webapp.apimachinery.meta import with_fields
from webapp.apimachinery.quantity import parse_quantity

if TYPE_CHECKING:
    from fractions import Fraction

    from webapp.apimachinery.meta import JSONObject

_STORAGE = ("resources", "requests", "storage")


def validate_claim_change(new: JSONObject, old: JSONObject) -> list[FieldError]:
    """A bound claim may grow; the volume and the class are set once."""
    after, before = new.get("spec") or {}, old.get("spec") or {}
    bound = (old.get("status") or {}).get("phase") == "Bound"
    allowed = before
    if not before.get("volumeName") and after.get("volumeName"):
        allowed = {**allowed, "volumeName": after["volumeName"]}
    if before.get("storageClassName") is None and after.get("storageClassName") is not None:
        allowed = {**allowed, "storageClassName": after["storageClassName"]}
    if bound:
        allowed = _with_free_fields(allowed, after)
    if after != allowed:
        changed = sorted(
            field for field in {*after, *allowed} if after.get(field) != allowed.get(field)
        )
        text = (
            "spec is immutable after creation except resources.requests and "
            f"volumeAttributesClassName for bound claims\n{', '.join(changed)} differ"
        )
        return [forbidden(Path("spec"), text)]
    held = ((old.get("status") or {}).get("capacity") or {}).get("storage")
    if held and _storage(after) < _storage(before) and _storage(after) <= parse_quantity(held):
        path = Path("spec").child(*_STORAGE)
        return [forbidden(path, "field can not be less than status.capacity")]
    return []


def _with_free_fields(allowed: JSONObject, after: JSONObject) -> JSONObject:
    """``allowed`` with what bound claims may change."""
    asked = ((after.get("resources") or {}).get("requests") or {}).get("storage")
    if asked is not None:
        allowed = with_fields(allowed, _STORAGE, asked)
    if after.get("volumeAttributesClassName") is not None:
        name = after["volumeAttributesClassName"]
        allowed = {**allowed, "volumeAttributesClassName": name}
    return allowed


def _storage(spec: JSONObject) -> Fraction:
    requests = (spec.get("resources") or {}).get("requests") or {}
    return parse_quantity(requests.get("storage", "0"))
