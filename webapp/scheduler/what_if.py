"""What would make a Pod fit that fits nowhere: the smallest single changes, to it or to a Node.

Each change is tried by asking the profile's filters about the Pod as it would then be. A change to a
Node (a label, an end of its cordon) is tried from the other side: as a Pod that does not mind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from webapp.scheduler.framework.pod_volumes import claim_names
from webapp.scheduler.framework.resources import CPU, EPHEMERAL_STORAGE, MEMORY
from webapp.scheduler.framework.tolerations import (
    NO_EXECUTE,
    NO_SCHEDULE,
    any_tolerates,
    tolerations_of,
)
from webapp.scheduler.framework.types import PodInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from webapp.apimachinery.meta import JSONObject
    from webapp.scheduler.framework.arrays import IntArray
    from webapp.scheduler.framework.node_table import NodeTable, Taint

LISTED_NODES = 20

_CORDON_KEY = "node.kubernetes.io/unschedulable"
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_MEBIBYTE = 1024 * 1024


class Change(NamedTuple):
    """One change that would do.

    Attributes:
        text: What to change.
        nodes: Nodes on which the Pod would fit then, in scan order.
    """

    text: str
    nodes: tuple[str, ...]

    def to_json(self) -> JSONObject:
        """As a JSON tree."""
        return {
            "change": self.text,
            "nodes": list(self.nodes[:LISTED_NODES]),
            "count": len(self.nodes),
        }


def what_would_fit(
    pod: PodInfo, nodes: NodeTable, fitting: Callable[[PodInfo], IntArray]
) -> list[Change]:
    """Try single changes.

    Args:
        pod: A Pod that fits nowhere.
        nodes: The table.
        fitting: A Pod → rows that all filters let pass.

    Returns:
        Those that help: less of a resource, tolerations, labels, an uncordon, looser rules.
    """
    found = list(_smaller_requests(pod, nodes, fitting))
    for text, changed in (
        *_tolerating(pod, nodes),
        *_without_selector(pod),
        *_without_node_affinity(pod),
        *_without_host_ports(pod),
        *_without_spread(pod),
        *_without_pod_affinity(pod),
        *_without_claims(pod),
    ):
        rows = fitting(changed)
        if len(rows):
            found.append(Change(text, _names(nodes, rows)))
    return found


def _names(nodes: NodeTable, rows: IntArray) -> tuple[str, ...]:
    return tuple(nodes.names[row] for row in rows.tolist())


def _with_spec(pod: PodInfo, **fields: object) -> PodInfo:
    spec = {**pod.pod["spec"], **fields}
    return PodInfo({**pod.pod, "spec": {key: own for key, own in spec.items() if own is not None}})


# --- resources ----------------------------------------------------------------------------------


def _smaller_requests(
    pod: PodInfo, nodes: NodeTable, fitting: Callable[[PodInfo], IntArray]
) -> Iterator[Change]:
    asked = pod.requests
    amounts = [
        (CPU, asked.cpu_millis, nodes.allocatable_cpu, nodes.requested_cpu),
        (MEMORY, asked.memory_bytes, nodes.allocatable_memory, nodes.requested_memory),
        (
            EPHEMERAL_STORAGE,
            asked.ephemeral_bytes,
            nodes.allocatable_ephemeral,
            nodes.requested_ephemeral,
        ),
    ]
    amounts += [(name, amount, *nodes.scalar(name)) for name, amount in asked.scalars]
    for name, amount, allocatable, requested in amounts:
        if not amount:
            continue
        rows = fitting(_asking(pod, name, 0))
        if not len(rows):
            continue
        free = allocatable[rows] - requested[rows]
        most = int(free.max())
        # A Node that is overcommitted takes what asks for nothing, and no more.
        text = _request_text(name, amount, max(most, 0))
        yield Change(text, _names(nodes, rows[free == most]))


def _asking(pod: PodInfo, name: str, amount: int) -> PodInfo:
    asked = pod.requests
    if name == CPU:
        asked = asked._replace(cpu_millis=amount)
    elif name == MEMORY:
        asked = asked._replace(memory_bytes=amount)
    elif name == EPHEMERAL_STORAGE:
        asked = asked._replace(ephemeral_bytes=amount)
    else:
        scalars = [(own, value) for own, value in asked.scalars if own != name]
        if amount:
            scalars.append((name, amount))
        asked = asked._replace(scalars=tuple(sorted(scalars)))
    changed = PodInfo(pod.pod)
    changed.requests = asked
    return changed


def _request_text(name: str, asked: int, most: int) -> str:
    if name == CPU:
        return f"request {asked - most}m less cpu (at most {most}m)"
    if name in (MEMORY, EPHEMERAL_STORAGE):
        whole = most // _MEBIBYTE
        less = -(-(asked - whole * _MEBIBYTE) // _MEBIBYTE)
        return f"request {less}Mi less {name} (at most {whole}Mi)"
    return f"request {asked - most} less {name} (at most {most})"


# --- taints -------------------------------------------------------------------------------------


def _tolerating(pod: PodInfo, nodes: NodeTable) -> Iterator[tuple[str, PodInfo]]:
    tolerations = tolerations_of(pod)
    in_use = sorted(set(nodes.taint_set[: nodes.size].tolist()))
    taints = {
        taint: None
        for number in in_use
        for taint in nodes.taint_sets[number]
        if taint.effect in (NO_SCHEDULE, NO_EXECUTE)
        and taint.key != _CORDON_KEY
        and not any_tolerates(tolerations, taint)
    }
    for taint in taints:
        more = {"key": taint.key, "operator": "Equal", "effect": taint.effect}
        if taint.value:
            more["value"] = taint.value
        text = f"tolerate taint {_taint_text(taint)}"
        yield text, _with_spec(pod, tolerations=[*tolerations, more])
    if nodes.unschedulable[: nodes.size].any():
        more = {"key": _CORDON_KEY, "operator": "Exists", "effect": NO_SCHEDULE}
        yield "uncordon the Node", _with_spec(pod, tolerations=[*tolerations, more])


def _taint_text(taint: Taint) -> str:
    value = f"={taint.value}" if taint.value else ""
    return f"{taint.key}{value}:{taint.effect}"


# --- labels of Nodes ----------------------------------------------------------------------------


def _without_selector(pod: PodInfo) -> Iterator[tuple[str, PodInfo]]:
    selector: dict[str, str] = pod.pod["spec"].get("nodeSelector") or {}
    for key, value in selector.items():
        others = {own: wanted for own, wanted in selector.items() if own != key}
        yield f"label the Node {key}={value}", _with_spec(pod, nodeSelector=others)


def _without_node_affinity(pod: PodInfo) -> Iterator[tuple[str, PodInfo]]:
    affinity = pod.pod["spec"].get("affinity") or {}
    on_nodes = affinity.get("nodeAffinity") or {}
    terms = (on_nodes.get(_REQUIRED) or {}).get("nodeSelectorTerms") or []
    for term in terms:
        expressions = term.get("matchExpressions") or []
        for place, expression in enumerate(expressions):
            others = [*expressions[:place], *expressions[place + 1 :]]
            left = {**term, "matchExpressions": others}
            is_empty = not others and not term.get("matchFields")
            own = {key: value for key, value in on_nodes.items() if key != _REQUIRED}
            if not is_empty:
                own[_REQUIRED] = {"nodeSelectorTerms": [left]}
            changed = _with_spec(pod, affinity={**affinity, "nodeAffinity": own})
            yield _label_text(expression), changed


def _label_text(expression: JSONObject) -> str:
    key, operator = expression["key"], expression["operator"]
    values = expression.get("values") or []
    if operator == "In":
        return f"label the Node {key}={' or '.join(values)}"
    if operator == "Exists":
        return f"label the Node {key}"
    if operator in ("Gt", "Lt"):
        sign = ">" if operator == "Gt" else "<"
        return f"label the Node {key} with a number {sign} {values[0]}"
    if operator == "NotIn":
        return f"change the Node's label {key} to another value than {' and '.join(values)}"
    return f"take the label {key} off the Node"


# --- rules of the Pod ---------------------------------------------------------------------------


def _without_host_ports(pod: PodInfo) -> Iterator[tuple[str, PodInfo]]:
    for port in pod.host_ports:
        changed = PodInfo(pod.pod)
        changed.host_ports = tuple(other for other in pod.host_ports if other != port)
        yield f"give up host port {port.port}/{port.protocol}", changed


def _without_claims(pod: PodInfo) -> Iterator[tuple[str, PodInfo]]:
    volumes = pod.pod["spec"].get("volumes") or []
    for name, _ in pod.claims:
        others = [
            volume
            for volume in volumes
            if (name, False) not in claim_names(_only(pod, volume))
            and (name, True) not in claim_names(_only(pod, volume))
        ]
        text = f"have the PersistentVolumeClaim {name} there, with a volume free for the Node"
        yield text, _with_spec(pod, volumes=others)


def _only(pod: PodInfo, volume: JSONObject) -> JSONObject:
    return {"metadata": pod.pod["metadata"], "spec": {"volumes": [volume]}}


def _without_spread(pod: PodInfo) -> Iterator[tuple[str, PodInfo]]:
    constraints = pod.pod["spec"].get("topologySpreadConstraints") or []
    for place, constraint in enumerate(constraints):
        if constraint["whenUnsatisfiable"] != "DoNotSchedule":
            continue
        soft = {**constraint, "whenUnsatisfiable": "ScheduleAnyway"}
        changed = [*constraints[:place], soft, *constraints[place + 1 :]]
        text = f"let the spread over {constraint['topologyKey']} be ScheduleAnyway"
        yield text, _with_spec(pod, topologySpreadConstraints=changed)


def _without_pod_affinity(pod: PodInfo) -> Iterator[tuple[str, PodInfo]]:
    affinity = pod.pod["spec"].get("affinity") or {}
    for kind in ("podAffinity", "podAntiAffinity"):
        own = affinity.get(kind) or {}
        terms = own.get(_REQUIRED) or []
        for place, term in enumerate(terms):
            left = [*terms[:place], *terms[place + 1 :]]
            changed = {**affinity, kind: {**own, _REQUIRED: left}}
            text = f"prefer, not require, {kind} by {term['topologyKey']}"
            yield text, _with_spec(pod, affinity=changed)
