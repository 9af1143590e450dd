"""What a container's requests and limits say, for variables and files of the downward API. Pure.

Models:
    pkg/api/v1/resource/helpers.go ExtractContainerResourceValue
    pkg/kubelet/kubelet_resources.go defaultPodLimitsForDownwardAPI
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from webapp.apimachinery.quantity import parse_quantity

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject


def resource_value(
    pod: JSONObject, container_name: str, ref: JSONObject, allocatable: JSONObject
) -> str:
    """A ``resourceFieldRef``'s value in whole divisors, rounded up.

    Args:
        pod: The Pod.
        container_name: Whose resources, unless ``ref`` names another container.
        ref: ``resource``, ``divisor``, possibly ``containerName``.
        allocatable: What the Node has; the limit of a container without one.
    """
    name = ref.get("containerName") or container_name
    spec = pod["spec"]
    every = (*(spec.get("initContainers") or ()), *spec["containers"])
    container = next((item for item in every if item["name"] == name), None)
    if container is None:
        return ""
    kind, _, resource = ref["resource"].partition(".")
    resources = container.get("resources") or {}
    amount = (resources.get(kind) or {}).get(resource)
    if amount is None:
        amount = allocatable.get(resource, "0") if kind == "limits" else "0"
    divisor = parse_quantity(ref.get("divisor") or "1") or 1
    return str(ceil(parse_quantity(amount) / divisor))
