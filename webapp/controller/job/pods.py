"""A Job's Pods: claimed, created in bursts, deleted, and let go of once they are counted.

The controller decides how many; this carries it out. Each Pod bears a finalizer until its end has been
counted.

Models:
    pkg/controller/job/job_controller.go manageJob, deleteJobPods
    pkg/controller/job/tracking_utils.go uidTrackingExpectations
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from webapp.api.resources import JOBS, PODS
from webapp.apimachinery.labels import selector_from_label_selector
from webapp.apimachinery.meta import namespaced_name
from webapp.apimachinery.status import NotFound
from webapp.controller.bursts import Bursts, pods_text
from webapp.controller.controller import is_namespace_terminating
from webapp.controller.controller_ref_manager import ControllerRefManager
from webapp.controller.expectations import ControllerExpectations
from webapp.controller.indexes import BY_CONTROLLER, ORPHANS, controller_uid, orphan_namespace
from webapp.controller.job.indexes import is_indexed, pending_indexes, with_index
from webapp.controller.job.per_index import fails_by_index, next_counts, wait_ms
from webapp.controller.pod_control import PodControl, pod_from_template

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.status import StatusError
    from webapp.client.record import EventRecorder
    from webapp.controller.bursts import Burst
    from webapp.controller.context import ControllerContext
    from webapp.controller.controller import Controller
    from webapp.controller.job.view import JobView

TRACKING_FINALIZER = "batch.kubernetes.io/job-tracking"


class JobPods:
    """Carries out what the Job controller decides.

    Attributes:
        expectations: Creations and deletions asked for, not yet seen.
    """

    def __init__(
        self, controller: Controller, context: ControllerContext, events: EventRecorder
    ) -> None:
        self._controller = controller
        self._client = context.client
        self._sim = context.sim
        self._control = PodControl(context.client, events)
        self._bursts = Bursts(context.sim, context.recorder)
        self._released: dict[str, None] = {}
        self._jobs = context.informers.informer(JOBS)
        self._pods = context.informers.informer(PODS)
        self._pods.add_index(BY_CONTROLLER, controller_uid)
        self._pods.add_index(ORPHANS, orphan_namespace)
        self.expectations = ControllerExpectations(context.sim)

    def claim(self, job: JSONObject) -> list[JSONObject]:
        """The Job's Pods, after adoption and release."""
        selector = selector_from_label_selector(job["spec"]["selector"])
        manager = ControllerRefManager(self._client, job, selector, JOBS, PODS)
        owned = self._pods.by_index(BY_CONTROLLER, job["metadata"]["uid"])
        orphans = self._pods.by_index(ORPHANS, job["metadata"]["namespace"])
        return manager.claim([*owned, *orphans])

    # --- creating

    def create(self, key: str, view: JobView, count: int) -> int:
        """Create Pods in growing batches; return how many have been or are about to be.

        Raises:
            StatusError: Why one could not be created; later batches are not tried.
        """
        job = view.job
        make = self._maker(key, view, count)
        if make is None:
            return 0
        count, body = make
        self.expectations.expect_creations(key, count)
        burst = self._bursts.run(
            count,
            lambda number: self._control.create(job, body(number)),
            goes_on=partial(self._is_unchanged, key, job),
            on_end=partial(self._on_burst_end, key, job, self._end_creations),
        )
        if not burst.ended:
            return count
        refusal = self._end_creations(key, job, burst)
        if refusal is not None:
            raise refusal
        return burst.done

    def _maker(
        self, key: str, view: JobView, count: int
    ) -> tuple[int, Callable[[int], JSONObject]] | None:
        """How many Pods can be made now, and the body of each."""
        job = view.job
        template = _tracked(job["spec"]["template"])
        if not is_indexed(job):
            body = pod_from_template(job, template)
            return count, lambda _: body
        name = job["metadata"]["name"]
        indexes = self._indexes_to_start(key, view, count)
        if not indexes:
            return None

        def make(number: int) -> JSONObject:
            index = indexes[number]
            prefix = f"{name[: 57 - len(str(index))]}-{index}-"
            counts = next_counts(job, view.held.get(index)) if fails_by_index(job) else {}
            return pod_from_template(
                job, with_index(template, name, index, counts), generateName=prefix
            )

        return len(indexes), make

    def _indexes_to_start(self, key: str, view: JobView, count: int) -> list[int]:
        job = view.job
        indexes = pending_indexes(
            int(job["spec"]["completions"]), view.finished_indexes(), view.active, count
        )
        if not fails_by_index(job):
            return indexes
        waits = {index: wait_ms(view.held.get(index), self._sim.now_ms) for index in indexes}
        waiting = [wait for wait in waits.values() if wait]
        if waiting:
            self._controller.enqueue_after(key, min(waiting))
        return [index for index in indexes if not waits[index]]

    def _end_creations(self, key: str, job: JSONObject, burst: Burst) -> StatusError | None:
        self.expectations.creation_observed(key, burst.count - burst.done)
        if burst.done:
            self._controller.acted(job, f"Job controller created {pods_text(burst.done)}")
        refusal = burst.refusal
        if refusal is not None and is_namespace_terminating(refusal):
            return None
        return refusal

    def _is_unchanged(self, key: str, job: JSONObject) -> bool:
        current = self._jobs.get(key)
        return current is not None and all(
            current["metadata"].get(field) == job["metadata"].get(field)
            for field in ("deletionTimestamp", "generation", "uid")
        )

    def _on_burst_end(
        self,
        key: str,
        job: JSONObject,
        end: Callable[[str, JSONObject, Burst], StatusError | None],
        burst: Burst,
    ) -> None:
        current = self._jobs.get(key)
        if current is None or current["metadata"]["uid"] != job["metadata"]["uid"]:
            return
        if end(key, job, burst) is None:
            self._controller.enqueue(key)
        else:
            self._controller.retry(key)

    # --- deleting

    def dismiss(self, key: str, view: JobView, pods: list[JSONObject]) -> None:
        """Delete Pods that did nothing wrong: without their finalizer they do not count as failed."""
        for pod in pods:
            if self.bears_finalizer(pod):
                self.remove_finalizer(pod)
        self.delete(key, view, pods)

    def delete(self, key: str, view: JobView, pods: list[JSONObject]) -> None:
        """Delete active Pods; the view knows afterwards.

        Raises:
            StatusError: The API server refuses a deletion.
        """
        if not pods:
            return
        self.expectations.expect_deletions(key, map(namespaced_name, pods))
        end = partial(self._end_deletions, pods)
        burst = self._bursts.run(
            len(pods),
            lambda number: self._delete_one(key, view.job, pods[number]),
            goes_on=lambda: self._jobs.get(key) is not None,
            on_end=partial(self._on_burst_end, key, view.job, end),
            slow_start=False,
        )
        tried = pods[: burst.tried] if burst.ended else pods
        gone = {pod["metadata"]["uid"] for pod in tried}
        view.active = [pod for pod in view.active if pod["metadata"]["uid"] not in gone]
        view.terminating += len(gone)
        if burst.ended:
            refusal = end(key, view.job, burst)
            if refusal is not None:
                raise refusal

    def _delete_one(self, key: str, job: JSONObject, pod: JSONObject) -> None:
        done = False
        try:
            done = self._control.delete(job, pod)
        finally:
            if not done:
                self.expectations.deletion_observed(key, namespaced_name(pod))

    def _end_deletions(
        self, pods: list[JSONObject], key: str, job: JSONObject, burst: Burst
    ) -> StatusError | None:
        for pod in pods[burst.tried :]:
            self.expectations.deletion_observed(key, namespaced_name(pod))
        if burst.done:
            self._controller.acted(job, f"Job controller deleted {pods_text(burst.done)}")
        return burst.refusal

    # --- the finalizer

    def bears_finalizer(self, pod: JSONObject) -> bool:
        """Whether the Pod's end has still to be counted."""
        metadata = pod["metadata"]
        return (
            TRACKING_FINALIZER in (metadata.get("finalizers") or ())
            and metadata["uid"] not in self._released
        )

    def remove_finalizer(self, pod: JSONObject) -> None:
        """Let go of the Pod."""
        metadata = pod["metadata"]
        finalizers = [item for item in metadata["finalizers"] if item != TRACKING_FINALIZER]
        patch = {"metadata": {"uid": metadata["uid"], "finalizers": finalizers or None}}
        self._released[metadata["uid"]] = None
        try:
            self._client.patch(PODS, metadata["namespace"], metadata["name"], patch)
        except NotFound:
            return

    def forget(self, pod: JSONObject) -> None:
        """The Pod is gone, or seen without its finalizer."""
        self._released.pop(pod["metadata"]["uid"], None)


def _tracked(template: JSONObject) -> JSONObject:
    metadata = template.get("metadata") or {}
    finalizers = [*(metadata.get("finalizers") or ()), TRACKING_FINALIZER]
    return {**template, "metadata": {**metadata, "finalizers": finalizers}}
