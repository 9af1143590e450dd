"""The Job controller: starts Pods until enough of them have succeeded or too many have failed.

Jobs and Pods enter through informers; Pods, status and Events leave through the API. A sync takes a
view of the Job, decides whether it is over, brings the number of Pods to the wanted one, and counts
what has ended.

Models:
    pkg/controller/job/job_controller.go syncJob, manageJob
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import JOBS, PODS
from webapp.apimachinery.meta import controller_of, namespaced_name
from webapp.apimachinery.status import StatusError
from webapp.apimachinery.timestamps import parse_time, time_text
from webapp.controller.controller import Controller, is_namespace_terminating
from webapp.controller.indexes import BY_CONTROLLER
from webapp.controller.job.indexes import is_indexed, succeeded_indexes
from webapp.controller.job.per_index import (
    failed_indexes,
    fails_by_index,
    failure_words,
    held_pods,
)
from webapp.controller.job.pods import TRACKING_FINALIZER, JobPods
from webapp.controller.job.policies import (
    BackoffRecord,
    judge_failed_pod,
    match_success_policy,
    next_record,
    past_backoff_limit_on_failure,
)
from webapp.controller.job.status import (
    COMPLETE,
    FAILURE_TARGET,
    SUCCESS_CRITERIA_MET,
    SUSPENDED,
    find_condition,
    finished_condition,
    new_condition,
    with_condition,
)
from webapp.controller.job.tracking import JobTracker
from webapp.controller.job.view import (
    JobView,
    is_failed,
    only_failed_are_replaced,
    surplus_pods,
    wanted_active,
)
from webapp.controller.pods import is_pod_active, is_pod_terminating, pod_phase

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.context import ControllerContext

POD_CHANGES_MS = 1_000
"""Changes of a Job's Pods are gathered for so long."""

MOST_PODS_AT_ONCE = 500
_OWN_NAME = "kubernetes.io/job-controller"
_ORPHAN_PREFIX = "orphan:"


class JobController(Controller):
    """Reconciles Jobs; keys are ``namespace/name``, and ``orphan:namespace/name`` of Pods."""

    name = "job-controller"
    max_retries = 1 << 30

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._events = context.events(self.name)
        self._job_pods = JobPods(self, context, self._events)
        self._tracker = JobTracker(context.client, self._job_pods)
        self._expectations = self._job_pods.expectations
        self._backoffs: dict[str, BackoffRecord] = {}
        self._jobs = context.informers.informer(JOBS)
        self._pods = context.informers.informer(PODS)
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
        managed_by = job["spec"].get("managedBy")
        if finished_condition(job) is not None or managed_by not in {None, _OWN_NAME}:
            return
        satisfied = self._expectations.satisfied(key)
        view = self._view(key, job)
        if "startTime" not in view.status and not job["spec"].get("suspend"):
            view.status = {**view.status, "startTime": time_text(self.sim.now_ms)}
        self._find_end(key, view)
        refusal: StatusError | None = None
        try:
            if view.end is not None:
                self._end_active(key, view, satisfied=satisfied)
            else:
                self._continue(key, view, satisfied=satisfied)
        except StatusError as error:
            refusal = error
        self._backoffs[key] = view.backoff
        end = self._tracker.track(view, self.sim.now_ms)
        if end is not None:
            self._tell_finished(job, end)
        if refusal is not None and not is_namespace_terminating(refusal):
            raise refusal

    # --- what is there

    def _view(self, key: str, job: JSONObject) -> JobView:
        pods = self._job_pods.claim(job)
        status = {"uncountedTerminatedPods": {}, **(job.get("status") or {})}
        waiting = status["uncountedTerminatedPods"] or {}
        known = frozenset([*(waiting.get("succeeded") or ()), *(waiting.get("failed") or ())])
        fresh = [
            pod
            for pod in pods
            if self._job_pods.bears_finalizer(pod) and pod["metadata"]["uid"] not in known
        ]
        succeeded = [pod for pod in fresh if pod_phase(pod) == "Succeeded"]
        policy = job["spec"].get("podFailurePolicy")
        counting = [
            pod for pod in fresh if is_failed(pod, job) and judge_failed_pod(policy, pod).counts
        ]
        active = [pod for pod in pods if is_pod_active(pod)]
        count = status.get("succeeded", 0) + len(succeeded) + len(waiting.get("succeeded") or ())
        indexes: list[int] = []
        lost: list[int] | None = None
        held: dict[int, JSONObject] = {}
        if is_indexed(job):
            indexes = succeeded_indexes(job, pods)
            count = len(indexes)
        if fails_by_index(job):
            lost = failed_indexes(job, fresh)
            held = held_pods(job, fresh, [*indexes, *lost], active)
        return JobView(
            job=job,
            status=status,
            pods=pods,
            active=active,
            terminating=sum(map(is_pod_terminating, pods)),
            succeeded=count,
            failed=status.get("failed", 0) + len(counting) + len(waiting.get("failed") or ()),
            indexes=indexes,
            failed_indexes=lost,
            held=held,
            end=None,
            backoff=next_record(
                self._backoffs.get(key, BackoffRecord()), succeeded, counting, self.sim.now_ms
            ),
        )

    # --- whether it is over

    def _find_end(self, key: str, view: JobView) -> None:
        met = find_condition(view.status, SUCCESS_CRITERIA_MET)
        target = find_condition(view.status, FAILURE_TARGET)
        if met is not None or target is not None:
            view.end = met or target
            return
        words = self._failure(key, view)
        if words is not None:
            view.end = new_condition(FAILURE_TARGET, *words, self.sim.now_ms)
        elif is_indexed(view.job):
            message = match_success_policy(view.job, view.indexes)
            if message:
                view.end = new_condition(
                    SUCCESS_CRITERIA_MET, "SuccessPolicy", message, self.sim.now_ms
                )

    def _failure(self, key: str, view: JobView) -> tuple[str, str] | None:
        spec = view.job["spec"]
        policy = spec.get("podFailurePolicy")
        if policy:
            for pod in view.pods:
                verdict = judge_failed_pod(policy, pod) if is_failed(pod, view.job) else None
                if verdict is not None and verdict.failure:
                    return "PodFailurePolicy", verdict.failure
        limit = spec.get("backoffLimit", 6)
        if view.failed > limit or past_backoff_limit_on_failure(view.job, view.pods):
            return "BackoffLimitExceeded", "Job has reached the specified backoff limit"
        deadline = spec.get("activeDeadlineSeconds")
        if deadline is not None and not spec.get("suspend"):
            left_ms = parse_time(view.status["startTime"]) + deadline * 1000 - self.sim.now_ms
            if left_ms <= 0:
                return "DeadlineExceeded", "Job was active longer than specified deadline"
            self.enqueue_after(key, left_ms)
        if view.failed_indexes is None:
            return None
        return failure_words(view.job, view.failed_indexes, view.indexes)

    # --- starting and stopping Pods

    def _end_active(self, key: str, view: JobView, *, satisfied: bool) -> None:
        end, view.end = view.end, None
        self._job_pods.delete(key, view, view.active)
        if satisfied:
            view.end = end

    def _continue(self, key: str, view: JobView, *, satisfied: bool) -> None:
        spec = view.job["spec"]
        manages = satisfied and "deletionTimestamp" not in view.job["metadata"]
        created = self._manage(key, view) if manages else 0
        active = len(view.active) + created
        completions = spec.get("completions")
        enough = view.succeeded > 0 if completions is None else view.succeeded >= completions
        if enough and not active:
            message = "Reached expected number of succeeded pods"
            view.end = new_condition(
                SUCCESS_CRITERIA_MET, "CompletionsReached", message, self.sim.now_ms
            )
        elif manages:
            self._note_suspension(view)
        view.status = {**view.status, "active": active}

    def _note_suspension(self, view: JobView) -> None:
        now_ms = self.sim.now_ms
        known = find_condition(view.status, SUSPENDED)
        if view.job["spec"].get("suspend") and known is None:
            condition = new_condition(SUSPENDED, "JobSuspended", "Job suspended", now_ms)
            view.status = with_condition(view.status, condition)
            self._events.event(view.job, "Normal", "Suspended", "Job suspended")
        elif not view.job["spec"].get("suspend") and known is not None:
            condition = new_condition(
                SUSPENDED, "JobResumed", "Job resumed", now_ms, status="False"
            )
            view.status = with_condition(view.status, condition)
            view.status = {**view.status, "startTime": time_text(now_ms)}
            self._events.event(view.job, "Normal", "Resumed", "Job resumed")

    def _manage(self, key: str, view: JobView) -> int:
        """Bring the number of active Pods to the wanted one; return how many are created."""
        if view.job["spec"].get("suspend"):
            self._job_pods.dismiss(key, view, view.active)
            return 0
        wanted = wanted_active(view)
        surplus = surplus_pods(view, wanted)
        if surplus:
            self._job_pods.dismiss(key, view, surplus[:MOST_PODS_AT_ONCE])
            return 0
        missing = wanted - len(view.active)
        if only_failed_are_replaced(view.job):
            missing -= view.terminating
        if missing <= 0:
            return 0
        if not fails_by_index(view.job):
            wait_ms = view.backoff.wait_ms(self.sim.now_ms)
            if wait_ms:
                self.enqueue_after(key, wait_ms)
                return 0
        return self._job_pods.create(key, view, min(missing, MOST_PODS_AT_ONCE))

    def _tell_finished(self, job: JSONObject, end: JSONObject) -> None:
        if end["type"] == COMPLETE:
            self._events.event(job, "Normal", "Completed", "Job completed")
        else:
            self._events.event(job, "Warning", end["reason"], end["message"])
        self.acted(job, f"Job controller marked the Job {end['type']}: {end.get('reason', '')}")

    def _release_orphan(self, pod_key: str) -> None:
        pod = self._pods.get(pod_key)
        if pod is None or not self._job_pods.bears_finalizer(pod):
            return
        owner = controller_of(pod)
        if owner is not None and owner["kind"] == "Job":
            job = self._jobs.get(f"{pod['metadata']['namespace']}/{owner['name']}")
            if job is not None and job["metadata"]["uid"] == owner["uid"]:
                return
        self._job_pods.remove_finalizer(pod)

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
            self._job_pods.forget(new)
        key = self._job_key(new)
        if key and "deletionTimestamp" in new["metadata"]:
            self._expectations.deletion_observed(key, namespaced_name(new))
        self._on_pod(new, key)

    def _on_pod_delete(self, pod: JSONObject) -> None:
        self._job_pods.forget(pod)
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
