"""CronJobs by the clock: missed runs, deadlines, summer time, a day of runs, failures, manual runs."""

from __future__ import annotations

import pytest

from tests.factories import make_container
from tests.scenario.test_cronjob import make_cron_job, to_next_minute
from tests.scenario.test_node_failure import make_fault
from tests.world import START_MS, World
from webapp.apimachinery.status import Invalid
from webapp.apimachinery.timestamps import parse_time

SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"


def scheduled(world):
    """When the Jobs that are there were due, in order."""
    return sorted(job["metadata"]["annotations"][SCHEDULED] for job in world.list("Job"))


def test_a_year_of_missed_minutes_is_made_up_for_once_and_told(world):
    """Half a million runs are not counted one by one."""
    to_next_minute(world)
    world.create(make_cron_job(suspend=True))
    world.run_for(seconds=365 * 86_400)

    world.patch("CronJob", "tick", {"spec": {"suspend": False}})
    world.run_for(seconds=30)

    assert len(world.list("Job")) == 1
    assert world.events("tick")[0] == (
        "TooManyMissedTimes: too many missed start times. Set or decrease "
        ".spec.startingDeadlineSeconds or check clock skew"
    )


def test_a_deadline_bounds_how_far_back_is_looked(world):
    """No word about too many with a deadline of two minutes."""
    to_next_minute(world)
    world.create(make_cron_job(suspend=True, startingDeadlineSeconds=120))
    world.run_for(seconds=86_400)

    world.patch("CronJob", "tick", {"spec": {"suspend": False}})
    world.run_for(seconds=30)

    assert len(world.list("Job")) == 1
    assert not any(text.startswith("TooMany") for text in world.events("tick"))


def test_a_stopped_controller_manager_makes_up_for_the_latest_run(world):
    """Ten minutes without it: one run, late, named after its time."""
    to_next_minute(world)
    world.create(make_cron_job("*/5 * * * *"))
    world.run_for(seconds=30)
    fault = make_fault("ControllerManagerDown", "")
    fault["spec"].pop("target", None)
    fault["spec"]["duration"] = "660s"
    world.create(fault)
    world.run_for(seconds=700)

    late = [
        parse_time(job["metadata"]["creationTimestamp"])
        - parse_time(job["metadata"]["annotations"][SCHEDULED])
        for job in world.list("Job")
    ]
    assert len(late) == 1
    assert late[0] > 5_000


@pytest.mark.parametrize(
    ("start", "schedule", "expected"),
    [
        pytest.param(
            "2027-03-27T12:00:00Z",
            "30 2 * * *",
            ["2027-03-29T02:30:00+02:00"],
            id="an hour that is skipped",
        ),
        pytest.param(
            "2026-10-24T12:00:00Z",
            "30 2 * * *",
            ["2026-10-25T02:30:00+01:00", "2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"],
            id="an hour that comes twice",
        ),
    ],
)
def test_summer_time_is_kept(start, schedule, expected):
    """Two days around the changes in Berlin."""
    world = World()
    world.run_for(seconds=(parse_time(start) - START_MS) / 1000)
    world.create(make_cron_job(schedule, timeZone="Europe/Berlin"))
    world.run_for(seconds=2 * 86_400)

    assert scheduled(world) == expected


def test_many_runs_keep_their_limits(world):
    """Never more than two that succeeded, one that runs and one that is going."""
    world.create(make_cron_job("*/5 * * * *", successfulJobsHistoryLimit=2))
    seen = set()

    def check():
        names = {job["metadata"]["name"] for job in world.list("Job")}
        seen.update(names)
        assert len(names) <= 4

    for _ in range(48):
        world.run_for(seconds=300)
        check()

    assert len(seen) == 48
    assert len(world.list("Job")) == 2


def test_failed_runs_have_a_limit_of_their_own(world):
    """One by default."""
    cron_job = make_cron_job()
    spec = cron_job["spec"]["jobTemplate"]["spec"]
    spec["backoffLimit"] = 0
    spec["template"]["spec"]["containers"] = [
        make_container("main", "busybox:1.37", command=["sh", "-c", "exit 3"])
    ]
    world.create(cron_job)
    world.run_for(seconds=290)

    jobs = world.list("Job")
    assert len(jobs) == 1
    conditions = {item["type"]: item for item in jobs[0]["status"]["conditions"]}
    assert conditions["Failed"]["reason"] == "BackoffLimitExceeded"
    assert "lastSuccessfulTime" not in world.get("CronJob", "tick")["status"]


def test_a_run_by_hand_is_told_as_unexpected(world):
    """``kubectl create job --from`` makes the CronJob its owner; it does not count as active."""
    world.create(make_cron_job("0 0 1 1 *"))
    world.settle()
    cron_job = world.get("CronJob", "tick")
    owner = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "name": "tick",
        "uid": cron_job["metadata"]["uid"],
        "controller": True,
    }
    world.create(
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {
                "name": "now",
                "namespace": "default",
                "annotations": {"cronjob.kubernetes.io/instantiate": "manual"},
                "ownerReferences": [owner],
            },
            "spec": cron_job["spec"]["jobTemplate"]["spec"],
        }
    )
    world.run_for(seconds=60)

    assert world.events("tick")[0] == (
        "UnexpectedJob: Saw a job that the controller did not create or forgot: now"
    )
    assert "active" not in world.get("CronJob", "tick").get("status", {})


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        pytest.param({"timeZone": "Mars/Olympus"}, "unknown time zone Mars/Olympus", id="zone"),
        pytest.param({"timeZone": "Local"}, "timeZone must be an explicit time zone", id="local"),
        pytest.param({"concurrencyPolicy": "Maybe"}, "Unsupported value", id="policy"),
        pytest.param({"startingDeadlineSeconds": -1}, "greater than or equal to 0", id="deadline"),
    ],
)
def test_what_makes_no_sense_is_refused(world, spec, problem):
    """With the field named."""
    with pytest.raises(Invalid) as refused:
        world.create(make_cron_job(**spec))
    assert problem in refused.value.message


@pytest.mark.parametrize(
    ("schedule", "problem"),
    [
        pytest.param("every minute", "expected exactly 5 fields, found 2", id="words"),
        pytest.param("61 * * * *", "end of range (61) above maximum (59)", id="range"),
        pytest.param("TZ=UTC 0 * * * *", "cannot use TZ or CRON_TZ in schedule", id="zone in it"),
    ],
)
def test_a_schedule_that_is_none_is_refused(world, schedule, problem):
    """When it is created, not when it should run."""
    with pytest.raises(Invalid) as refused:
        world.create(make_cron_job(schedule))
    assert problem in refused.value.message
