"""What a Job makes of its Pods' ends: failure policy, success policy, back-off. Pure.

Models:
    pkg/controller/job/pod_failure_policy.go matchPodFailurePolicy
    pkg/controller/job/success_policy.go matchSuccessPolicy
    pkg/controller/job/backoff_utils.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from webapp.api.core.pods import container_statuses, get_pod_condition
from webapp.apimachinery.timestamps import parse_time
from webapp.controller.job.indexes import parse_indexes
from webapp.controller.pods import pod_phase

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from webapp.apimachinery.meta import JSONObject

FIRST_BACKOFF_MS = 10_000
LONGEST_BACKOFF_MS = 600_000


class Verdict(NamedTuple):
    """What the failure policy says about a failed Pod.

    Attributes:
        counts: Whether it counts towards the backoffLimit.
        failure: Why the whole Job fails because of it; "" when it does not.
        fails_index: Whether its index fails for good because of it.
    """

    counts: bool = True
    failure: str = ""
    fails_index: bool = False


def judge_failed_pod(policy: JSONObject | None, pod: JSONObject) -> Verdict:
    """The first rule that matches decides; without one the failure counts."""
    for number, rule in enumerate((policy or {}).get("rules") or ()):
        matched = _match_exit_codes(rule, pod) or _match_conditions(rule, pod)
        if not matched:
            continue
        action = rule["action"]
        if action == "Ignore":
            return Verdict(counts=False)
        if action == "FailJob":
            return Verdict(failure=f"{matched} matching {action} rule at index {number}")
        return Verdict(fails_index=action == "FailIndex")
    return Verdict()


def _match_exit_codes(rule: JSONObject, pod: JSONObject) -> str:
    wanted = rule.get("onExitCodes")
    if not wanted:
        return ""
    for name, status in container_statuses(pod).items():
        if wanted.get("containerName") and wanted["containerName"] != name:
            continue
        ended = (status.get("state") or {}).get("terminated")
        if not ended or not ended.get("exitCode"):
            continue
        listed = ended["exitCode"] in wanted["values"]
        if listed == (wanted["operator"] == "In"):
            metadata = pod["metadata"]
            return (
                f"Container {name} for pod {metadata['namespace']}/{metadata['name']} "
                f"failed with exit code {ended['exitCode']}"
            )
    return ""


def _match_conditions(rule: JSONObject, pod: JSONObject) -> str:
    for wanted in rule.get("onPodConditions") or ():
        held = get_pod_condition(pod, wanted["type"])
        if held is not None and held["status"] == wanted.get("status", "True"):
            metadata = pod["metadata"]
            return f"Pod {metadata['namespace']}/{metadata['name']} has condition {wanted['type']}"
    return ""


def match_success_policy(job: JSONObject, succeeded: Sequence[int]) -> str:
    """Which rule of the success policy is met, in upstream's words; "" when none."""
    completions = int(job["spec"].get("completions") or 0)
    done = frozenset(succeeded)
    for number, rule in enumerate((job["spec"].get("successPolicy") or {}).get("rules") or ()):
        wanted = frozenset(range(completions))
        if rule.get("succeededIndexes") is not None:
            wanted = frozenset(parse_indexes(rule["succeededIndexes"], completions))
        count = rule.get("succeededCount")
        if len(wanted & done) >= (len(wanted) if count is None else int(count)):
            return f"Matched rules at index {number}"
    return ""


class BackoffRecord(NamedTuple):
    """How a Job's Pods have failed lately.

    Attributes:
        failures: Since the last success.
        last_ms: When the last of them ended.
    """

    failures: int = 0
    last_ms: int = 0

    def wait_ms(self, now_ms: int) -> int:
        """How long no new Pod is to be started."""
        if not self.failures:
            return 0
        delay_ms = min(FIRST_BACKOFF_MS << min(self.failures - 1, 20), LONGEST_BACKOFF_MS)
        return max(0, self.last_ms + delay_ms - now_ms)


def next_record(
    record: BackoffRecord,
    succeeded: Iterable[JSONObject],
    failed: Iterable[JSONObject],
    now_ms: int,
) -> BackoffRecord:
    """The record with Pods that have ended since."""
    success_ms = max((finished_ms(pod, now_ms) for pod in succeeded), default=0)
    failures = record.failures
    last_ms = record.last_ms
    if success_ms:
        failures = 0
    for ended_ms in sorted(finished_ms(pod, now_ms) for pod in failed):
        if ended_ms > success_ms:
            failures += 1
            last_ms = max(last_ms, ended_ms)
    return BackoffRecord(failures, last_ms)


def finished_ms(pod: JSONObject, now_ms: int) -> int:
    """When the Pod's last container ended, or about when it was deleted."""
    texts = [
        ((status.get("state") or {}).get("terminated") or {}).get("finishedAt")
        for status in (pod.get("status") or {}).get("containerStatuses") or ()
    ]
    times = [parse_time(text) for text in texts if text]
    if times:
        return max(times)
    deleted = pod["metadata"].get("deletionTimestamp")
    return parse_time(deleted) if deleted else now_ms


def past_backoff_limit_on_failure(job: JSONObject, pods: Iterable[JSONObject]) -> bool:
    """Whether containers that are restarted in place have been so too often."""
    if job["spec"]["template"]["spec"].get("restartPolicy") != "OnFailure":
        return False
    restarts = sum(
        status.get("restartCount", 0)
        for pod in pods
        if pod_phase(pod) in {"Pending", "Running"}
        for field in ("initContainerStatuses", "containerStatuses")
        for status in (pod.get("status") or {}).get(field) or ()
    )
    limit = job["spec"].get("backoffLimit", 6)
    return bool(restarts > 0 if limit == 0 else restarts >= limit)
