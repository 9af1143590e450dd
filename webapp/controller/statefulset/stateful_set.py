"""The StatefulSet controller: Pods one after the other, each with its own name and claims.

StatefulSets, ControllerRevisions and Pods enter through informers; Pods, claims, ControllerRevisions,
status and Events leave through the API. With podManagementPolicy OrderedReady each Pod waits for all
before it to be available, and Pods go in the opposite order.

Models:
    pkg/controller/statefulset/stateful_set.go sync
    pkg/controller/statefulset/stateful_set_control.go updateStatefulSet
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import PODS, STATEFUL_SETS
from webapp.apimachinery.intstr import scaled_value
from webapp.apimachinery.labels import selector_from_label_selector
from webapp.apimachinery.meta import controller_of, namespaced_name
from webapp.apimachinery.status import StatusError
from webapp.controller.bursts import PAUSE_MS, SLICE
from webapp.controller.controller import Controller, is_namespace_terminating
from webapp.controller.controller_ref_manager import ControllerRefManager
from webapp.controller.history import History, NameCollisionError, hash_of
from webapp.controller.indexes import (
    BY_CONTROLLER,
    BY_NAMESPACE,
    ORPHANS,
    controller_uid,
    namespace_of,
    orphan_namespace,
)
from webapp.controller.pods import is_pod_terminal, pod_phase
from webapp.controller.statefulset.identity import (
    has_identity,
    is_bursting,
    is_member,
    needs_current_revision,
    new_pod,
    ordinal_of,
    ordinals,
)
from webapp.controller.statefulset.stateful_pod_control import StatefulPodControl
from webapp.controller.statefulset.status import (
    compute_status,
    is_unavailable,
)

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.context import ControllerContext

STALE_CLAIM_RETRY_MS = 1_000


class StatefulSetController(Controller):
    """Reconciles StatefulSets; keys are ``namespace/name``."""

    name = "statefulset-controller"
    max_retries = 1 << 30

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._events = context.events(self.name)
        self._pod_control = StatefulPodControl(context.client, self._events)
        self._history = History(context.client, context.informers, STATEFUL_SETS)
        self._stateful_sets = context.informers.informer(STATEFUL_SETS)
        self._pods = context.informers.informer(PODS)
        self._stateful_sets.add_index(BY_NAMESPACE, namespace_of)
        self._pods.add_index(BY_CONTROLLER, controller_uid)
        self._pods.add_index(ORPHANS, orphan_namespace)
        self._stateful_sets.add_handler(
            on_add=lambda obj: self.enqueue(namespaced_name(obj)),
            on_update=lambda _, new: self.enqueue(namespaced_name(new)),
            on_delete=lambda obj: self.enqueue(namespaced_name(obj)),
        )
        self._pods.add_handler(
            on_add=self._on_pod,
            on_update=self._on_pod_update,
            on_delete=self._on_pod,
            owner_kind="StatefulSet",
        )

    def sync(self, key: str) -> None:
        """Bring the StatefulSet a step further, and report."""
        stateful_set = self._stateful_sets.get(key)
        if stateful_set is None:
            return
        pods = self._claim_pods(stateful_set)
        revisions = self._history.list(stateful_set)
        try:
            update = self._history.current(stateful_set, revisions)
        except NameCollisionError:
            self._count_collision(stateful_set)
            return
        status = stateful_set.get("status") or {}
        by_name = {item["metadata"]["name"]: item for item in revisions}
        current = by_name.get(status.get("currentRevision", ""), update)
        refusal: StatusError | None = None
        if "deletionTimestamp" not in stateful_set["metadata"]:
            try:
                _Step(self, self._pod_control, stateful_set, current, update, pods).run()
            except StatusError as error:
                refusal = error
        self._update_status(key, stateful_set, pods, current, update)
        if refusal is not None:
            if not is_namespace_terminating(refusal):
                raise refusal
            return
        in_use = {hash_of(pod) for pod in pods}
        in_use |= {item["metadata"]["name"] for item in (current, update)}
        self._history.truncate(stateful_set, revisions, in_use)

    def _count_collision(self, stateful_set: JSONObject) -> None:
        status = stateful_set.get("status") or {}
        status = {"replicas": 0, **status, "collisionCount": status.get("collisionCount", 0) + 1}
        self.client.update(STATEFUL_SETS, {**stateful_set, "status": status}, "status")

    def _claim_pods(self, stateful_set: JSONObject) -> list[JSONObject]:
        metadata = stateful_set["metadata"]
        manager = ControllerRefManager(
            self.client,
            stateful_set,
            selector_from_label_selector(stateful_set["spec"]["selector"]),
            STATEFUL_SETS,
            PODS,
        )
        owned = self._pods.by_index(BY_CONTROLLER, metadata["uid"])
        orphans = self._pods.by_index(ORPHANS, metadata["namespace"])
        return manager.claim(pod for pod in [*owned, *orphans] if is_member(stateful_set, pod))

    def _update_status(
        self,
        key: str,
        stateful_set: JSONObject,
        pods: list[JSONObject],
        current: JSONObject,
        update: JSONObject,
    ) -> None:
        names = (current["metadata"]["name"], update["metadata"]["name"])
        status = compute_status(stateful_set, pods, *names, self.sim.now_ms)
        if status != stateful_set.get("status"):
            self.client.update(STATEFUL_SETS, {**stateful_set, "status": status}, "status")
        spec = stateful_set["spec"]
        min_ready = spec.get("minReadySeconds", 0)
        if min_ready and status["availableReplicas"] < status.get("readyReplicas", 0):
            self.enqueue_after(key, min_ready * 1000, background=False)

    def _on_pod_update(self, old: JSONObject, new: JSONObject) -> None:
        old_owner, owner = controller_of(old), controller_of(new)
        if old_owner is not None and (owner is None or owner["uid"] != old_owner["uid"]):
            self._on_pod(old)
        self._on_pod(new)

    def _on_pod(self, pod: JSONObject) -> None:
        owner = controller_of(pod)
        namespace = pod["metadata"]["namespace"]
        if owner is not None:
            if owner["kind"] == "StatefulSet":
                self.enqueue(f"{namespace}/{owner['name']}")
            return
        labels = pod["metadata"].get("labels")
        if not labels:
            return
        for stateful_set in self._stateful_sets.by_index(BY_NAMESPACE, namespace):
            selector = selector_from_label_selector(stateful_set["spec"]["selector"])
            if selector.matches(labels):
                self.enqueue(namespaced_name(stateful_set))


class _Step:
    """One sync of one StatefulSet: replicas first, then what is too many, then the update."""

    def __init__(
        self,
        controller: StatefulSetController,
        pod_control: StatefulPodControl,
        stateful_set: JSONObject,
        current: JSONObject,
        update: JSONObject,
        pods: list[JSONObject],
    ) -> None:
        self._controller = controller
        self._pod_control = pod_control
        self._set = stateful_set
        self._current = current
        self._update = update
        self._monotonic = not is_bursting(stateful_set)
        wanted = ordinals(stateful_set)
        by_ordinal = {ordinal_of(pod): pod for pod in pods}
        self._replicas = [by_ordinal.get(ordinal) or self._new_pod(ordinal) for ordinal in wanted]
        self._condemned = [
            by_ordinal[ordinal]
            for ordinal in sorted(by_ordinal, reverse=True)
            if ordinal not in wanted
        ]

    def run(self) -> None:
        """Do what can be done now.

        Raises:
            StatusError: The API server refused something.
        """
        if not self._sync_replicas():
            return
        for pod in self._condemned:
            self._pod_control.sync_retention(self._set, pod)
        if not self._sync_condemned():
            return
        self._roll()

    def _new_pod(self, ordinal: int) -> JSONObject:
        current = needs_current_revision(self._set, ordinal)
        return new_pod(self._set, self._current if current else self._update, ordinal)

    # --- the Pods that should be there

    def _sync_replicas(self) -> bool:
        """Whether all are as they should be, so that the sync may go on."""
        if self._monotonic:
            return all(self._sync_replica(pod) for pod in self._replicas)

        created = 0
        for pod in self._replicas:
            if "uid" not in pod["metadata"]:
                if created == SLICE:
                    # The rest follows in further steps of time.
                    self._controller.enqueue_after(
                        namespaced_name(self._set), PAUSE_MS, background=False
                    )
                    return True
                created += 1
            self._sync_replica(pod)
        return True

    def _sync_replica(self, pod: JSONObject) -> bool:
        """Whether the next one may be looked at."""
        created = "uid" in pod["metadata"]
        if created and is_pod_terminal(pod):
            if "deletionTimestamp" not in pod["metadata"]:
                self._delete(pod, "it has ended")
            return False
        if not created:
            self._create(pod)
            return not self._monotonic
        if pod_phase(pod) == "Pending":
            self._pod_control.create_missing_claims(self._set, pod)
        if self._monotonic and self._is_unavailable(pod):
            return False
        if not has_identity(pod):
            self._pod_control.restore_identity(self._set, pod)
        self._pod_control.sync_retention(self._set, pod)
        return True

    def _create(self, pod: JSONObject) -> None:
        if self._pod_control.has_stale_claim(self._set, pod):
            self._controller.enqueue_after(
                namespaced_name(self._set), STALE_CLAIM_RETRY_MS, background=False
            )
            return
        self._pod_control.create(self._set, pod)
        self._acted(f"created Pod {pod['metadata']['name']}")

    # --- the Pods that are too many

    def _sync_condemned(self) -> bool:
        first = self._first_unavailable()
        for pod in self._condemned:
            if "deletionTimestamp" in pod["metadata"]:
                if self._monotonic:
                    return False
                continue
            if self._monotonic and pod is not first and self._is_unavailable(pod):
                return False
            self._delete(pod, "the StatefulSet was scaled down")
            if self._monotonic:
                return False
        return True

    def _first_unavailable(self) -> JSONObject | None:
        candidates = [*self._replicas, *reversed(self._condemned)]
        return next((pod for pod in candidates if self._is_unavailable(pod)), None)

    # --- the update

    def _roll(self) -> None:
        strategy = self._set["spec"].get("updateStrategy") or {}
        if strategy.get("type") == "OnDelete":
            return
        rolling = strategy.get("rollingUpdate") or {}
        unavailable = sum(map(self._is_unavailable, self._replicas))
        allowed = max(
            1,
            scaled_value(rolling.get("maxUnavailable", 1), len(self._replicas), round_up=True),
        )
        budget = allowed - unavailable
        for pod in reversed(self._replicas[int(rolling.get("partition", 0)) :]):
            if budget <= 0:
                return
            outdated = hash_of(pod) != self._update["metadata"]["name"]
            if outdated and "deletionTimestamp" not in pod["metadata"]:
                self._delete(pod, "it has an old version")
                budget -= 1

    def _is_unavailable(self, pod: JSONObject) -> bool:
        min_ready = self._set["spec"].get("minReadySeconds", 0)
        return is_unavailable(pod, min_ready, self._controller.sim.now_ms)

    def _delete(self, pod: JSONObject, why: str) -> None:
        self._pod_control.delete(self._set, pod)
        self._acted(f"deleted Pod {pod['metadata']['name']}: {why}")

    def _acted(self, what: str) -> None:
        self._controller.acted(self._set, f"StatefulSet controller {what}")
