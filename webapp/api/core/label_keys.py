"""Label keys whose values a new Pod's own labels give become part of its selectors.

``matchLabelKeys`` and ``mismatchLabelKeys`` of affinity terms and of topology spread constraints are
written into the label selector when the Pod is stored, so that whoever reads the selector sees all.

Models:
    pkg/registry/core/pod/strategy.go applyMatchLabelKeysAndMismatchLabelKeys, mutateTopologySpreadConstraints
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from webapp.apimachinery.meta import JSONObject

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_FIELDS = (("matchLabelKeys", "In"), ("mismatchLabelKeys", "NotIn"))


def merge_label_keys(pod: JSONObject) -> JSONObject:
    """The Pod with its label keys in the selectors."""
    spec = pod["spec"]
    affinity, constraints = spec.get("affinity"), spec.get("topologySpreadConstraints")
    if not affinity and not constraints:
        return pod
    labels: Mapping[str, str] = pod["metadata"].get("labels") or {}

    def merged(holder: JSONObject) -> JSONObject:
        return _merged(holder, labels)

    changed = dict(spec)
    if constraints:
        changed["topologySpreadConstraints"] = _each(constraints, merged)
    if affinity:
        changed["affinity"] = _merged_affinity(affinity, merged)
    is_same = all(changed[key] is spec[key] for key in spec)
    return pod if is_same else {**pod, "spec": changed}


def _merged_affinity(
    affinity: JSONObject, merged: Callable[[JSONObject], JSONObject]
) -> JSONObject:
    def weighted(one: JSONObject) -> JSONObject:
        term = one.get("podAffinityTerm") or {}
        new = merged(term)
        return one if new is term else {**one, "podAffinityTerm": new}

    for kind in ("podAffinity", "podAntiAffinity"):
        own = affinity.get(kind) or {}
        changed = dict(own)
        for field, change in ((_REQUIRED, merged), (_PREFERRED, weighted)):
            if own.get(field):
                changed[field] = _each(own[field], change)
        if any(changed[key] is not own[key] for key in own):
            affinity = {**affinity, kind: changed}
    return affinity


def _each(items: list[JSONObject], change: Callable[[JSONObject], JSONObject]) -> list[JSONObject]:
    new = [change(item) for item in items]
    return items if all(one is other for one, other in zip(new, items, strict=True)) else new


def _merged(holder: JSONObject, labels: Mapping[str, str]) -> JSONObject:
    selector = holder.get("labelSelector")
    if selector is None:  # selects nothing, whatever is added
        return holder
    more = [
        {"key": key, "operator": operator, "values": [labels[key]]}
        for field, operator in _FIELDS
        for key in holder.get(field) or ()
        if key in labels
    ]
    if not more:
        return holder
    expressions = [*(selector.get("matchExpressions") or ()), *more]
    return {**holder, "labelSelector": {**selector, "matchExpressions": expressions}}
