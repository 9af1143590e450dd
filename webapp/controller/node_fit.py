"""Whether a Pod may be on a Node: tolerations, node selectors, node affinity. Pure.

For controllers that judge Nodes themselves; the scheduler has its own, made for many Nodes at once.

Models:
    staging/src/k8s.io/api/core/v1/toleration.go ToleratesTaint
    staging/src/k8s.io/component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.labels import (
    DOES_NOT_EXIST,
    EXISTS,
    GREATER_THAN,
    IN,
    LESS_THAN,
    NOT_IN,
    Requirement,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.apimachinery.meta import JSONObject

NO_SCHEDULE = "NoSchedule"
NO_EXECUTE = "NoExecute"
NAME_FIELD = "metadata.name"

_OPERATORS = {
    "DoesNotExist": DOES_NOT_EXIST,
    "Exists": EXISTS,
    "Gt": GREATER_THAN,
    "In": IN,
    "Lt": LESS_THAN,
    "NotIn": NOT_IN,
}


def tolerates(toleration: JSONObject, taint: JSONObject) -> bool:
    """Whether one toleration covers a taint; an empty effect or key covers all."""
    if toleration.get("effect") and toleration["effect"] != taint["effect"]:
        return False
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    if toleration.get("operator") == "Exists":
        return True
    return bool(toleration.get("key")) and (
        (toleration.get("value") or "") == (taint.get("value") or "")
    )


def untolerated_taint(
    taints: Iterable[JSONObject], tolerations: Iterable[JSONObject], effects: tuple[str, ...]
) -> JSONObject | None:
    """The first taint of one of ``effects`` that no toleration covers."""
    held = tuple(tolerations)
    for taint in taints:
        if taint["effect"] in effects and not any(tolerates(item, taint) for item in held):
            return taint
    return None


def matches_node_affinity(spec: JSONObject, node: JSONObject) -> bool:
    """Whether a Node meets a Pod's ``nodeSelector`` and required node affinity."""
    labels = node["metadata"].get("labels") or {}
    for key, value in (spec.get("nodeSelector") or {}).items():
        if labels.get(key) != value:
            return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if required is None:
        return True
    return any(_term_matches(term, node) for term in required.get("nodeSelectorTerms") or ())


def _term_matches(term: JSONObject, node: JSONObject) -> bool:
    expressions, fields = term.get("matchExpressions"), term.get("matchFields")
    if not expressions and not fields:  # a term without conditions matches no Node
        return False
    labels = node["metadata"].get("labels") or {}
    name = {NAME_FIELD: node["metadata"]["name"]}
    return all(_matches(item, labels) for item in expressions or ()) and all(
        _matches(item, name) for item in fields or ()
    )


def _matches(expression: JSONObject, values: JSONObject) -> bool:
    operator = _OPERATORS[expression["operator"]]
    return Requirement(expression["key"], operator, expression.get("values") or ()).matches(values)
