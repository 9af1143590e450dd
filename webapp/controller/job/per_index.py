"""Jobs whose indexes fail one by one: how often each has failed, and which are lost. Pure.

The count of an index's failures is kept in an annotation of its Pods. So that it is not lost, the last
failed Pod of an index stays until another one has taken its place.

Models:
    pkg/controller/job/indexed_job_utils.go calculateFailedIndexes, getPodsWithDelayedDeletionPerIndex
    pkg/controller/job/backoff_utils.go getRemainingTimePerIndex
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.controller.job.indexes import index_of, parse_indexes
from webapp.controller.job.policies import BackoffRecord, finished_ms, judge_failed_pod
from webapp.controller.job.view import is_failed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from webapp.apimachinery.meta import JSONObject

FAILURES_KEY = "batch.kubernetes.io/job-index-failure-count"
IGNORED_KEY = "batch.kubernetes.io/job-index-ignored-failure-count"


def fails_by_index(job: JSONObject) -> bool:
    """Whether each index has a back-off limit of its own."""
    return job["spec"].get("backoffLimitPerIndex") is not None


def failed_indexes(job: JSONObject, pods: Iterable[JSONObject]) -> list[int]:
    """Indexes that the status counts as failed or that just failed once too often, sorted."""
    completions = int(job["spec"]["completions"])
    counted = parse_indexes((job.get("status") or {}).get("failedIndexes") or "", completions)
    fresh = {index_of(pod) for pod in pods if _is_last_failure(job, pod)}
    return sorted({*counted, *(index for index in fresh if 0 <= index < completions)})


def held_pods(
    job: JSONObject,
    pods: Iterable[JSONObject],
    finished: Collection[int],
    active: Iterable[JSONObject],
) -> dict[int, JSONObject]:
    """Index → its last failed Pod, for the indexes that wait for another one.

    Args:
        job: The Job.
        pods: Its Pods that have not been counted yet.
        finished: Indexes that need no Pod any more.
        active: Pods that run or may still run.
    """
    done = {*finished, *map(index_of, active)}
    held: dict[int, JSONObject] = {}
    for pod in pods:
        index = index_of(pod)
        if not is_failed(pod, job) or index in done:
            continue
        known = held.get(index)
        if known is None or _all_failures(pod) > _all_failures(known):
            held[index] = pod
    return held


def next_counts(job: JSONObject, failed_pod: JSONObject | None) -> dict[str, str]:
    """Annotations for the Pod that takes the place of a failed one, or comes first."""
    if failed_pod is None:
        return {FAILURES_KEY: "0"}
    failures, ignored = _count(failed_pod, FAILURES_KEY), _count(failed_pod, IGNORED_KEY)
    if judge_failed_pod(job["spec"].get("podFailurePolicy"), failed_pod).counts:
        failures += 1
    else:
        ignored += 1
    counts = {FAILURES_KEY: str(failures)}
    return {**counts, IGNORED_KEY: str(ignored)} if ignored else counts


def wait_ms(failed_pod: JSONObject | None, now_ms: int) -> int:
    """How long the index of a failed Pod waits for the next one."""
    if failed_pod is None:
        return 0
    failures = _all_failures(failed_pod) + 1
    return BackoffRecord(failures, finished_ms(failed_pod, now_ms)).wait_ms(now_ms)


def failure_words(
    job: JSONObject, failed: Collection[int], succeeded: Collection[int]
) -> tuple[str, str] | None:
    """Why the whole Job fails for its indexes, if it does."""
    most = job["spec"].get("maxFailedIndexes")
    if most is not None and len(failed) > int(most):
        message = "Job has exceeded the specified maximal number of failed indexes"
        return "MaxFailedIndexesExceeded", message
    if failed and len(failed) + len(succeeded) >= int(job["spec"]["completions"]):
        return "FailedIndexes", "Job has failed indexes"
    return None


def _is_last_failure(job: JSONObject, pod: JSONObject) -> bool:
    if not is_failed(pod, job):
        return False
    verdict = judge_failed_pod(job["spec"].get("podFailurePolicy"), pod)
    if verdict.fails_index:
        return True
    limit = int(job["spec"]["backoffLimitPerIndex"])
    return verdict.counts and _count(pod, FAILURES_KEY) >= limit


def _all_failures(pod: JSONObject) -> int:
    return _count(pod, FAILURES_KEY) + _count(pod, IGNORED_KEY)


def _count(pod: JSONObject, key: str) -> int:
    text = (pod["metadata"].get("annotations") or {}).get(key, "")
    return int(text) if text.isdecimal() else 0
