"""One sync's view of a Deployment's rollout, and the ReplicaSet that its template asks for. Pure.

Models:
    pkg/controller/deployment/sync.go getNewReplicaSet, isScalingEvent
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.controller.controller_ref_manager import new_controller_ref
from webapp.controller.deployment.revision import (
    DESIRED_REPLICAS_ANNOTATION,
    new_replica_set_annotations,
    pod_template_hash,
    selector_with_hash,
    template_with_hash,
    with_replica_annotations,
)
from webapp.controller.deployment.rolling import desired_replicas, max_surge, new_replica_set_size
from webapp.controller.deployment.status import with_condition

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject


@dataclass(slots=True)
class Rollout:
    """One sync's view of a Deployment, brought up to date as the sync writes.

    Attributes:
        deployment: The Deployment, with the conditions found so far in its status.
        old: ReplicaSets of other templates, oldest first.
        new: ReplicaSet of the present template, ``None`` while there is none.
        stored_status: Status as the API server has it.
    """

    deployment: JSONObject
    old: list[JSONObject]
    new: JSONObject | None
    stored_status: JSONObject

    @property
    def all(self) -> list[JSONObject]:
        """Every ReplicaSet."""
        return [*self.old, self.new] if self.new is not None else self.old

    def by_uid(self, uid: str) -> JSONObject:
        """The ReplicaSet with that UID."""
        return next(rs for rs in self.all if rs["metadata"]["uid"] == uid)

    def replace(self, replica_set: JSONObject) -> None:
        """Take over a ReplicaSet as it was written."""
        uid = replica_set["metadata"]["uid"]
        if self.new is not None and self.new["metadata"]["uid"] == uid:
            self.new = replica_set
        self.old = [replica_set if rs["metadata"]["uid"] == uid else rs for rs in self.old]

    def add_condition(self, condition: JSONObject) -> None:
        """Have a condition written with the status at the end."""
        status = with_condition(self.deployment.get("status") or {}, condition)
        self.deployment = {**self.deployment, "status": status}


def is_scaling(rollout: Rollout) -> bool:
    """Whether the Deployment's size changed since its ReplicaSets were last sized."""
    desired = str(desired_replicas(rollout.deployment))
    for replica_set in rollout.all:
        annotations = replica_set["metadata"].get("annotations") or {}
        known = annotations.get(DESIRED_REPLICAS_ANNOTATION)
        if desired_replicas(replica_set) > 0 and known is not None and known != desired:
            return True
    return False


def new_replica_set(rollout: Rollout, revision: int) -> JSONObject:
    """The ReplicaSet to be created for the present template."""
    deployment = rollout.deployment
    metadata, spec = deployment["metadata"], deployment["spec"]
    collisions = (deployment.get("status") or {}).get("collisionCount")
    hash_value = pod_template_hash(spec["template"], collisions)
    template = template_with_hash(spec["template"], hash_value)
    desired = desired_replicas(deployment)
    annotations = with_replica_annotations(
        new_replica_set_annotations(deployment, {}, revision),
        desired,
        desired + max_surge(deployment),
    )
    replica_set_spec: JSONObject = {
        "replicas": new_replica_set_size(deployment, rollout.old, 0),
        "selector": selector_with_hash(spec["selector"], hash_value),
        "template": template,
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{metadata['name']}-{hash_value}",
            "namespace": metadata["namespace"],
            "labels": template["metadata"]["labels"],
            "annotations": annotations,
            "ownerReferences": [new_controller_ref(deployment)],
        },
        "spec": with_min_ready(replica_set_spec, spec.get("minReadySeconds", 0)),
    }


def with_min_ready(spec: JSONObject, seconds: int) -> JSONObject:
    """A ReplicaSet's spec with that ``minReadySeconds``."""
    if seconds:
        return {**spec, "minReadySeconds": seconds}
    return {key: value for key, value in spec.items() if key != "minReadySeconds"}
