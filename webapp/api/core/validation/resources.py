"""What the API server refuses in requests and limits.

Models:
    pkg/apis/core/validation/validation.go ValidateContainerResourceRequirements
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api import formats
from webapp.api.core.validation.checks import quantity
from webapp.api.objectmeta import problems
from webapp.apimachinery.field_path import FieldError, Path, invalid, required
from webapp.apimachinery.quantity import canonical_text, parse_quantity

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

_STANDARD = frozenset({"cpu", "ephemeral-storage", "memory"})
_HUGE_PAGES = "hugepages-"


def validate_resources(resources: JSONObject | None, path: Path) -> list[FieldError]:
    """Requests and limits of one container."""
    if not resources:
        return []
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    errors: list[FieldError] = []
    for field, amounts in (("limits", limits), ("requests", requests)):
        for name, amount in amounts.items():
            key_path = path.child(field).key(name)
            errors += _validate_name(name, key_path) + _validate_amount(name, amount, key_path)
    if errors:
        return errors
    for name, amount in requests.items():
        errors += _validate_against_limit(name, amount, limits, path)
    return errors


def _validate_name(name: str, path: Path) -> list[FieldError]:
    errors = problems(path, name, formats.qualified_name(name))
    if errors or "/" in name or name in _STANDARD or name.startswith(_HUGE_PAGES):
        return errors
    return [invalid(path, name, "must be a standard resource for containers")]


def _validate_amount(name: str, amount: object, path: Path) -> list[FieldError]:
    errors = quantity(amount, path)
    if errors or "/" not in name or parse_quantity(str(amount)).denominator == 1:
        return errors
    return [invalid(path, canonical_text(str(amount)), "must be an integer")]


def _may_overcommit(name: str) -> bool:
    return "/" not in name and not name.startswith(_HUGE_PAGES)


def _validate_against_limit(
    name: str, amount: str, limits: JSONObject, path: Path
) -> list[FieldError]:
    limit = limits.get(name)
    if limit is None:
        if _may_overcommit(name):
            return []
        text = "Limit must be set for non overcommitable resources"
        return [required(path.child("limits"), text)]
    wanted, most = parse_quantity(amount), parse_quantity(limit)
    requests_path = path.child("requests")
    if not _may_overcommit(name) and wanted != most:
        text = f"must be equal to {name} limit of {canonical_text(limit)}"
        return [invalid(requests_path, canonical_text(amount), text)]
    if wanted > most:
        text = f"must be less than or equal to {name} limit of {canonical_text(limit)}"
        return [invalid(requests_path, canonical_text(amount), text)]
    return []
