"""What the API server refuses in PodDisruptionBudgets.

Models:
    pkg/apis/policy/validation/validation.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.core.validation.checks import int_or_percent, not_above_100_percent, one_of
from webapp.api.objectmeta import validate_label_selector
from webapp.apimachinery.field_path import FieldError, Path, invalid

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

_SPEC = Path("spec")


def validate_pod_disruption_budget(budget: JSONObject) -> list[FieldError]:
    """A PodDisruptionBudget names at most one bound."""
    spec = budget.get("spec") or {}
    errors: list[FieldError] = []
    given = [field for field in ("minAvailable", "maxUnavailable") if spec.get(field) is not None]
    if len(given) > 1:
        text = "minAvailable and maxUnavailable cannot be both set"
        errors.append(invalid(_SPEC, spec, text))
    for field in given:
        errors += int_or_percent(spec[field], _SPEC.child(field))
        errors += not_above_100_percent(spec[field], _SPEC.child(field))
    errors += validate_label_selector(spec.get("selector"), _SPEC.child("selector"))
    return errors + one_of(
        spec,
        "unhealthyPodEvictionPolicy",
        ("AlwaysAllow", "IfHealthyBudget"),
        _SPEC,
        optional=True,
    )
