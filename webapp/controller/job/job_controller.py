"""The Job controller: starts Pods until enough of them have succeeded or too many have failed.

Jobs and Pods enter through informers; Pods, status and Events leave through the API. Each Pod bears a
finalizer until its end is counted, so that no end is ever missed or counted twice: first the status
names the ended Pods, then their finalizers go, then the counters grow.

Deviation: ``backoffLimitPerIndex`` and ``maxFailedIndexes`` have no effect.

Models:
    pkg/controller/job/job_controller.go syncJob, manageJob, trackJobStatusAndRemoveFinalizers
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.api.resources import JOBS, PODS
from webapp.apimachinery.labels import selector_from_label_selector
from webapp.apimachinery.meta import controller_of, namespaced_name
from webapp.apimachinery.status import NotFound, StatusError
from webapp.apimachinery.timestamps import parse_time, time_text
from webapp.controller.controller import Controller, is_namespace_terminating
from webapp.controller.controller_ref_manager import ControllerRefManager
from webapp.controller.expectations import ControllerExpectations
from webapp.controller.indexes import BY_CONTROLLER, ORPHANS, controller_uid, orphan_namespace
from webapp.controller.job.indexes import (
    format_indexes,
    index_of,
    is_indexed,
    pending_indexes,
    succeeded_indexes,
    with_index,
)
from webapp.controller.job.policies import (
    BackoffRecord,
    judge_failed_pod,
    match_success_policy,
    next_record,
    past_backoff_limit_on_failure,
)
from webapp.controller.job.status import (
    COMPLETE,
    FAILED,
    FAILURE_TARGET,
    SUCCESS_CRITERIA_MET,
    SUSPENDED,
    find_condition,
    finished_condition,
    new_condition,
    with_condition,
    with_counted,
    with_uncounted,
)
from webapp.controller.pod_control import PodControl, pod_from_template, slow_start
from webapp.controller.pods import is_pod_active, is_pod_ready, is_pod_terminating, pod_phase

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.context import ControllerContext

TRACKING_FINALIZER = "batch.kubernetes.io/job-tracking"
POD_CHANGES_MS = 1_000
"""Changes of a Job's Pods are gathered for so long."""
MOST_PODS_AT_ONCE = 500
MOST_UNCOUNTED = 500

_ORPHAN_PREFIX = "orphan:"


@dataclass(slots=True)
class _Sync:
    """One sync's view of a Job.

    Attributes:
        job: The Job.
        status: Its status, brought up to date as the sync goes on.
        pods: All its Pods.
        active: Those that run or may still run.
        terminating: How many are being deleted.
        succeeded: Pods (or indexes) that have succeeded, the uncounted included.
        failed: Pods that have failed and count, likewise.
        indexes: Indexes that are done, sorted; empty unless the Job is indexed.
        end: The condition that the Job is about to end with.
        backoff: The Pods' failures, those just seen included.
    """

    job: JSONObject
    status: JSONObject
    pods: list[JSONObject]
    active: list[JSONObject]
    terminating: int
    succeeded: int
    failed: int
    indexes: list[int]
    end: JSONObject | None
    backoff: BackoffRecord


class JobController(Controller):
    """Reconciles Jobs; keys are ``namespace/name``, and ``orphan:namespace/name`` of Pods."""

    name = "job-controller"
    max_retries = 1 << 30

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._events = context.events(self.name)
        self._pod_control = PodControl(context.client, self._events)
        self._expectations = ControllerExpectations(context.sim)
        self._backoffs: dict[str, BackoffRecord] = {}
        self._released: dict[str, None] = {}
        self._jobs = context.informers.informer(JOBS)
        self._pods = context.informers.informer(PODS)
        self._pods.add_index(BY_CONTROLLER, controller_uid)
        self._pods.add_index(ORPHANS, orphan_namespace)
        self._jobs.add_handler(
            on_add=lambda obj: self.enqueue(namespaced_name(obj)),
            on_update=lambda _, new: self.enqueue(namespaced_name(new)),
            on_delete=self._on_job_delete,
        )
        self._pods.add_handler(
            on_add=self._on_pod_add, on_update=self._on_pod_update, on_delete=self._on_pod_delete
        )

    def sync(self, key: str) -> None:
        """Bring one Job a step further, or let go of a Pod whose Job is gone."""
        if key.startswith(_ORPHAN_PREFIX):
            self._release_orphan(key.removeprefix(_ORPHAN_PREFIX))
            return
        job = self._jobs.get(key)
        if job is None:
            self._expectations.forget(key)
            self._backoffs.pop(key, None)
            return
        if finished_condition(job) is not None or job["spec"].get("managedBy") not in {
            None,
            "kubernetes.io/job-controller",
        }:
            return
        satisfied = self._expectations.satisfied(key)
        sync = self._view(key, job)
        self._start_clock(sync)
        self._find_end(key, sync)
        refusal: StatusError | None = None
        try:
            if sync.end is not None:
                self._end_active(key, sync, satisfied=satisfied)
            else:
                self._continue(key, sync, satisfied=satisfied)
        except StatusError as error:
            refusal = error
        self._track(key, sync)
        if refusal is not None and not is_namespace_terminating(refusal):
            raise refusal

    # --- what is there

    def _view(self, key: str, job: JSONObject) -> _Sync:
        pods = self._claim_pods(job)
        status = {"uncountedTerminatedPods": {}, **(job.get("status") or {})}
        waiting = status["uncountedTerminatedPods"] or {}
        fresh = [pod for pod in pods if self._bears_finalizer(pod)]
        known = frozenset([*(waiting.get("succeeded") or ()), *(waiting.get("failed") or ())])
        fresh = [pod for pod in fresh if pod["metadata"]["uid"] not in known]
        succeeded = [pod for pod in fresh if pod_phase(pod) == "Succeeded"]
        failed = [pod for pod in fresh if _is_failed(pod, job)]
        policy = job["spec"].get("podFailurePolicy")
        counting = [pod for pod in failed if judge_failed_pod(policy, pod).counts]
        indexes: list[int] = []
        count = status.get("succeeded", 0) + len(succeeded) + len(waiting.get("succeeded") or ())
        if is_indexed(job):
            indexes = succeeded_indexes(job, pods)
            count = len(indexes)
        return _Sync(
            job=job,
            status=status,
            pods=pods,
            active=[pod for pod in pods if is_pod_active(pod)],
            terminating=sum(map(is_pod_terminating, pods)),
            succeeded=count,
            failed=status.get("failed", 0) + len(counting) + len(waiting.get("failed") or ()),
            indexes=indexes,
            end=None,
            backoff=next_record(
                self._backoffs.get(key, BackoffRecord()), succeeded, counting, self.sim.now_ms
            ),
        )

    def _claim_pods(self, job: JSONObject) -> list[JSONObject]:
        selector = selector_from_label_selector(job["spec"]["selector"])
        manager = ControllerRefManager(self.client, job, selector, JOBS, PODS)
        owned = self._pods.by_index(BY_CONTROLLER, job["metadata"]["uid"])
        orphans = self._pods.by_index(ORPHANS, job["metadata"]["namespace"])
        return manager.claim([*owned, *orphans])

    def _bears_finalizer(self, pod: JSONObject) -> bool:
        metadata = pod["metadata"]
        return (
            TRACKING_FINALIZER in (metadata.get("finalizers") or ())
            and metadata["uid"] not in self._released
        )

    def _start_clock(self, sync: _Sync) -> None:
        if "startTime" not in sync.status and not sync.job["spec"].get("suspend"):
            sync.status = {**sync.status, "startTime": time_text(self.sim.now_ms)}

    # --- whether it is over

    def _find_end(self, key: str, sync: _Sync) -> None:
        met = find_condition(sync.status, SUCCESS_CRITERIA_MET)
        target = find_condition(sync.status, FAILURE_TARGET)
        if met is not None or target is not None:
            sync.end = met or target
            return
        words = self._failure(key, sync)
        if words is not None:
            sync.end = new_condition(FAILURE_TARGET, *words, self.sim.now_ms)
        elif is_indexed(sync.job):
            message = match_success_policy(sync.job, sync.indexes)
            if message:
                sync.end = new_condition(
                    SUCCESS_CRITERIA_MET, "SuccessPolicy", message, self.sim.now_ms
                )

    def _failure(self, key: str, sync: _Sync) -> tuple[str, str] | None:
        spec = sync.job["spec"]
        policy = spec.get("podFailurePolicy")
        if policy:
            for pod in sync.pods:
                verdict = judge_failed_pod(policy, pod) if _is_failed(pod, sync.job) else None
                if verdict is not None and verdict.failure:
                    return "PodFailurePolicy", verdict.failure
        limit = spec.get("backoffLimit", 6)
        if sync.failed > limit or past_backoff_limit_on_failure(sync.job, sync.pods):
            return "BackoffLimitExceeded", "Job has reached the specified backoff limit"
        deadline = spec.get("activeDeadlineSeconds")
        if deadline is not None and not spec.get("suspend"):
            left_ms = parse_time(sync.status["startTime"]) + deadline * 1000 - self.sim.now_ms
            if left_ms <= 0:
                return "DeadlineExceeded", "Job was active longer than specified deadline"
            self.enqueue_after(key, left_ms)
        return None

    # --- starting and stopping Pods

    def _end_active(self, key: str, sync: _Sync, *, satisfied: bool) -> None:
        end, sync.end = sync.end, None
        self._delete_pods(key, sync, sync.active)
        if satisfied:
            sync.end = end

    def _continue(self, key: str, sync: _Sync, *, satisfied: bool) -> None:
        spec = sync.job["spec"]
        manages = satisfied and "deletionTimestamp" not in sync.job["metadata"]
        created = self._manage(key, sync) if manages else 0
        active = len(sync.active) + created
        completions = spec.get("completions")
        enough = sync.succeeded > 0 if completions is None else sync.succeeded >= completions
        if enough and not active:
            message = "Reached expected number of succeeded pods"
            sync.end = new_condition(
                SUCCESS_CRITERIA_MET, "CompletionsReached", message, self.sim.now_ms
            )
        elif manages:
            self._note_suspension(sync)
        sync.status = {**sync.status, "active": active}

    def _note_suspension(self, sync: _Sync) -> None:
        now_ms = self.sim.now_ms
        known = find_condition(sync.status, SUSPENDED)
        if sync.job["spec"].get("suspend") and known is None:
            condition = new_condition(SUSPENDED, "JobSuspended", "Job suspended", now_ms)
            sync.status = with_condition(sync.status, condition)
            self._events.event(sync.job, "Normal", "Suspended", "Job suspended")
        elif not sync.job["spec"].get("suspend") and known is not None:
            condition = new_condition(
                SUSPENDED, "JobResumed", "Job resumed", now_ms, status="False"
            )
            sync.status = with_condition(sync.status, condition)
            sync.status = {**sync.status, "startTime": time_text(now_ms)}
            self._events.event(sync.job, "Normal", "Resumed", "Job resumed")

    def _manage(self, key: str, sync: _Sync) -> int:
        """Bring the number of active Pods to the wanted one; return how many were created."""
        spec = sync.job["spec"]
        if spec.get("suspend"):
            self._dismiss_pods(key, sync, sync.active)
            return 0
        wanted = _wanted_active(sync)
        surplus = _surplus(sync, wanted)
        if surplus:
            self._dismiss_pods(key, sync, surplus[:MOST_PODS_AT_ONCE])
            return 0
        missing = wanted - len(sync.active)
        if spec.get("podReplacementPolicy") == "Failed":
            missing -= sync.terminating
        if missing <= 0:
            return 0
        wait_ms = sync.backoff.wait_ms(self.sim.now_ms)
        if wait_ms:
            self.enqueue_after(key, wait_ms)
            return 0
        return self._create_pods(key, sync, min(missing, MOST_PODS_AT_ONCE))

    def _create_pods(self, key: str, sync: _Sync, count: int) -> int:
        job = sync.job
        indexed = is_indexed(job)
        indexes: list[int] = []
        if indexed:
            completions = int(job["spec"]["completions"])
            indexes = pending_indexes(completions, sync.indexes, sync.active, count)
            count = len(indexes)
        if not count:
            return 0
        self._expectations.expect_creations(key, count)
        template = _tracked(job["spec"]["template"])
        name = job["metadata"]["name"]

        def create(number: int) -> None:
            body = pod_from_template(job, template)
            if indexed:
                index = indexes[number]
                prefix = f"{name[: 57 - len(str(index))]}-{index}-"
                body = pod_from_template(
                    job, with_index(template, name, index), generateName=prefix
                )
            self._pod_control.create(job, body)

        created, refusal = slow_start(count, create)
        self._expectations.creation_observed(key, count - created)
        if created:
            self.acted(job, f"Job controller created {created} {'Pod' if created == 1 else 'Pods'}")
        if refusal is not None:
            raise refusal
        return created

    def _dismiss_pods(self, key: str, sync: _Sync, pods: list[JSONObject]) -> None:
        """Delete Pods that did nothing wrong: without their finalizer they do not count as failed."""
        for pod in pods:
            if self._bears_finalizer(pod):
                self._remove_finalizer(pod)
        self._delete_pods(key, sync, pods)

    def _delete_pods(self, key: str, sync: _Sync, pods: list[JSONObject]) -> None:
        if not pods:
            return
        self._expectations.expect_deletions(key, map(namespaced_name, pods))
        gone = []
        try:
            for pod in pods:
                if not self._pod_control.delete(sync.job, pod):
                    self._expectations.deletion_observed(key, namespaced_name(pod))
                gone.append(pod["metadata"]["uid"])
        finally:
            sync.active = [pod for pod in sync.active if pod["metadata"]["uid"] not in gone]
            sync.terminating += len(gone)
        noun = "Pod" if len(gone) == 1 else "Pods"
        self.acted(sync.job, f"Job controller deleted {len(gone)} {noun}")

    # --- counting

    def _track(self, key: str, sync: _Sync) -> None:
        """Name ended Pods in the status, remove their finalizers, count them, and end the Job."""
        job = sync.job
        with_finalizer = {pod["metadata"]["uid"] for pod in sync.pods if self._bears_finalizer(pod)}
        counts = {"ready": sum(map(is_pod_ready, sync.active)), "terminating": sync.terminating}
        status = {"active": len(sync.active), **sync.status, **counts}
        if sync.end is not None:
            status["active"] = len(sync.active)
        status = with_counted(status, with_finalizer)
        released = self._released_pods(sync)
        status = _with_ended(job, status, sync, released)
        if sync.end is not None:
            status = with_condition(status, sync.end)
        job, status = self._write(job, status)
        self._backoffs[key] = sync.backoff
        for pod in released:
            self._remove_finalizer(pod)
            with_finalizer.discard(pod["metadata"]["uid"])
        status = with_counted(status, with_finalizer)
        if is_indexed(job):
            status["succeeded"] = len(sync.indexes)
        end = self._final_condition(sync, status)
        if end is not None:
            status = with_condition(status, end)
            if end["type"] == COMPLETE:
                status["completionTime"] = end["lastTransitionTime"]
        job, _ = self._write(job, status)
        if end is not None:
            self._tell_finished(job, end)

    def _released_pods(self, sync: _Sync) -> list[JSONObject]:
        """Pods whose end can be counted now, in order of index."""
        released = [
            pod
            for pod in sync.pods
            if self._bears_finalizer(pod)
            and (
                sync.end is not None
                or "deletionTimestamp" in sync.job["metadata"]
                or pod_phase(pod) == "Succeeded"
                or _is_failed(pod, sync.job)
            )
        ]
        return sorted(released, key=index_of)[:MOST_UNCOUNTED]

    def _final_condition(self, sync: _Sync, status: JSONObject) -> JSONObject | None:
        """Complete or Failed, once nothing is left to be counted or waited for."""
        if sync.end is None or status.get("uncountedTerminatedPods") or sync.terminating:
            return None
        type_ = COMPLETE if sync.end["type"] == SUCCESS_CRITERIA_MET else FAILED
        words = (sync.end.get("reason", ""), sync.end.get("message", ""))
        return new_condition(type_, *words, self.sim.now_ms)

    def _tell_finished(self, job: JSONObject, end: JSONObject) -> None:
        if end["type"] == COMPLETE:
            self._events.event(job, "Normal", "Completed", "Job completed")
        else:
            self._events.event(job, "Warning", end["reason"], end["message"])
        self.acted(job, f"Job controller marked the Job {end['type']}: {end.get('reason', '')}")

    def _write(self, job: JSONObject, status: JSONObject) -> tuple[JSONObject, JSONObject]:
        status = {
            key: value
            for key, value in status.items()
            if value or key not in {"active", "succeeded", "failed", "completedIndexes"}
        }
        if status != job.get("status"):
            job = self.client.update(JOBS, {**job, "status": status}, "status")
        return job, status

    def _remove_finalizer(self, pod: JSONObject) -> None:
        metadata = pod["metadata"]
        finalizers = [item for item in metadata["finalizers"] if item != TRACKING_FINALIZER]
        patch = {"metadata": {"uid": metadata["uid"], "finalizers": finalizers or None}}
        self._released[metadata["uid"]] = None
        try:
            self.client.patch(PODS, metadata["namespace"], metadata["name"], patch)
        except NotFound:
            return

    def _release_orphan(self, pod_key: str) -> None:
        pod = self._pods.get(pod_key)
        if pod is None or not self._bears_finalizer(pod):
            return
        owner = controller_of(pod)
        if owner is not None and owner["kind"] == "Job":
            job = self._jobs.get(f"{pod['metadata']['namespace']}/{owner['name']}")
            if job is not None and job["metadata"]["uid"] == owner["uid"]:
                return
        self._remove_finalizer(pod)

    # --- handlers

    def _on_job_delete(self, job: JSONObject) -> None:
        self.enqueue(namespaced_name(job))
        for pod in self._pods.by_index(BY_CONTROLLER, job["metadata"]["uid"]):
            self.enqueue(_ORPHAN_PREFIX + namespaced_name(pod))

    def _on_pod_add(self, pod: JSONObject) -> None:
        key = self._job_key(pod)
        if key and "deletionTimestamp" not in pod["metadata"]:
            self._expectations.creation_observed(key)
        self._on_pod(pod, key)

    def _on_pod_update(self, old: JSONObject, new: JSONObject) -> None:
        if old["metadata"]["uid"] != new["metadata"]["uid"]:
            self._on_pod_delete(old)
            self._on_pod_add(new)
            return
        if TRACKING_FINALIZER not in (new["metadata"].get("finalizers") or ()):
            self._released.pop(new["metadata"]["uid"], None)
        key = self._job_key(new)
        if key and "deletionTimestamp" in new["metadata"]:
            self._expectations.deletion_observed(key, namespaced_name(new))
        self._on_pod(new, key)

    def _on_pod_delete(self, pod: JSONObject) -> None:
        self._released.pop(pod["metadata"]["uid"], None)
        key = self._job_key(pod)
        if key:
            self._expectations.deletion_observed(key, namespaced_name(pod))
            self.enqueue_after(key, POD_CHANGES_MS, background=False)

    def _on_pod(self, pod: JSONObject, key: str) -> None:
        if key:
            self.enqueue_after(key, POD_CHANGES_MS, background=False)
        elif TRACKING_FINALIZER in (pod["metadata"].get("finalizers") or ()):
            self.enqueue(_ORPHAN_PREFIX + namespaced_name(pod))

    def _job_key(self, pod: JSONObject) -> str:
        """The key of the Job that manages the Pod, "" when there is none."""
        owner = controller_of(pod)
        if owner is None or owner["kind"] != "Job":
            return ""
        key = f"{pod['metadata']['namespace']}/{owner['name']}"
        return key if self._jobs.get(key) is not None or not self._jobs.synced else ""


def _is_failed(pod: JSONObject, job: JSONObject) -> bool:
    """Whether the Pod counts as failed; one that is being deleted does unless told otherwise."""
    phase = pod_phase(pod)
    if phase == "Failed" or job["spec"].get("podReplacementPolicy") == "Failed":
        return phase == "Failed"
    return "deletionTimestamp" in pod["metadata"] and phase != "Succeeded"


def _wanted_active(sync: _Sync) -> int:
    spec = sync.job["spec"]
    parallelism, completions = int(spec.get("parallelism", 1)), spec.get("completions")
    if completions is None:
        return len(sync.active) if sync.succeeded else parallelism
    return max(0, min(int(completions) - sync.succeeded, parallelism))


def _surplus(sync: _Sync, wanted: int) -> list[JSONObject]:
    """Active Pods that are too many: done or doubled indexes, then the youngest."""
    surplus: list[JSONObject] = []
    if is_indexed(sync.job):
        taken = set(sync.indexes)
        for pod in sync.active:
            index = index_of(pod)
            if index in taken or not 0 <= index < int(sync.job["spec"]["completions"]):
                surplus.append(pod)
            taken.add(index)
    kept = [pod for pod in sync.active if pod not in surplus]
    kept.sort(key=_age_order)
    return [*surplus, *kept[wanted:]]


def _age_order(pod: JSONObject) -> tuple[bool, str, str]:
    metadata = pod["metadata"]
    return not pod["spec"].get("nodeName"), metadata["creationTimestamp"], metadata["name"]


def _tracked(template: JSONObject) -> JSONObject:
    metadata = template.get("metadata") or {}
    finalizers = [*(metadata.get("finalizers") or ()), TRACKING_FINALIZER]
    return {**template, "metadata": {**metadata, "finalizers": finalizers}}


def _with_ended(
    job: JSONObject, status: JSONObject, sync: _Sync, released: list[JSONObject]
) -> JSONObject:
    """A status that names the Pods whose ends are about to be counted."""
    policy = job["spec"].get("podFailurePolicy")
    ended_well = sync.end is not None and sync.end["type"] == SUCCESS_CRITERIA_MET
    succeeded, failed = [], []
    for pod in released:
        if pod_phase(pod) == "Succeeded":
            succeeded.append(pod["metadata"]["uid"])
        elif (_is_failed(pod, job) or (sync.end is not None and not ended_well)) and (
            judge_failed_pod(policy, pod).counts
        ):
            failed.append(pod["metadata"]["uid"])
    if is_indexed(job):
        text = format_indexes(sync.indexes)
        status = {**status, "completedIndexes": text, "succeeded": len(sync.indexes)}
    else:
        status = with_uncounted(status, "succeeded", succeeded)
    return with_uncounted(status, "failed", failed)
