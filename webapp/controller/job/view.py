"""One sync's view of a Job and its Pods, and what follows from it. Pure.

Models:
    pkg/controller/job/job_controller.go syncJobCtx, isPodFailed, manageJob
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.controller.job.indexes import index_of, is_indexed
from webapp.controller.pods import pod_phase

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.job.policies import BackoffRecord


@dataclass(slots=True)
class JobView:
    """What a sync works with.

    Attributes:
        job: The Job.
        status: Its status, brought up to date as the sync goes on.
        pods: All its Pods.
        active: Those that run or may still run.
        terminating: How many are being deleted.
        succeeded: Pods (or indexes) that have succeeded, the uncounted included.
        failed: Pods that have failed and count, likewise.
        indexes: Indexes that are done, sorted; empty unless the Job is indexed.
        failed_indexes: Indexes that have failed for good, sorted; ``None`` unless indexes fail one by one.
        held: Index → its failed Pod that no other has replaced yet.
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
    failed_indexes: list[int] | None
    held: dict[int, JSONObject]
    end: JSONObject | None
    backoff: BackoffRecord

    def finished_indexes(self) -> list[int]:
        """Indexes that need no Pod any more."""
        return [*self.indexes, *(self.failed_indexes or ())]


def is_failed(pod: JSONObject, job: JSONObject) -> bool:
    """Whether the Pod counts as failed; one that is being deleted does unless told otherwise."""
    phase = pod_phase(pod)
    if phase == "Failed" or only_failed_are_replaced(job):
        return phase == "Failed"
    return "deletionTimestamp" in pod["metadata"] and phase != "Succeeded"


def only_failed_are_replaced(job: JSONObject) -> bool:
    """Whether Pods are replaced once they have ended, and not as soon as they are being deleted."""
    return bool(job["spec"].get("podReplacementPolicy") == "Failed")


def wanted_active(view: JobView) -> int:
    """How many Pods are to run."""
    spec = view.job["spec"]
    if spec.get("suspend"):
        return 0
    parallelism, completions = int(spec.get("parallelism", 1)), spec.get("completions")
    if completions is None:
        return len(view.active) if view.succeeded else parallelism
    left = int(completions) - view.succeeded - len(view.failed_indexes or ())
    return max(0, min(left, parallelism))


def surplus_pods(view: JobView, wanted: int) -> list[JSONObject]:
    """Active Pods that are too many: done or doubled indexes, then the youngest."""
    surplus: list[JSONObject] = []
    if is_indexed(view.job):
        taken = set(view.finished_indexes())
        for pod in view.active:
            index = index_of(pod)
            if index in taken or not 0 <= index < int(view.job["spec"]["completions"]):
                surplus.append(pod)
            taken.add(index)
    gone = {pod["metadata"]["uid"] for pod in surplus}
    kept = [pod for pod in view.active if pod["metadata"]["uid"] not in gone]
    kept.sort(key=_age_order)
    return [*surplus, *kept[wanted:]]


def _age_order(pod: JSONObject) -> tuple[bool, str, str]:
    metadata = pod["metadata"]
    return not pod["spec"].get("nodeName"), metadata["creationTimestamp"], metadata["name"]
