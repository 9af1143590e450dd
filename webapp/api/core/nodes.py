"""Reading Nodes: what they offer, whether they are ready, how kubectl names their state.

Models:
    pkg/api/v1/node/util.go
    pkg/printers/internalversion/printers.go printNode
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

_ROLE_PREFIX = "node-role.kubernetes.io/"
_ROLE_LABEL = "kubernetes.io/role"


def allocatable(node: JSONObject) -> dict[str, str]:
    """What Pods may use: resource name → quantity; the capacity when nothing is set apart."""
    status = node.get("status") or {}
    found: dict[str, str] = status.get("allocatable") or status.get("capacity") or {}
    return found


def get_node_condition(node: JSONObject, type_: str) -> JSONObject | None:
    """The condition of that type, or ``None``."""
    for condition in (node.get("status") or {}).get("conditions") or ():
        if condition.get("type") == type_:
            found: JSONObject = condition
            return found
    return None


def is_node_ready(node: JSONObject) -> bool:
    """Whether the kubelet said lately that it is ready."""
    condition = get_node_condition(node, "Ready")
    return condition is not None and condition.get("status") == "True"


def address(node: JSONObject, type_: str) -> str:
    """The first address of that type, or ""."""
    for entry in (node.get("status") or {}).get("addresses") or ():
        if entry.get("type") == type_:
            found: str = entry.get("address", "")
            return found
    return ""


def internal_ip(node: JSONObject) -> str:
    """The address that Pods and other Nodes use, or ""."""
    return address(node, "InternalIP")


def kubectl_node_status(node: JSONObject) -> str:
    """The STATUS column: ``Ready``, ``NotReady``, ``Unknown``, with ``,SchedulingDisabled``."""
    condition = get_node_condition(node, "Ready")
    if condition is None:
        words = ["Unknown"]
    else:
        words = ["Ready" if condition.get("status") == "True" else "NotReady"]
    if (node.get("spec") or {}).get("unschedulable"):
        words.append("SchedulingDisabled")
    return ",".join(words)


def node_roles(node: JSONObject) -> list[str]:
    """Roles named by labels, sorted."""
    roles: set[str] = set()
    for key, value in (node["metadata"].get("labels") or {}).items():
        if key.startswith(_ROLE_PREFIX):
            role = key.removeprefix(_ROLE_PREFIX)
            if role:
                roles.add(role)
        elif key == _ROLE_LABEL and value:
            roles.add(value)
    return sorted(roles)
