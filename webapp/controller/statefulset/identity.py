"""Who a StatefulSet's Pods are: name, ordinal, host name, claims. Pure.

A Pod's identity is its ordinal: whatever happens to it, the next Pod of that ordinal has the same
name and the same claims.

Models:
    pkg/controller/statefulset/stateful_set_utils.go
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from webapp.controller.controller_ref_manager import new_controller_ref
from webapp.controller.history import HASH_LABEL
from webapp.controller.pod_control import pod_from_template

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

POD_NAME_LABEL = "statefulset.kubernetes.io/pod-name"
POD_INDEX_LABEL = "apps.kubernetes.io/pod-index"

_MEMBER = re.compile(r"(.*)-([0-9]+)$")


def parent_and_ordinal(pod_name: str) -> tuple[str, int]:
    """The StatefulSet's name and the ordinal that a Pod's name says; ("", -1) when it says none."""
    match = _MEMBER.match(pod_name)
    return (match[1], int(match[2])) if match else ("", -1)


def ordinal_of(pod: JSONObject) -> int:
    """A Pod's ordinal."""
    return parent_and_ordinal(pod["metadata"]["name"])[1]


def is_member(stateful_set: JSONObject, pod: JSONObject) -> bool:
    """Whether the Pod is named like one of the set's."""
    parent, _ = parent_and_ordinal(pod["metadata"]["name"])
    return parent == str(stateful_set["metadata"]["name"])


def start_ordinal(stateful_set: JSONObject) -> int:
    """The first ordinal."""
    return int((stateful_set["spec"].get("ordinals") or {}).get("start", 0))


def ordinals(stateful_set: JSONObject) -> range:
    """The ordinals that should exist."""
    start = start_ordinal(stateful_set)
    return range(start, start + int(stateful_set["spec"].get("replicas", 1)))


def is_bursting(stateful_set: JSONObject) -> bool:
    """Whether Pods come and go all at once instead of one after the other."""
    return bool(stateful_set["spec"].get("podManagementPolicy") == "Parallel")


def claim_name(template: JSONObject, stateful_set: JSONObject, ordinal: int) -> str:
    """Name of the claim made from one template for one ordinal."""
    return f"{template['metadata']['name']}-{stateful_set['metadata']['name']}-{ordinal}"


def claim_names(stateful_set: JSONObject, ordinal: int) -> list[str]:
    """Names of all claims of one ordinal, in order of the templates."""
    templates = stateful_set["spec"].get("volumeClaimTemplates") or ()
    return [claim_name(template, stateful_set, ordinal) for template in templates]


def new_claims(stateful_set: JSONObject, ordinal: int) -> list[JSONObject]:
    """The claims of one ordinal as they are created, with the labels that the set selects by."""
    selected = stateful_set["spec"]["selector"].get("matchLabels") or {}
    claims = []
    for template in stateful_set["spec"].get("volumeClaimTemplates") or ():
        metadata: JSONObject = {
            "name": claim_name(template, stateful_set, ordinal),
            "namespace": stateful_set["metadata"]["namespace"],
            "labels": {**(template["metadata"].get("labels") or {}), **selected},
        }
        if template["metadata"].get("annotations"):
            metadata["annotations"] = template["metadata"]["annotations"]
        owners = retained_owners(stateful_set, None, ordinal)
        if owners:
            metadata["ownerReferences"] = owners
        claims.append(
            {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": metadata,
                "spec": template["spec"],
            }
        )
    return claims


def retained_owners(
    stateful_set: JSONObject, pod: JSONObject | None, ordinal: int
) -> list[JSONObject]:
    """Who a claim of one ordinal should go with, by the retention policy.

    Args:
        stateful_set: With its policy.
        pod: The ordinal's Pod, once there is one.
        ordinal: Which claim.
    """
    policy = stateful_set["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
    condemned = ordinal not in ordinals(stateful_set)
    if policy.get("whenScaled") == "Delete" and condemned:
        return [new_controller_ref({**pod, "apiVersion": "v1", "kind": "Pod"})] if pod else []
    if policy.get("whenDeleted") == "Delete":
        return [new_controller_ref(stateful_set)]
    return []


def needs_current_revision(stateful_set: JSONObject, ordinal: int) -> bool:
    """Whether a new Pod of that ordinal still gets the old version."""
    strategy = stateful_set["spec"].get("updateStrategy") or {}
    if strategy.get("type") != "RollingUpdate":
        return False
    rolling = strategy.get("rollingUpdate")
    if rolling is None:
        kept = int((stateful_set.get("status") or {}).get("currentReplicas", 0))
    else:
        kept = int(rolling.get("partition", 0))
    return ordinal < start_ordinal(stateful_set) + kept


def new_pod(stateful_set: JSONObject, revision: JSONObject, ordinal: int) -> JSONObject:
    """The Pod of one ordinal in one version, to be created."""
    template = {
        key: value for key, value in revision["data"]["spec"]["template"].items() if key != "$patch"
    }
    name = f"{stateful_set['metadata']['name']}-{ordinal}"
    labels = {
        **((template.get("metadata") or {}).get("labels") or {}),
        **identity_labels(name, ordinal),
        HASH_LABEL: revision["metadata"]["name"],
    }
    pod = pod_from_template(stateful_set, template, name=name, labels=labels)
    spec: JSONObject = {**template["spec"], "hostname": name}
    if stateful_set["spec"].get("serviceName"):
        spec["subdomain"] = stateful_set["spec"]["serviceName"]
    volumes = _with_claims(stateful_set, spec.get("volumes") or (), ordinal)
    if volumes:
        spec["volumes"] = volumes
    return {**pod, "spec": spec}


def identity_labels(name: str, ordinal: int) -> dict[str, str]:
    """The labels that say which of the set's Pods one is."""
    return {POD_NAME_LABEL: name, POD_INDEX_LABEL: str(ordinal)}


def has_identity(pod: JSONObject) -> bool:
    """Whether the Pod's labels say who it is."""
    labels = pod["metadata"].get("labels") or {}
    return labels.get(POD_NAME_LABEL) == pod["metadata"]["name"] and POD_INDEX_LABEL in labels


def _with_claims(stateful_set: JSONObject, volumes: Any, ordinal: int) -> list[JSONObject]:
    """The claims' volumes, and those of the template that they do not replace."""
    templates = stateful_set["spec"].get("volumeClaimTemplates") or ()
    claims = [
        {
            "name": template["metadata"]["name"],
            "persistentVolumeClaim": {"claimName": claim_name(template, stateful_set, ordinal)},
        }
        for template in templates
    ]
    names = {volume["name"] for volume in claims}
    return [*claims, *(volume for volume in volumes if volume["name"] not in names)]
