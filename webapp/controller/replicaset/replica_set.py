"""The ReplicaSet controller: keeps as many Pods of a template as its ReplicaSet asks for.

ReplicaSets and Pods enter through informers; Pods, status and SuccessfulCreate/SuccessfulDelete
Events leave through the API. All Pods of one ReplicaSet are created from one and the same body, so
that their specs share one tree.

Deviation: changes of its Pods' status are gathered before a large ReplicaSet's own status is
written, 10 ms for each 1,000 Pods.

Models:
    pkg/controller/replicaset/replica_set.go syncReplicaSet, manageReplicas, slowStartBatch
    pkg/controller/controller_utils.go RealPodControl
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from webapp.api.resources import PODS, REPLICA_SETS
from webapp.apimachinery.labels import selector_from_label_selector
from webapp.apimachinery.meta import controller_of, namespaced_name
from webapp.apimachinery.status import Conflict, NotFound, StatusError
from webapp.controller.bursts import Bursts, pods_text
from webapp.controller.controller import Controller, is_namespace_terminating
from webapp.controller.controller_ref_manager import ControllerRefManager, new_controller_ref
from webapp.controller.expectations import ControllerExpectations
from webapp.controller.indexes import (
    BY_CONTROLLER,
    BY_NAMESPACE,
    ORPHANS,
    controller_uid,
    namespace_of,
    orphan_namespace,
)
from webapp.controller.pods import is_pod_active
from webapp.controller.replicaset.pod_ranking import plan_deletions
from webapp.controller.replicaset.pod_tally import PodTally
from webapp.controller.replicaset.status import compute_status, count_available

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.labels import Selector
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.schema import GroupVersionResource
    from webapp.controller.bursts import Burst
    from webapp.controller.context import ControllerContext

BURST_REPLICAS = 500
"""Pods created or deleted by one sync at most; a burst of them is spread over some steps of time."""


class ReplicaSetController(Controller):
    """Reconciles ReplicaSets; keys are ``namespace/name``.

    Attributes:
        kind: What its objects are called.
        resource: Where they are kept.
    """

    name = "replicaset-controller"
    kind: ClassVar[str] = "ReplicaSet"
    resource: ClassVar[GroupVersionResource] = REPLICA_SETS
    max_retries = 1 << 30

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._events = context.events(self.name)
        self._expectations = ControllerExpectations(context.sim)
        self._bursts = Bursts(context.sim, context.recorder)
        self._tallies: dict[str, PodTally] = {}
        self._bodies: dict[str, tuple[JSONObject, JSONObject]] = {}
        self._replica_sets = context.informers.informer(self.resource)
        self._pods = context.informers.informer(PODS)
        self._replica_sets.add_index(BY_NAMESPACE, namespace_of)
        self._replica_sets.add_index(BY_CONTROLLER, controller_uid)
        self._pods.add_index(ORPHANS, orphan_namespace)
        self._replica_sets.add_handler(
            on_add=lambda obj: self.enqueue(namespaced_name(obj)),
            on_update=self._on_replica_set_update,
            on_delete=self._on_replica_set_delete,
        )
        self._pods.add_handler(
            on_add=self._on_pod_add,
            on_update=self._on_pod_update,
            on_delete=self._on_pod_delete,
            owner_kind=self.kind,
        )

    def selector_of(self, replica_set: JSONObject) -> Selector:
        """Which Pods are its own."""
        return selector_from_label_selector(replica_set["spec"]["selector"])

    def sync(self, key: str) -> None:
        """Bring the number of Pods to the desired one and report it."""
        replica_set = self._replica_sets.get(key)
        if replica_set is None:
            self._expectations.forget(key)
            return
        may_manage = self._expectations.satisfied(key)
        tally = self._tally(replica_set["metadata"]["uid"])
        self._check_labels(replica_set, tally)
        if may_manage and self._adopt(key, replica_set):
            may_manage = False
        error: StatusError | None = None
        failure: tuple[str, str] | None = None
        if may_manage and "deletionTimestamp" not in replica_set["metadata"]:
            difference = tally.active - replica_set["spec"].get("replicas", 1)
            try:
                self._manage_replicas(key, replica_set, tally, difference)
            except StatusError as refusal:
                error = refusal
                failure = ("FailedCreate" if difference < 0 else "FailedDelete", refusal.message)
        self._update_status(key, replica_set, tally, failure)
        if error is not None:
            raise error

    def _check_labels(self, replica_set: JSONObject, tally: PodTally) -> None:
        """Look at Pods that are new or relabelled; release those no longer selected."""
        if not tally.unchecked:
            return
        manager = self._ref_manager(replica_set)
        template_labels = (replica_set["spec"]["template"].get("metadata") or {}).get("labels")
        wanted = (template_labels or {}).items()
        for pod_key, pod in list(tally.unchecked.items()):
            if manager.claim_one(pod):
                labels = pod["metadata"].get("labels") or {}
                tally.check(pod_key, labelled=wanted <= labels.items())
            else:
                tally.remove(pod_key)

    def _adopt(self, key: str, replica_set: JSONObject) -> int:
        """Adopt matching Pods that nobody controls; they count once they are seen as our own."""
        orphans = self._pods.by_index(ORPHANS, replica_set["metadata"]["namespace"])
        if not orphans:
            return 0
        manager = self._ref_manager(replica_set)
        adopted = len(manager.claim(pod for pod in orphans if is_pod_active(pod)))
        if adopted:
            self._expectations.expect_creations(key, adopted)
            noun = "Pod" if adopted == 1 else "Pods"
            self.acted(replica_set, f"{self.kind} controller adopted {adopted} {noun}")
        return adopted

    def _ref_manager(self, replica_set: JSONObject) -> ControllerRefManager:
        selector = self.selector_of(replica_set)
        return ControllerRefManager(self.client, replica_set, selector, self.resource, PODS)

    # --- creating and deleting

    def _manage_replicas(
        self, key: str, replica_set: JSONObject, tally: PodTally, difference: int
    ) -> None:
        if difference < 0:
            self._create_pods(key, replica_set, min(-difference, BURST_REPLICAS))
        elif difference > 0:
            self._delete_pods(key, replica_set, tally, min(difference, BURST_REPLICAS))

    def _create_pods(self, key: str, replica_set: JSONObject, count: int) -> None:
        """Create Pods in growing batches, so that a template that is refused costs few requests.

        Raises:
            StatusError: Why a Pod of some batch could not be created; later batches are not tried.
        """
        self._expectations.expect_creations(key, count)
        body = self._pod_body(replica_set)
        burst = self._bursts.run(
            count,
            lambda _: self._create_pod(replica_set, body),
            goes_on=partial(self._is_unchanged, key, replica_set),
            on_end=partial(self._on_burst_end, key, replica_set, self._end_creations),
        )
        if burst.ended:
            refusal = self._end_creations(key, replica_set, burst)
            if refusal is not None:
                raise refusal

    def _end_creations(self, key: str, replica_set: JSONObject, burst: Burst) -> StatusError | None:
        """Tell what was created; return why that was not all, if it is worth trying again."""
        self._expectations.creation_observed(key, burst.count - burst.done)
        if burst.done:
            self.acted(replica_set, f"{self.kind} controller created {pods_text(burst.done)}")
        refusal = burst.refusal
        if refusal is not None and is_namespace_terminating(refusal):
            return None
        return refusal

    def _is_unchanged(self, key: str, replica_set: JSONObject) -> bool:
        """Whether what was decided about the ReplicaSet still holds."""
        current = self._replica_sets.get(key)
        return current is not None and all(
            current["metadata"].get(field) == replica_set["metadata"].get(field)
            for field in ("deletionTimestamp", "generation", "uid")
        )

    def _on_burst_end(
        self,
        key: str,
        replica_set: JSONObject,
        end: Callable[[str, JSONObject, Burst], StatusError | None],
        burst: Burst,
    ) -> None:
        """A burst that took longer than a sync is over: report as the sync would have."""
        current = self._replica_sets.get(key)
        if current is None or current["metadata"]["uid"] != replica_set["metadata"]["uid"]:
            return
        refusal = end(key, replica_set, burst)
        if refusal is None:
            self.enqueue(key)
            return
        reason = "FailedCreate" if end == self._end_creations else "FailedDelete"
        tally = self._tally(replica_set["metadata"]["uid"])
        with suppress(Conflict, NotFound):  # the next sync writes it anyway
            self._update_status(key, current, tally, (reason, refusal.message))
        self.retry(key)

    def _create_pod(self, replica_set: JSONObject, body: JSONObject) -> None:
        try:
            pod = self.client.create(PODS, replica_set["metadata"]["namespace"], body)
        except StatusError as error:
            if not is_namespace_terminating(error):
                message = f"Error creating: {error.message}"
                self._events.event(replica_set, "Warning", "FailedCreate", message)
            raise
        message = f"Created pod: {pod['metadata']['name']}"
        self._events.event(replica_set, "Normal", "SuccessfulCreate", message)

    def _pod_body(self, replica_set: JSONObject) -> JSONObject:
        """What every Pod of the ReplicaSet is created from; one object for all of them."""
        uid, template = replica_set["metadata"]["uid"], replica_set["spec"]["template"]
        known = self._bodies.get(uid)
        if known is not None and known[0] is template:
            return known[1]
        template_metadata = template.get("metadata") or {}
        metadata: JSONObject = {
            "generateName": f"{replica_set['metadata']['name'][:57]}-",
            "namespace": replica_set["metadata"]["namespace"],
            "ownerReferences": [new_controller_ref(replica_set)],
        }
        for field in ("labels", "annotations", "finalizers"):
            if template_metadata.get(field):
                metadata[field] = template_metadata[field]
        body: JSONObject = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": metadata,
            "spec": template["spec"],
        }
        self._bodies[uid] = (template, body)
        return body

    def _delete_pods(self, key: str, replica_set: JSONObject, tally: PodTally, count: int) -> None:
        related = self._related_pods(replica_set, tally)
        pods = plan_deletions(tally.active_pods(), related, count, self.sim.now_ms)
        self._expectations.expect_deletions(key, map(namespaced_name, pods))
        end = partial(self._end_deletions, pods)
        burst = self._bursts.run(
            len(pods),
            lambda index: self._delete_pod(key, replica_set, pods[index]),
            goes_on=partial(self._is_unchanged, key, replica_set),
            on_end=partial(self._on_burst_end, key, replica_set, end),
            slow_start=False,
        )
        if burst.ended:
            refusal = end(key, replica_set, burst)
            if refusal is not None:
                raise refusal

    def _end_deletions(
        self, pods: list[JSONObject], key: str, replica_set: JSONObject, burst: Burst
    ) -> StatusError | None:
        """Tell what was deleted; return why that was not all."""
        for pod in pods[burst.tried :]:
            self._expectations.deletion_observed(key, namespaced_name(pod))
        if burst.done:
            self.acted(replica_set, f"{self.kind} controller deleted {pods_text(burst.done)}")
        return burst.refusal

    def _delete_pod(self, key: str, replica_set: JSONObject, pod: JSONObject) -> None:
        metadata = pod["metadata"]
        try:
            self.client.delete(PODS, metadata["namespace"], metadata["name"])
        except StatusError as error:
            self._expectations.deletion_observed(key, namespaced_name(pod))
            if isinstance(error, NotFound):
                return
            message = f"Error deleting: {error.message}"
            self._events.event(replica_set, "Warning", "FailedDelete", message)
            raise
        message = f"Deleted pod: {metadata['name']}"
        self._events.event(replica_set, "Normal", "SuccessfulDelete", message)

    def _related_pods(self, replica_set: JSONObject, tally: PodTally) -> list[JSONObject]:
        """Pods of all ReplicaSets of the same owner: siblings to spread away from."""
        owner = controller_of(replica_set)
        if owner is None:
            return list(tally.pods.values())
        return [
            pod
            for sibling in self._replica_sets.by_index(BY_CONTROLLER, owner["uid"])
            for pod in self._tally(sibling["metadata"]["uid"]).pods.values()
        ]

    # --- status

    def _update_status(
        self,
        key: str,
        replica_set: JSONObject,
        tally: PodTally,
        failure: tuple[str, str] | None,
    ) -> None:
        min_ready_seconds = replica_set["spec"].get("minReadySeconds", 0)
        available, wait_ms = tally.ready, None
        if min_ready_seconds:
            available, wait_ms = count_available(
                tally.ready_pods(), min_ready_seconds, self.sim.now_ms
            )
        if wait_ms is not None:
            self.enqueue_after(key, wait_ms, background=False)
        status = compute_status(replica_set, tally, available, failure, self.sim.now_ms)
        if status != replica_set.get("status"):
            self.client.update(self.resource, {**replica_set, "status": status}, "status")

    # --- handlers

    def _tally(self, uid: str) -> PodTally:
        tally = self._tallies.get(uid)
        if tally is None:
            tally = self._tallies[uid] = PodTally()
        return tally

    def _on_replica_set_update(self, old: JSONObject, new: JSONObject) -> None:
        key = namespaced_name(new)
        if old["metadata"]["uid"] != new["metadata"]["uid"]:
            self._on_replica_set_delete(old)
        elif old["spec"]["template"] is not new["spec"]["template"] and (
            old["spec"]["template"].get("metadata") != new["spec"]["template"].get("metadata")
        ):
            self._tally(new["metadata"]["uid"]).recheck()
        if old["metadata"].get("generation") == new["metadata"].get("generation"):
            self._enqueue_gathered(key, self._tally(new["metadata"]["uid"]))
        else:
            self.enqueue(key)

    def _on_replica_set_delete(self, replica_set: JSONObject) -> None:
        uid = replica_set["metadata"]["uid"]
        self._bodies.pop(uid, None)
        key = namespaced_name(replica_set)
        self._expectations.forget(key)
        self.enqueue(key)

    def _on_pod_add(self, pod: JSONObject) -> None:
        owner = self._owner_of(pod)
        if owner is None:
            if controller_of(pod) is None:
                self._enqueue_matching(pod)
            return
        pod_key = namespaced_name(pod)
        key = f"{pod['metadata']['namespace']}/{owner['name']}"
        self._tally(owner["uid"]).put(pod_key, pod)
        if "deletionTimestamp" in pod["metadata"]:
            self._expectations.deletion_observed(key, pod_key)
        else:
            self._expectations.creation_observed(key)
        self.enqueue(key)

    def _on_pod_update(self, old: JSONObject, new: JSONObject) -> None:
        if old["metadata"]["uid"] != new["metadata"]["uid"]:
            self._on_pod_delete(old)
            self._on_pod_add(new)
            return
        pod_key = namespaced_name(new)
        owner, old_owner = self._owner_of(new), self._owner_of(old)
        if old_owner is not None and (owner is None or owner["uid"] != old_owner["uid"]):
            self._forget_pod(pod_key, old, old_owner)
        if owner is None:
            labels_changed = old["metadata"].get("labels") != new["metadata"].get("labels")
            if controller_of(new) is None and (labels_changed or old_owner is not None):
                self._enqueue_matching(new)
            return
        key = f"{new['metadata']['namespace']}/{owner['name']}"
        if "deletionTimestamp" in new["metadata"]:
            self._expectations.deletion_observed(key, pod_key)
        elif old_owner is None:
            self._expectations.creation_observed(key)
        tally = self._tally(owner["uid"])
        if not tally.put(pod_key, new):
            return
        if is_pod_active(new):
            self._enqueue_gathered(key, tally)
        else:
            self.enqueue(key)

    def _on_pod_delete(self, pod: JSONObject) -> None:
        owner = self._owner_of(pod)
        if owner is not None:
            pod_key = namespaced_name(pod)
            key = f"{pod['metadata']['namespace']}/{owner['name']}"
            self._expectations.deletion_observed(key, pod_key)
            self._forget_pod(pod_key, pod, owner)

    def _enqueue_gathered(self, key: str, tally: PodTally) -> None:
        """Only the status may change: that of a large ReplicaSet may wait for more."""
        gather_ms = len(tally.pods) // 100
        if gather_ms:
            self.enqueue_after(key, gather_ms, background=False)
        else:
            self.enqueue(key)

    def _forget_pod(self, pod_key: str, pod: JSONObject, owner: JSONObject) -> None:
        tally = self._tally(owner["uid"])
        tally.remove(pod_key)
        key = f"{pod['metadata']['namespace']}/{owner['name']}"
        if not tally.pods and self._replica_sets.get(key) is None:
            del self._tallies[owner["uid"]]
        self.enqueue(key)

    def _enqueue_matching(self, pod: JSONObject) -> None:
        """A Pod without controller: the ReplicaSets that select it may adopt it."""
        labels = pod["metadata"].get("labels")
        if not labels:
            return
        for replica_set in self._replica_sets.by_index(BY_NAMESPACE, pod["metadata"]["namespace"]):
            selector = self.selector_of(replica_set)
            if selector.matches(labels):
                self.enqueue(namespaced_name(replica_set))

    def _owner_of(self, pod: JSONObject) -> JSONObject | None:
        """The Pod's controller, if it is one of ours."""
        owner = controller_of(pod)
        return owner if owner is not None and owner["kind"] == self.kind else None
