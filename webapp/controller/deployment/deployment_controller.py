"""The Deployment controller: keeps a Deployment's ReplicaSets in the sizes that its strategy asks for.

Deployments, ReplicaSets and Pods enter through informers; ReplicaSets, a revision annotation, status
and ScalingReplicaSet Events leave through the API. What to do is decided in ``rolling``,
``recreate``, ``revision`` and ``status``; this module gathers, asks and writes.

Deviation: the revision annotation is written by a patch of its own and conditions by one status
update at the end of the sync, where upstream writes both with a status update midway.

Models:
    pkg/controller/deployment/deployment_controller.go syncDeployment
    pkg/controller/deployment/sync.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import DEPLOYMENTS, PODS, REPLICA_SETS
from webapp.apimachinery.labels import selector_from_label_selector
from webapp.apimachinery.meta import controller_of, namespaced_name
from webapp.apimachinery.status import AlreadyExists, NotFound, StatusError
from webapp.controller.controller import Controller, is_namespace_terminating
from webapp.controller.controller_ref_manager import ControllerRefManager
from webapp.controller.deployment.recreate import old_pods_running
from webapp.controller.deployment.revision import (
    REVISION_ANNOTATION,
    equal_ignoring_hash,
    find_new_replica_set,
    max_revision,
    new_replica_set_annotations,
    plan_history_cleanup,
    with_replica_annotations,
)
from webapp.controller.deployment.rolling import (
    creation_order,
    desired_replicas,
    find_active_or_latest,
    is_rolling_update,
    is_saturated,
    max_surge,
    plan_new_replica_set,
    plan_old_replica_sets,
    plan_proportional,
)
from webapp.controller.deployment.rollout import (
    Rollout,
    is_scaling,
    new_replica_set,
    with_min_ready,
)
from webapp.controller.deployment.status import (
    PAUSED,
    PROGRESSING,
    TIMED_OUT,
    compute_rollout_status,
    compute_status,
    find_condition,
    has_progress_deadline,
    is_complete,
    new_condition,
    progress_check_delay_ms,
)
from webapp.controller.indexes import (
    BY_CONTROLLER,
    BY_NAMESPACE,
    ORPHANS,
    controller_uid,
    namespace_of,
    orphan_namespace,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.context import ControllerContext


class DeploymentController(Controller):
    """Reconciles Deployments; keys are ``namespace/name``."""

    name = "deployment-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._events = context.events(self.name)
        self._deployments = context.informers.informer(DEPLOYMENTS)
        self._replica_sets = context.informers.informer(REPLICA_SETS)
        self._pods = context.informers.informer(PODS)
        self._deployments.add_index(BY_NAMESPACE, namespace_of)
        self._replica_sets.add_index(BY_CONTROLLER, controller_uid)
        self._replica_sets.add_index(ORPHANS, orphan_namespace)
        self._pods.add_index(BY_CONTROLLER, controller_uid)
        self._deployments.add_handler(
            on_add=self._enqueue_object,
            on_update=lambda _, new: self._enqueue_object(new),
            on_delete=self._enqueue_object,
        )
        self._replica_sets.add_handler(
            on_add=self._on_replica_set,
            on_update=self._on_replica_set_update,
            on_delete=self._on_replica_set,
        )
        self._pods.add_handler(on_delete=self._on_pod_delete, owner_kind="ReplicaSet")

    def sync(self, key: str) -> None:
        """Bring one Deployment a step further."""
        deployment = self._deployments.get(key)
        if deployment is None:
            return
        if selector_from_label_selector(deployment["spec"]["selector"]).selects_everything:
            self._events.event(
                deployment,
                "Warning",
                "SelectingAll",
                "This deployment is selecting all pods. A non-empty selector is required.",
            )
            return
        replica_sets = self._claim_replica_sets(deployment)
        if "deletionTimestamp" in deployment["metadata"]:
            self._sync_status(self._view(deployment, replica_sets))
            return
        rollout = self._view(deployment, replica_sets)
        self._check_paused_conditions(rollout)
        if deployment["spec"].get("paused") or is_scaling(rollout):
            self._sync_scale(rollout)
        elif is_rolling_update(deployment):
            self._roll(rollout)
        else:
            self._recreate(rollout)

    # --- what is there

    def _claim_replica_sets(self, deployment: JSONObject) -> list[JSONObject]:
        manager = ControllerRefManager(
            self.client,
            deployment,
            selector_from_label_selector(deployment["spec"]["selector"]),
            DEPLOYMENTS,
            REPLICA_SETS,
        )
        metadata = deployment["metadata"]
        owned = self._replica_sets.by_index(BY_CONTROLLER, metadata["uid"])
        orphans = self._replica_sets.by_index(ORPHANS, metadata["namespace"])
        return manager.claim([*owned, *orphans])

    def _view(self, deployment: JSONObject, replica_sets: Iterable[JSONObject]) -> Rollout:
        ordered = sorted(replica_sets, key=creation_order)
        new = find_new_replica_set(deployment, ordered)
        old = [rs for rs in ordered if rs is not new]
        return Rollout(deployment, old, new, deployment.get("status") or {})

    def _check_paused_conditions(self, rollout: Rollout) -> None:
        deployment = rollout.deployment
        condition = find_condition(deployment.get("status") or {}, PROGRESSING)
        reason = condition.get("reason") if condition is not None else None
        # Lack of progress that was reported stays reported.
        if not has_progress_deadline(deployment) or reason == TIMED_OUT:
            return
        paused = bool(deployment["spec"].get("paused"))
        if paused and reason != PAUSED:
            words = (PAUSED, "Deployment is paused")
        elif not paused and reason == PAUSED:
            words = ("DeploymentResumed", "Deployment is resumed")
        else:
            return
        rollout.add_condition(new_condition(PROGRESSING, "Unknown", *words, self.sim.now_ms))

    # --- the new ReplicaSet and its revision

    def _sync_revision(self, rollout: Rollout, *, create: bool) -> None:
        revision = max_revision(rollout.old) + 1
        if rollout.new is None:
            if not create:
                return
            self._create_replica_set(rollout, revision)
        else:
            self._update_annotations(rollout, rollout.new, revision)
        if rollout.new is not None:
            self._copy_revision(rollout, rollout.new)

    def _update_annotations(self, rollout: Rollout, new: JSONObject, revision: int) -> None:
        deployment = rollout.deployment
        before = new["metadata"].get("annotations") or {}
        annotations = new_replica_set_annotations(deployment, before, revision)
        min_ready = deployment["spec"].get("minReadySeconds", 0)
        if annotations is not before or new["spec"].get("minReadySeconds", 0) != min_ready:
            new = self.client.update(
                REPLICA_SETS,
                {
                    **new,
                    "metadata": {**new["metadata"], "annotations": annotations},
                    "spec": with_min_ready(new["spec"], min_ready),
                },
            )
            rollout.replace(new)
        known = find_condition(deployment.get("status") or {}, PROGRESSING)
        if has_progress_deadline(deployment) and known is None:
            message = f'Found new replica set "{new["metadata"]["name"]}"'
            rollout.add_condition(
                new_condition(PROGRESSING, "True", "FoundNewReplicaSet", message, self.sim.now_ms)
            )

    def _copy_revision(self, rollout: Rollout, new: JSONObject) -> None:
        revision = new["metadata"]["annotations"][REVISION_ANNOTATION]
        metadata = rollout.deployment["metadata"]
        if (metadata.get("annotations") or {}).get(REVISION_ANNOTATION) == revision:
            return
        patch = {"metadata": {"annotations": {REVISION_ANNOTATION: revision}}}
        patched = self.client.patch(DEPLOYMENTS, metadata["namespace"], metadata["name"], patch)
        rollout.deployment = {**rollout.deployment, "metadata": patched["metadata"]}

    def _create_replica_set(self, rollout: Rollout, revision: int) -> None:
        deployment = rollout.deployment
        wanted = new_replica_set(rollout, revision)
        name = wanted["metadata"]["name"]
        try:
            rollout.new = self.client.create(
                REPLICA_SETS, deployment["metadata"]["namespace"], wanted
            )
        except AlreadyExists:
            self._resolve_collision(rollout, wanted)
            return
        except StatusError as error:
            if is_namespace_terminating(error):
                raise
            message = f'Failed to create new replica set "{name}": {error.message}'
            if has_progress_deadline(deployment):
                rollout.add_condition(
                    new_condition(
                        PROGRESSING, "False", "ReplicaSetCreateError", message, self.sim.now_ms
                    )
                )
                self._write_status(rollout, rollout.deployment["status"])
            self._events.event(deployment, "Warning", "ReplicaSetCreateError", message)
            raise
        size = desired_replicas(wanted)
        if size > 0:
            self._tell_scaled(deployment, name, 0, size)
        else:
            self.acted(deployment, f"Deployment controller created ReplicaSet {name}")
        if has_progress_deadline(deployment):
            message = f'Created new replica set "{name}"'
            rollout.add_condition(
                new_condition(PROGRESSING, "True", "NewReplicaSetCreated", message, self.sim.now_ms)
            )

    def _resolve_collision(self, rollout: Rollout, wanted: JSONObject) -> None:
        """Take a ReplicaSet of that name if it is ours, else count the collision and try again.

        Raises:
            AlreadyExists: It is not ours; the next sync makes another name.
        """
        metadata = wanted["metadata"]
        deployment = rollout.deployment
        found = self.client.get(REPLICA_SETS, metadata["namespace"], metadata["name"])
        owner = controller_of(found)
        if (
            owner is not None
            and owner["uid"] == deployment["metadata"]["uid"]
            and equal_ignoring_hash(found["spec"]["template"], deployment["spec"]["template"])
        ):
            rollout.new = found
            return
        status = deployment.get("status") or {}
        collisions = status.get("collisionCount", 0) + 1
        self._write_status(rollout, {**status, "collisionCount": collisions})
        raise AlreadyExists.of("apps", "replicasets", metadata["name"])

    # --- strategies

    def _roll(self, rollout: Rollout) -> None:
        self._sync_revision(rollout, create=True)
        new = rollout.new
        if new is None:
            return
        scaled = self._scale(
            rollout, new, plan_new_replica_set(rollout.deployment, rollout.all, new)
        )
        if not scaled:
            steps = plan_old_replica_sets(rollout.deployment, rollout.old, new)
            for step in steps:
                self._scale(rollout, rollout.by_uid(step.uid), step.replicas)
            scaled = bool(steps)
        if not scaled and is_complete(rollout.deployment, rollout.deployment.get("status") or {}):
            self._clean_up_history(rollout)
        self._sync_rollout_status(rollout)

    def _recreate(self, rollout: Rollout) -> None:
        self._sync_revision(rollout, create=False)
        active = [rs for rs in rollout.old if desired_replicas(rs) > 0]
        for replica_set in active:
            self._scale(rollout, replica_set, 0)
        if not active and not old_pods_running(
            rollout.new, rollout.old, self._pods_by_uid(rollout)
        ):
            if rollout.new is None:
                self._sync_revision(rollout, create=True)
            if rollout.new is not None:
                self._scale(rollout, rollout.new, desired_replicas(rollout.deployment))
            if is_complete(rollout.deployment, rollout.deployment.get("status") or {}):
                self._clean_up_history(rollout)
        self._sync_rollout_status(rollout)

    def _sync_scale(self, rollout: Rollout) -> None:
        self._sync_revision(rollout, create=False)
        deployment = rollout.deployment
        only = find_active_or_latest(rollout.new, rollout.old)
        if only is not None:
            if desired_replicas(only) != desired_replicas(deployment):
                self._scale(rollout, only, desired_replicas(deployment))
            else:
                self._scale(rollout, only, desired_replicas(only))
        elif is_saturated(deployment, rollout.new):
            for replica_set in [rs for rs in rollout.old if desired_replicas(rs) > 0]:
                self._scale(rollout, replica_set, 0)
        elif is_rolling_update(deployment):
            active = [rs for rs in rollout.all if desired_replicas(rs) > 0]
            for step in plan_proportional(deployment, active):
                self._scale(rollout, rollout.by_uid(step.uid), step.replicas)
        if deployment["spec"].get("paused"):
            self._clean_up_history(rollout)
        self._sync_status(rollout)

    # --- writing

    def _scale(self, rollout: Rollout, replica_set: JSONObject, size: int) -> bool:
        """Write size and replica annotations if either changes; return whether the size did."""
        deployment = rollout.deployment
        desired = desired_replicas(deployment)
        before = replica_set["metadata"].get("annotations") or {}
        annotations = with_replica_annotations(before, desired, desired + max_surge(deployment))
        current = desired_replicas(replica_set)
        if size == current and annotations is before:
            return False
        written = self.client.update(
            REPLICA_SETS,
            {
                **replica_set,
                "metadata": {**replica_set["metadata"], "annotations": annotations},
                "spec": {**replica_set["spec"], "replicas": size},
            },
        )
        rollout.replace(written)
        if size == current:
            return False
        self._tell_scaled(deployment, replica_set["metadata"]["name"], current, size)
        return True

    def _tell_scaled(self, deployment: JSONObject, name: str, before: int, after: int) -> None:
        direction = "up" if after > before else "down"
        message = f"Scaled {direction} replica set {name} from {before} to {after}"
        self._events.event(deployment, "Normal", "ScalingReplicaSet", message)
        self.acted(
            deployment,
            f"Deployment controller scaled {direction} ReplicaSet {name} from {before} to {after}",
        )

    def _clean_up_history(self, rollout: Rollout) -> None:
        for replica_set in plan_history_cleanup(rollout.deployment, rollout.old):
            metadata = replica_set["metadata"]
            try:
                self.client.delete(REPLICA_SETS, metadata["namespace"], metadata["name"])
            except NotFound:
                continue
            self.acted(
                rollout.deployment,
                f"Deployment controller deleted old ReplicaSet {metadata['name']}",
            )

    def _sync_status(self, rollout: Rollout) -> None:
        status = compute_status(rollout.deployment, rollout.all, rollout.new, self.sim.now_ms)
        self._write_status(rollout, status)

    def _sync_rollout_status(self, rollout: Rollout) -> None:
        deployment = rollout.deployment
        now_ms = self.sim.now_ms
        status = compute_rollout_status(deployment, rollout.all, rollout.new, now_ms)
        if not self._write_status(rollout, status):
            delay_ms = progress_check_delay_ms(deployment, status, now_ms)
            if delay_ms is not None:
                self.enqueue_after(namespaced_name(deployment), delay_ms)

    def _write_status(self, rollout: Rollout, status: JSONObject) -> bool:
        if status == rollout.stored_status:
            return False
        self.client.update(DEPLOYMENTS, {**rollout.deployment, "status": status}, "status")
        rollout.stored_status = status
        return True

    # --- handlers

    def _enqueue_object(self, deployment: JSONObject) -> None:
        self.enqueue(namespaced_name(deployment))

    def _on_replica_set(self, replica_set: JSONObject) -> None:
        owner = controller_of(replica_set)
        if owner is not None:
            self._enqueue_owner(replica_set, owner)
            return
        labels = replica_set["metadata"].get("labels")
        namespace = replica_set["metadata"]["namespace"]
        for deployment in self._deployments.by_index(BY_NAMESPACE, namespace):
            selector = selector_from_label_selector(deployment["spec"]["selector"])
            if not selector.selects_everything and selector.matches(labels):
                self._enqueue_object(deployment)

    def _on_replica_set_update(self, old: JSONObject, new: JSONObject) -> None:
        old_owner, owner = controller_of(old), controller_of(new)
        if old_owner is not None and old_owner != owner:
            self._enqueue_owner(old, old_owner)
        if owner is not None:
            self._enqueue_owner(new, owner)
        elif old_owner is not None or old["metadata"].get("labels") != new["metadata"].get(
            "labels"
        ):
            self._on_replica_set(new)

    def _on_pod_delete(self, pod: JSONObject) -> None:
        """A Recreate rollout goes on once the last old Pod is gone."""
        owner = controller_of(pod)
        if owner is None or owner["kind"] != "ReplicaSet":
            return
        replica_set = self._replica_sets.get(f"{pod['metadata']['namespace']}/{owner['name']}")
        if replica_set is None or replica_set["metadata"]["uid"] != owner["uid"]:
            return
        deployment = self._owner_of(replica_set)
        if deployment is not None and not is_rolling_update(deployment):
            self._enqueue_object(deployment)

    def _enqueue_owner(self, replica_set: JSONObject, owner: JSONObject) -> None:
        if owner["kind"] == "Deployment":
            self.enqueue(f"{replica_set['metadata']['namespace']}/{owner['name']}")

    def _owner_of(self, replica_set: JSONObject) -> JSONObject | None:
        owner = controller_of(replica_set)
        if owner is None or owner["kind"] != "Deployment":
            return None
        namespace = replica_set["metadata"]["namespace"]
        return self._deployments.get(f"{namespace}/{owner['name']}")

    def _pods_by_uid(self, rollout: Rollout) -> dict[str, list[JSONObject]]:
        uids = [rs["metadata"]["uid"] for rs in rollout.all]
        return {uid: self._pods.by_index(BY_CONTROLLER, uid) for uid in uids}
