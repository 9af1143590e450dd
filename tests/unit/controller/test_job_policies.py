"""Jobs: indexes as intervals, policies, back-off."""

from __future__ import annotations

import pytest

from tests.unit.controller.fake_api import START_MS
from webapp.apimachinery.timestamps import time_text
from webapp.controller.job.indexes import format_indexes, parse_indexes, pending_indexes
from webapp.controller.job.policies import (
    BackoffRecord,
    judge_failed_pod,
    match_success_policy,
    next_record,
)


def ended_pod(exit_code, at_ms=START_MS, **fields):
    """A Pod whose container has ended."""
    ended = {"exitCode": exit_code, "finishedAt": time_text(at_ms)}
    status = {"name": "main", "state": {"terminated": ended}}
    return {
        "metadata": {"namespace": "default", "name": "p"},
        "spec": {},
        "status": {"phase": "Failed", "containerStatuses": [status], **fields},
    }


@pytest.mark.parametrize(
    ("indexes", "text"), [([], ""), ([3], "3"), ([0, 1, 2], "0-2"), ([0, 2, 3, 7], "0,2,3,7")]
)
def test_indexes_are_written_as_intervals(indexes, text):
    """And read back."""
    assert format_indexes(indexes) == text
    assert parse_indexes(text, 10) == indexes


def test_the_lowest_free_indexes_come_first():
    """Done and active ones are left out."""
    active = [{"metadata": {"annotations": {"batch.kubernetes.io/job-completion-index": "1"}}}]
    assert pending_indexes(6, [0, 3], active, 2) == [2, 4]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param(
            {"action": "Ignore", "onExitCodes": {"operator": "In", "values": [7]}},
            (False, ""),
            id="ignored",
        ),
        pytest.param(
            {"action": "Ignore", "onExitCodes": {"operator": "NotIn", "values": [7]}},
            (True, ""),
            id="no match",
        ),
        pytest.param(
            {
                "action": "FailJob",
                "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
            },
            (True, "Pod default/p has condition DisruptionTarget matching FailJob rule at index 0"),
            id="condition",
        ),
        pytest.param(
            {
                "action": "FailJob",
                "onExitCodes": {"operator": "In", "values": [7], "containerName": "x"},
            },
            (True, ""),
            id="another container",
        ),
    ],
)
def test_the_first_rule_that_matches_decides(rule, expected):
    """Exit codes and conditions, In and NotIn."""
    conditions = [{"type": "DisruptionTarget", "status": "True"}]
    pod = ended_pod(7, conditions=conditions)
    assert judge_failed_pod({"rules": [rule]}, pod)[:2] == expected


@pytest.mark.parametrize(
    ("rule", "met"),
    [
        pytest.param({"succeededIndexes": "0-1"}, True, id="these"),
        pytest.param({"succeededIndexes": "0-2"}, False, id="not all of these"),
        pytest.param({"succeededIndexes": "0-3", "succeededCount": 2}, True, id="two of these"),
        pytest.param({"succeededCount": 3}, False, id="any three"),
    ],
)
def test_the_success_policy_counts_indexes(rule, met):
    """0 and 1 have succeeded."""
    job = {"spec": {"completions": 5, "successPolicy": {"rules": [rule]}}}
    assert bool(match_success_policy(job, [0, 1])) is met


def test_the_back_off_doubles_with_each_failure_and_forgets_after_a_success():
    """10 s, 20 s, 40 s; at most ten minutes."""
    record = BackoffRecord()
    waits = []
    for number in range(8):
        at_ms = START_MS + number * 1000
        record = next_record(record, [], [ended_pod(1, at_ms)], at_ms)
        waits.append(record.wait_ms(at_ms) // 1000)
    assert waits == [10, 20, 40, 80, 160, 320, 600, 600]

    record = next_record(record, [ended_pod(0, START_MS + 60_000)], [], START_MS + 60_000)
    assert record.wait_ms(START_MS + 60_000) == 0
