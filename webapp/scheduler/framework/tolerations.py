"""Whether a Pod puts up with a taint.

Models:
    staging/src/k8s.io/component-helpers/scheduling/corev1/helpers.go TolerationsTolerateTaint
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from webapp.apimachinery.meta import JSONObject
    from webapp.scheduler.framework.arrays import BoolArray
    from webapp.scheduler.framework.node_table import NodeTable, Taint
    from webapp.scheduler.framework.types import PodInfo

NO_SCHEDULE = "NoSchedule"
NO_EXECUTE = "NoExecute"
PREFER_NO_SCHEDULE = "PreferNoSchedule"


def tolerations_of(pod: PodInfo) -> Sequence[JSONObject]:
    """The Pod's tolerations."""
    return pod.pod["spec"].get("tolerations") or ()


def tolerations_signature(pod: PodInfo) -> bytes:
    """What plugins that look at tolerations sign."""
    tolerations = pod.pod["spec"].get("tolerations")
    return orjson.dumps(tolerations) if tolerations else b""


def tolerates(toleration: JSONObject, taint: Taint) -> bool:
    """Whether one toleration covers a taint; an empty effect or key covers all."""
    effect = toleration.get("effect")
    if effect and effect != taint.effect:
        return False
    key = toleration.get("key")
    if key and key != taint.key:
        return False
    operator = toleration.get("operator") or "Equal"
    if operator == "Exists":
        return True
    return operator == "Equal" and bool(key) and (toleration.get("value") or "") == taint.value


def forbidden_rows(pod: PodInfo, nodes: NodeTable) -> BoolArray:
    """Row → whether a NoSchedule or NoExecute taint there is not tolerated."""
    tolerations = tolerations_of(pod)
    forbidden = [
        any(
            taint.effect in (NO_SCHEDULE, NO_EXECUTE) and not any_tolerates(tolerations, taint)
            for taint in taints
        )
        for taints in nodes.taint_sets
    ]
    rows: BoolArray = np.array(forbidden, np.bool_)[nodes.taint_set[: nodes.size]]
    return rows


def any_tolerates(tolerations: Iterable[JSONObject], taint: Taint) -> bool:
    """Whether one of the tolerations covers a taint."""
    return any(tolerates(toleration, taint) for toleration in tolerations)
