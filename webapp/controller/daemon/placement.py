"""Which Nodes should have a DaemonSet's Pod, and which Node a Pod is meant for. Pure.

The default scheduler binds the Pods; each is tied to its Node by a node affinity on the Node's name.

Models:
    pkg/controller/daemon/daemon_controller.go NodeShouldRunDaemonPod, predicates
    pkg/controller/daemon/util/daemonset_util.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from webapp.apimachinery.meta import with_fields
from webapp.controller.history import HASH_LABEL
from webapp.controller.node_fit import (
    NAME_FIELD,
    NO_EXECUTE,
    NO_SCHEDULE,
    matches_node_affinity,
    untolerated_taint,
)

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_ADDED_TOLERATIONS = (
    ("node.kubernetes.io/not-ready", NO_EXECUTE),
    ("node.kubernetes.io/unreachable", NO_EXECUTE),
    ("node.kubernetes.io/disk-pressure", NO_SCHEDULE),
    ("node.kubernetes.io/memory-pressure", NO_SCHEDULE),
    ("node.kubernetes.io/pid-pressure", NO_SCHEDULE),
    ("node.kubernetes.io/unschedulable", NO_SCHEDULE),
)
_HOST_NETWORK_TOLERATION = ("node.kubernetes.io/network-unavailable", NO_SCHEDULE)


class Placement(NamedTuple):
    """One Node's suitability.

    Attributes:
        should_run: A Pod should be started there.
        should_continue: A Pod that is there may stay.
    """

    should_run: bool
    should_continue: bool


def daemon_template(template: JSONObject, hash_value: str) -> JSONObject:
    """The template of all Pods of one version: labelled, and with the tolerations of daemons."""
    template = with_fields(template, ("metadata", "labels", HASH_LABEL), hash_value)
    tolerations = daemon_tolerations(template["spec"])
    return with_fields(template, ("spec", "tolerations"), tolerations)


def daemon_tolerations(spec: JSONObject) -> list[JSONObject]:
    """The template's tolerations with those that keep daemons on ailing Nodes."""
    held: list[JSONObject] = list(spec.get("tolerations") or ())
    wanted = [*_ADDED_TOLERATIONS]
    if spec.get("hostNetwork"):
        wanted.append(_HOST_NETWORK_TOLERATION)
    for key, effect in wanted:
        toleration = {"key": key, "operator": "Exists", "effect": effect}
        if not any(
            item.get("key") == key
            and item.get("effect") == effect
            and item.get("operator") == "Exists"
            for item in held
        ):
            held.append(toleration)
    return held


def template_for_node(template: JSONObject, node: str) -> JSONObject:
    """The template tied to one Node; required terms were judged already and give way."""
    field = {"key": NAME_FIELD, "operator": "In", "values": [node]}
    affinity = template["spec"].get("affinity") or {}
    node_affinity = {
        **(affinity.get("nodeAffinity") or {}),
        _REQUIRED: {"nodeSelectorTerms": [{"matchFields": [field]}]},
    }
    return with_fields(template, ("spec", "affinity"), {**affinity, "nodeAffinity": node_affinity})


def target_node(pod: JSONObject) -> str:
    """The Node that a Pod runs on or is meant for; "" when it names none."""
    if pod["spec"].get("nodeName"):
        return str(pod["spec"]["nodeName"])
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    for term in (affinity.get(_REQUIRED) or {}).get("nodeSelectorTerms") or ():
        for field in term.get("matchFields") or ():
            if field["key"] == NAME_FIELD and field["operator"] == "In" and field.get("values"):
                return str(field["values"][0])
    return ""


def place(template: JSONObject, node: JSONObject) -> Placement:
    """Whether a Node should have a Pod of this template.

    Args:
        template: The DaemonSet's own.
        node: The Node; being cordoned does not matter to daemons.
    """
    spec = template["spec"]
    wanted = spec.get("nodeName")
    if wanted and wanted != node["metadata"]["name"]:
        return Placement(should_run=False, should_continue=False)
    if not matches_node_affinity(spec, node):
        return Placement(should_run=False, should_continue=False)
    tolerations = daemon_tolerations(spec)
    taints = (node.get("spec") or {}).get("taints") or ()
    if untolerated_taint(taints, tolerations, (NO_SCHEDULE, NO_EXECUTE)) is None:
        return Placement(should_run=True, should_continue=True)
    may_stay = untolerated_taint(taints, tolerations, (NO_EXECUTE,)) is None
    return Placement(should_run=False, should_continue=may_stay)
