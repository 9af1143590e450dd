"""Counting the ends of a Job's Pods, each exactly once, and ending the Job.

First the status names the ended Pods, then their finalizers go, then the counters grow: whatever
happens between two of these steps, no end is missed and none counted twice.

Models:
    pkg/controller/job/job_controller.go trackJobStatusAndRemoveFinalizers, flushUncountedAndRemoveFinalizers
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import JOBS
from webapp.controller.job.indexes import format_indexes, index_of, is_indexed
from webapp.controller.job.policies import judge_failed_pod
from webapp.controller.job.status import (
    COMPLETE,
    FAILED,
    SUCCESS_CRITERIA_MET,
    new_condition,
    with_condition,
    with_counted,
    with_uncounted,
)
from webapp.controller.job.view import is_failed
from webapp.controller.pods import is_pod_ready, pod_phase

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.client.rest import RESTClient
    from webapp.controller.job.pods import JobPods
    from webapp.controller.job.view import JobView

MOST_UNCOUNTED = 500
"""Pods named in the status at once at most."""

_LEFT_OUT_WHEN_EMPTY = frozenset(
    {"active", "completedIndexes", "failed", "failedIndexes", "succeeded"}
)


class JobTracker:
    """Writes Jobs' status."""

    def __init__(self, client: RESTClient, pods: JobPods) -> None:
        self._client = client
        self._pods = pods

    def track(self, view: JobView, now_ms: int) -> JSONObject | None:
        """Count what has ended; return the condition with which the Job has now ended, if it has.

        Raises:
            StatusError: The API server refuses a write; the next sync goes on from there.
        """
        job = view.job
        bearers = {pod["metadata"]["uid"] for pod in view.pods if self._pods.bears_finalizer(pod)}
        counts = {"ready": sum(map(is_pod_ready, view.active)), "terminating": view.terminating}
        status = {"active": len(view.active), **view.status, **counts}
        if view.end is not None:
            status["active"] = len(view.active)
        status = with_counted(status, bearers)
        released = self._released_pods(view)
        status = _with_ended(status, view, released)
        if view.end is not None:
            status = with_condition(status, view.end)
        job, status = self._write(job, status)
        for pod in released:
            self._pods.remove_finalizer(pod)
            bearers.discard(pod["metadata"]["uid"])
        status = with_counted(status, bearers)
        if is_indexed(job):
            status["succeeded"] = len(view.indexes)
        end = _final_condition(view, status, now_ms)
        if end is not None:
            status = with_condition(status, end)
            if end["type"] == COMPLETE:
                status["completionTime"] = end["lastTransitionTime"]
        self._write(job, status)
        return end

    def _released_pods(self, view: JobView) -> list[JSONObject]:
        """Pods whose end can be counted now, in order of index."""
        ends = view.end is not None or "deletionTimestamp" in view.job["metadata"]
        held = {pod["metadata"]["uid"] for pod in view.held.values()}
        released = [
            pod
            for pod in view.pods
            if self._pods.bears_finalizer(pod)
            and (ends or pod_phase(pod) == "Succeeded" or is_failed(pod, view.job))
            and (ends or pod["metadata"]["uid"] not in held)
        ]
        return sorted(released, key=index_of)[:MOST_UNCOUNTED]

    def _write(self, job: JSONObject, status: JSONObject) -> tuple[JSONObject, JSONObject]:
        status = {
            key: value for key, value in status.items() if value or key not in _LEFT_OUT_WHEN_EMPTY
        }
        if status != job.get("status"):
            job = self._client.update(JOBS, {**job, "status": status}, "status")
        return job, status


def _final_condition(view: JobView, status: JSONObject, now_ms: int) -> JSONObject | None:
    """Complete or Failed, once nothing is left to be counted or waited for."""
    if view.end is None or status.get("uncountedTerminatedPods") or view.terminating:
        return None
    type_ = COMPLETE if view.end["type"] == SUCCESS_CRITERIA_MET else FAILED
    words = (view.end.get("reason", ""), view.end.get("message", ""))
    return new_condition(type_, *words, now_ms)


def _with_ended(status: JSONObject, view: JobView, released: list[JSONObject]) -> JSONObject:
    """A status that names the Pods whose ends are about to be counted."""
    job = view.job
    policy = job["spec"].get("podFailurePolicy")
    fails = view.end is not None and view.end["type"] != SUCCESS_CRITERIA_MET
    succeeded, failed = [], []
    for pod in released:
        if pod_phase(pod) == "Succeeded":
            succeeded.append(pod["metadata"]["uid"])
        elif (is_failed(pod, job) or fails) and judge_failed_pod(policy, pod).counts:
            failed.append(pod["metadata"]["uid"])
    if is_indexed(job):
        text = format_indexes(view.indexes)
        status = {**status, "completedIndexes": text, "succeeded": len(view.indexes)}
        if view.failed_indexes is not None:
            status["failedIndexes"] = format_indexes(view.failed_indexes)
    else:
        status = with_uncounted(status, "succeeded", succeeded)
    return with_uncounted(status, "failed", failed)
