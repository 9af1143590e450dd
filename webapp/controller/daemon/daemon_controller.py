"""The DaemonSet controller: one Pod on each eligible Node, replaced version by version.

DaemonSets, ControllerRevisions, Pods and Nodes enter through informers; Pods, ControllerRevisions,
status and Events leave through the API. Where Pods belong is decided in ``placement``, how an
update goes on in ``update``.

Deviation: changes of its Pods and of Nodes are gathered before the DaemonSet is synced, 200 ms for each
1,000 Nodes.

Models:
    pkg/controller/daemon/daemon_controller.go syncDaemonSet, podsShouldBeOnNode, syncNodes
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from webapp.api.resources import DAEMON_SETS, NODES, PODS
from webapp.apimachinery.labels import selector_from_label_selector
from webapp.apimachinery.meta import controller_of, namespaced_name
from webapp.apimachinery.status import NotFound, StatusError
from webapp.controller.backoff import Backoff
from webapp.controller.bursts import Bursts, pods_text
from webapp.controller.controller import Controller, is_namespace_terminating
from webapp.controller.controller_ref_manager import ControllerRefManager
from webapp.controller.daemon.placement import (
    Placement,
    daemon_template,
    place,
    target_node,
    template_for_node,
)
from webapp.controller.daemon.update import allows_surge, plan_update
from webapp.controller.expectations import ControllerExpectations
from webapp.controller.history import History, NameCollisionError, hash_of
from webapp.controller.indexes import (
    BY_CONTROLLER,
    BY_NAMESPACE,
    ORPHANS,
    controller_uid,
    namespace_of,
    orphan_namespace,
)
from webapp.controller.pod_control import PodControl, pod_from_template
from webapp.controller.pods import is_pod_available, is_pod_ready, is_pod_terminal, pod_phase

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.bursts import Burst
    from webapp.controller.context import ControllerContext

BURST_REPLICAS = 250
"""Pods created or deleted in one sync at most."""

FAILED_POD_BACKOFF_MS = 1_000
FAILED_POD_BACKOFF_LIMIT_MS = 15 * 60 * 1000


class DaemonSetController(Controller):
    """Reconciles DaemonSets; keys are ``namespace/name``."""

    name = "daemonset-controller"
    max_retries = 1 << 30

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._events = context.events(self.name)
        self._pod_control = PodControl(context.client, self._events)
        self._expectations = ControllerExpectations(context.sim)
        self._bursts = Bursts(context.sim, context.recorder)
        self._history = History(context.client, context.informers, DAEMON_SETS)
        self._backoff = Backoff(context.sim, FAILED_POD_BACKOFF_MS, FAILED_POD_BACKOFF_LIMIT_MS)
        self._placements: dict[str, dict[str, tuple[object, object, object, Placement]]] = {}
        self._daemon_sets = context.informers.informer(DAEMON_SETS)
        self._pods = context.informers.informer(PODS)
        self._nodes = context.informers.informer(NODES)
        self._daemon_sets.add_index(BY_NAMESPACE, namespace_of)
        self._pods.add_index(BY_CONTROLLER, controller_uid)
        self._pods.add_index(ORPHANS, orphan_namespace)
        self._daemon_sets.add_handler(
            on_add=lambda obj: self.enqueue(namespaced_name(obj)),
            on_update=self._on_daemon_set_update,
            on_delete=self._on_daemon_set_delete,
        )
        self._pods.add_handler(
            on_add=self._on_pod_add,
            on_update=self._on_pod_update,
            on_delete=self._on_pod_delete,
            owner_kind="DaemonSet",
        )
        self._nodes.add_handler(on_add=self._on_node_add, on_update=self._on_node_update)

    def sync(self, key: str) -> None:
        """Bring Pods to the Nodes that should have one, and the right version."""
        daemon_set = self._daemon_sets.get(key)
        if daemon_set is None:
            self._expectations.forget(key)
            return
        if selector_from_label_selector(daemon_set["spec"]["selector"]).selects_everything:
            message = "This daemon set is selecting all pods. A non-empty selector is required."
            self._events.event(daemon_set, "Warning", "SelectingAll", message)
            return
        if "deletionTimestamp" in daemon_set["metadata"]:
            return
        revisions = self._history.list(daemon_set)
        try:
            current = self._history.current(daemon_set, revisions)
        except NameCollisionError:
            self._count_collision(daemon_set)
            return
        hash_value = hash_of(current)
        if not self._expectations.satisfied(key):
            self._update_status(key, daemon_set, hash_value, observed=False)
            return
        self._manage(key, daemon_set, hash_value)
        strategy = daemon_set["spec"].get("updateStrategy") or {}
        if self._expectations.satisfied(key) and strategy.get("type") == "RollingUpdate":
            self._roll(key, daemon_set, hash_value)
        self._clean_up_history(daemon_set, revisions, current)
        self._update_status(key, daemon_set, hash_value, observed=True)

    def _count_collision(self, daemon_set: JSONObject) -> None:
        status = daemon_set.get("status") or {}
        collisions = status.get("collisionCount", 0) + 1
        status = {**status, "collisionCount": collisions}
        self.client.update(DAEMON_SETS, {**daemon_set, "status": status}, "status")

    # --- what is there

    def _daemon_pods(self, daemon_set: JSONObject) -> list[JSONObject]:
        metadata = daemon_set["metadata"]
        manager = ControllerRefManager(
            self.client,
            daemon_set,
            selector_from_label_selector(daemon_set["spec"]["selector"]),
            DAEMON_SETS,
            PODS,
        )
        owned = self._pods.by_index(BY_CONTROLLER, metadata["uid"])
        orphans = self._pods.by_index(ORPHANS, metadata["namespace"])
        return manager.claim([*owned, *orphans])

    def _pods_by_node(self, daemon_set: JSONObject) -> dict[str, list[JSONObject]]:
        """Node → its Pods, oldest first; deleted Pods that have ended do not count."""
        pods_by_node: dict[str, list[JSONObject]] = {}
        for pod in self._daemon_pods(daemon_set):
            if not (is_pod_terminal(pod) and "deletionTimestamp" in pod["metadata"]):
                pods_by_node.setdefault(target_node(pod), []).append(pod)
        for pods in pods_by_node.values():
            if len(pods) > 1:
                pods.sort(key=_age_order)
        return pods_by_node

    def _place(self, daemon_set: JSONObject, node: JSONObject) -> Placement:
        """Whether the Node should have a Pod; judged anew only when something that counts changed."""
        known = self._placements.setdefault(daemon_set["metadata"]["uid"], {})
        name = node["metadata"]["name"]
        template = daemon_set["spec"]["template"]
        labels = node["metadata"].get("labels")
        taints = (node.get("spec") or {}).get("taints")
        found = known.get(name)
        if (
            found is None
            or found[0] is not template
            or found[1] is not labels
            or found[2] is not taints
        ):
            found = known[name] = (template, labels, taints, place(template, node))
        return found[3]

    # --- creating and deleting

    def _manage(self, key: str, daemon_set: JSONObject, hash_value: str) -> None:
        pods_by_node = self._pods_by_node(daemon_set)
        create_on: list[str] = []
        delete: list[JSONObject] = []
        for node in self._nodes.list():
            name = node["metadata"]["name"]
            pods = pods_by_node.get(name)
            placement = self._place(daemon_set, node)
            if pods is None:
                if placement.should_run:
                    create_on.append(name)
            elif not placement.should_continue:
                delete += [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
            else:
                running = self._running(key, daemon_set, name, pods, delete)
                if not running and placement.should_run and allows_surge(daemon_set):
                    create_on.append(name)
                delete += self._surplus(daemon_set, running, hash_value)
        for name, pods in pods_by_node.items():
            if self._nodes.get(name) is None:
                delete += [pod for pod in pods if not pod["spec"].get("nodeName")]
        self._sync_nodes(key, daemon_set, delete, create_on, hash_value)

    def _running(
        self,
        key: str,
        daemon_set: JSONObject,
        node: str,
        pods: list[JSONObject],
        delete: list[JSONObject],
    ) -> list[JSONObject]:
        """The Pods of a Node that run or may run; ended ones are added to ``delete``."""
        running = []
        for pod in pods:
            if "deletionTimestamp" in pod["metadata"]:
                continue
            if pod_phase(pod) == "Failed":
                wait_ms = self._failed_pod_wait_ms(daemon_set, node)
                if wait_ms:
                    self.enqueue_after(key, wait_ms)
                    continue
                self._tell_ended(daemon_set, pod, node, "Warning", "failed", "kill")
                delete.append(pod)
            elif pod_phase(pod) == "Succeeded":
                self._tell_ended(daemon_set, pod, node, "Normal", "succeeded", "delete")
                delete.append(pod)
            else:
                running.append(pod)
        return running

    def _failed_pod_wait_ms(self, daemon_set: JSONObject, node: str) -> int:
        generation = (daemon_set.get("status") or {}).get("observedGeneration", 0)
        backoff_key = f"{daemon_set['metadata']['uid']}/{generation}/{node}"
        wait_ms = self._backoff.wait_ms(backoff_key)
        if not wait_ms:
            self._backoff.next(backoff_key)
        return wait_ms

    def _tell_ended(
        self, daemon_set: JSONObject, pod: JSONObject, node: str, type_: str, how: str, verb: str
    ) -> None:
        metadata = pod["metadata"]
        message = (
            f"Found {how} daemon pod {metadata['namespace']}/{metadata['name']} "
            f"on node {node}, will try to {verb} it"
        )
        self._events.event(daemon_set, type_, f"{how.capitalize()}DaemonPod", message)

    def _surplus(
        self, daemon_set: JSONObject, running: list[JSONObject], hash_value: str
    ) -> list[JSONObject]:
        """Pods of one Node that are too many, of those that run (oldest first)."""
        if len(running) <= 1:
            return []
        if not allows_surge(daemon_set):
            return running[1:]
        new = next((pod for pod in running if hash_of(pod) == hash_value), None)
        old = next((pod for pod in running if hash_of(pod) != hash_value), None)
        surplus = [pod for pod in running if pod is not new and pod is not old]
        if new is not None and old is not None:
            min_ready = daemon_set["spec"].get("minReadySeconds", 0)
            if not is_pod_ready(old) or is_pod_available(new, min_ready, self.sim.now_ms):
                surplus.append(old)
        return surplus

    def _roll(self, key: str, daemon_set: JSONObject, hash_value: str) -> None:
        pods_by_node = self._pods_by_node(daemon_set)
        desired = 0
        for node in self._nodes.list():
            if self._place(daemon_set, node).should_run:
                desired += 1
                pods_by_node.setdefault(node["metadata"]["name"], [])
        step = plan_update(daemon_set, pods_by_node, desired, hash_value, self.sim.now_ms)
        self._sync_nodes(key, daemon_set, step.delete, step.create_on, hash_value)

    def _sync_nodes(
        self,
        key: str,
        daemon_set: JSONObject,
        delete: list[JSONObject],
        create_on: list[str],
        hash_value: str,
    ) -> None:
        delete, create_on = delete[:BURST_REPLICAS], create_on[:BURST_REPLICAS]
        if not delete and not create_on:
            return
        self._expectations.expect(key, len(create_on), map(namespaced_name, delete))
        template = daemon_template(daemon_set["spec"]["template"], hash_value)

        def act(index: int) -> None:
            if index >= len(create_on):
                self._delete_pod(key, daemon_set, delete[index - len(create_on)])
                return
            body = pod_from_template(daemon_set, template_for_node(template, create_on[index]))
            self._create_pod(key, daemon_set, body)

        burst = self._bursts.run(
            len(create_on) + len(delete),
            act,
            goes_on=partial(self._is_unchanged, key, daemon_set),
            on_end=partial(self._on_burst_end, key, daemon_set, create_on, delete),
            slow_start=not delete,
        )
        if burst.ended:
            refusal = self._end_burst(key, daemon_set, create_on, delete, burst)
            if refusal is not None:
                raise refusal

    def _create_pod(self, key: str, daemon_set: JSONObject, body: JSONObject) -> None:
        done = False
        try:
            self._pod_control.create(daemon_set, body)
            done = True
        finally:
            if not done:
                self._expectations.creation_observed(key)

    def _delete_pod(self, key: str, daemon_set: JSONObject, pod: JSONObject) -> None:
        done = False
        try:
            done = self._pod_control.delete(daemon_set, pod)
        finally:
            if not done:
                self._expectations.deletion_observed(key, namespaced_name(pod))

    def _is_unchanged(self, key: str, daemon_set: JSONObject) -> bool:
        current = self._daemon_sets.get(key)
        return current is not None and all(
            current["metadata"].get(field) == daemon_set["metadata"].get(field)
            for field in ("deletionTimestamp", "generation", "uid")
        )

    def _on_burst_end(
        self,
        key: str,
        daemon_set: JSONObject,
        create_on: list[str],
        delete: list[JSONObject],
        burst: Burst,
    ) -> None:
        """A burst that took longer than a sync is over."""
        current = self._daemon_sets.get(key)
        if current is None or current["metadata"]["uid"] != daemon_set["metadata"]["uid"]:
            return
        if self._end_burst(key, daemon_set, create_on, delete, burst) is None:
            self.enqueue(key)
        else:
            self.retry(key)

    def _end_burst(
        self,
        key: str,
        daemon_set: JSONObject,
        create_on: list[str],
        delete: list[JSONObject],
        burst: Burst,
    ) -> StatusError | None:
        """Expect no longer what was not tried, tell what was done, return why that was not all."""
        left = max(0, len(create_on) - burst.tried)
        if left:
            self._expectations.creation_observed(key, left)
        for pod in delete[max(0, burst.tried - len(create_on)) :]:
            self._expectations.deletion_observed(key, namespaced_name(pod))
        created = min(burst.tried, len(create_on))
        counts = (("created", created), ("deleted", burst.tried - created))
        parts = [f"{verb} {pods_text(count)}" for verb, count in counts if count]
        if parts and burst.refusal is None:
            self.acted(daemon_set, f"DaemonSet controller {' and '.join(parts)}")
        refusal = burst.refusal
        if refusal is not None and is_namespace_terminating(refusal):
            return None
        return refusal

    def _clean_up_history(
        self, daemon_set: JSONObject, revisions: Iterable[JSONObject], current: JSONObject
    ) -> None:
        pods = self._pods.by_index(BY_CONTROLLER, daemon_set["metadata"]["uid"])
        live = frozenset(map(hash_of, pods))
        held = list(revisions)
        in_use = [item["metadata"]["name"] for item in held if hash_of(item) in live]
        self._history.truncate(daemon_set, held, [*in_use, current["metadata"]["name"]])

    # --- status

    def _update_status(
        self, key: str, daemon_set: JSONObject, hash_value: str, *, observed: bool
    ) -> None:
        status = self._compute_status(daemon_set, hash_value)
        before = daemon_set.get("status") or {}
        generation = daemon_set["metadata"].get("generation", 0)
        if observed:
            status["observedGeneration"] = generation
        elif "observedGeneration" in before:
            status["observedGeneration"] = before["observedGeneration"]
        for kept in ("collisionCount", "conditions"):
            if kept in before:
                status[kept] = before[kept]
        if status != before:
            try:
                self.client.update(DAEMON_SETS, {**daemon_set, "status": status}, "status")
            except NotFound:
                return
        min_ready = daemon_set["spec"].get("minReadySeconds", 0)
        if min_ready and status["numberReady"] != status.get("numberAvailable", 0):
            self.enqueue_after(key, min_ready * 1000, background=False)

    def _compute_status(self, daemon_set: JSONObject, hash_value: str) -> JSONObject:
        pods_by_node = self._pods_by_node(daemon_set)
        min_ready = daemon_set["spec"].get("minReadySeconds", 0)
        desired = current = misscheduled = ready = updated = available = 0
        for node in self._nodes.list():
            pods = pods_by_node.get(node["metadata"]["name"])
            if not self._place(daemon_set, node).should_run:
                misscheduled += bool(pods)
                continue
            desired += 1
            if not pods:
                continue
            current += 1
            ready += is_pod_ready(pods[0])
            available += is_pod_available(pods[0], min_ready, self.sim.now_ms)
            updated += hash_of(pods[0]) == hash_value
        status: JSONObject = {
            "currentNumberScheduled": current,
            "numberMisscheduled": misscheduled,
            "desiredNumberScheduled": desired,
            "numberReady": ready,
        }
        optional = {
            "updatedNumberScheduled": updated,
            "numberAvailable": available,
            "numberUnavailable": desired - available,
        }
        status.update((name, count) for name, count in optional.items() if count)
        return status

    # --- handlers

    def _on_daemon_set_update(self, old: JSONObject, new: JSONObject) -> None:
        if old["metadata"]["uid"] != new["metadata"]["uid"]:
            self._on_daemon_set_delete(old)
        self.enqueue(namespaced_name(new))

    def _on_daemon_set_delete(self, daemon_set: JSONObject) -> None:
        self._placements.pop(daemon_set["metadata"]["uid"], None)
        key = namespaced_name(daemon_set)
        self._expectations.forget(key)
        self.enqueue(key)

    def _on_pod_add(self, pod: JSONObject) -> None:
        if "deletionTimestamp" in pod["metadata"]:
            self._on_pod_delete(pod)
            return
        key = _owner_key(pod)
        if key:
            self._expectations.creation_observed(key)
            self._enqueue_gathered(key)
        elif controller_of(pod) is None:
            self._enqueue_matching(pod)

    def _on_pod_update(self, old: JSONObject, new: JSONObject) -> None:
        if old["metadata"]["uid"] != new["metadata"]["uid"]:
            self._on_pod_delete(old)
            self._on_pod_add(new)
            return
        key, old_key = _owner_key(new), _owner_key(old)
        if "deletionTimestamp" in new["metadata"]:
            if key:
                self._expectations.deletion_observed(key, namespaced_name(new))
                self._enqueue_gathered(key)
            return
        if old_key and old_key != key:
            self._enqueue_gathered(old_key)
        if key:
            self._enqueue_gathered(key)
        elif controller_of(new) is None and (
            old_key or old["metadata"].get("labels") != new["metadata"].get("labels")
        ):
            self._enqueue_matching(new)

    def _on_pod_delete(self, pod: JSONObject) -> None:
        key = _owner_key(pod)
        if key:
            self._expectations.deletion_observed(key, namespaced_name(pod))
            self._enqueue_gathered(key)

    def _enqueue_gathered(self, key: str) -> None:
        gather_ms = len(self._nodes.store) // 5
        if gather_ms:
            self.enqueue_after(key, gather_ms, background=False)
        else:
            self.enqueue(key)

    def _enqueue_matching(self, pod: JSONObject) -> None:
        labels = pod["metadata"].get("labels")
        if not labels:
            return
        for daemon_set in self._daemon_sets.by_index(BY_NAMESPACE, pod["metadata"]["namespace"]):
            selector = selector_from_label_selector(daemon_set["spec"]["selector"])
            if selector.matches(labels):
                self.enqueue(namespaced_name(daemon_set))

    def _on_node_add(self, node: JSONObject) -> None:
        for daemon_set in self._daemon_sets.list():
            if self._place(daemon_set, node).should_run:
                self._enqueue_gathered(namespaced_name(daemon_set))

    def _on_node_update(self, old: JSONObject, new: JSONObject) -> None:
        if old["metadata"].get("labels") == new["metadata"].get("labels") and (
            (old.get("spec") or {}).get("taints") == (new.get("spec") or {}).get("taints")
        ):
            return
        for daemon_set in self._daemon_sets.list():
            template = daemon_set["spec"]["template"]
            if place(template, old) != self._place(daemon_set, new):
                self._enqueue_gathered(namespaced_name(daemon_set))


def _owner_key(pod: JSONObject) -> str:
    owner = controller_of(pod)
    if owner is None or owner["kind"] != "DaemonSet":
        return ""
    return f"{pod['metadata']['namespace']}/{owner['name']}"


def _age_order(pod: JSONObject) -> tuple[str, bool, str]:
    """Oldest first; of one age those that run already, then by name."""
    metadata = pod["metadata"]
    return metadata["creationTimestamp"], not pod["spec"].get("nodeName"), metadata["name"]
