"""CronJobs on a whole cluster: started by the clock, limited, remembered, forgotten."""

from __future__ import annotations

import pytest

from tests.factories import make_container
from webapp.apimachinery.timestamps import parse_time

MINUTE_MS = 60_000


def make_cron_job(schedule="* * * * *", *, seconds=5, **spec):
    """A CronJob whose Jobs sleep some seconds."""
    container = make_container("main", "busybox:1.37", command=["sleep", str(seconds)])
    pod = {"restartPolicy": "Never", "containers": [container]}
    return {
        "kind": "CronJob",
        "apiVersion": "batch/v1",
        "metadata": {"name": "tick", "namespace": "default"},
        "spec": {
            "schedule": schedule,
            "jobTemplate": {"spec": {"template": {"spec": pod}}},
            **spec,
        },
    }


def to_next_minute(world):
    now_ms = world.cluster.sim.now_ms
    world.run_for(seconds=(MINUTE_MS - now_ms % MINUTE_MS) / 1000)


def test_a_job_is_made_each_minute_and_named_after_it(world):
    """100 ms after the minute, with its time as annotation; status and Events tell."""
    to_next_minute(world)
    start_ms = world.cluster.sim.now_ms
    world.create(make_cron_job())
    world.run_for(seconds=60.5)

    [job] = world.list("Job")
    assert job["metadata"]["name"] == f"tick-{start_ms // MINUTE_MS + 1}"
    scheduled = job["metadata"]["annotations"]["batch.kubernetes.io/cronjob-scheduled-timestamp"]
    assert parse_time(scheduled) == start_ms + MINUTE_MS
    status = world.get("CronJob", "tick")["status"]
    assert status["lastScheduleTime"] == scheduled
    assert [item["name"] for item in status["active"]] == [job["metadata"]["name"]]

    world.run_for(seconds=30)
    status = world.get("CronJob", "tick")["status"]
    assert "active" not in status
    assert status["lastSuccessfulTime"] > scheduled
    assert world.events("tick") == [
        f"SuccessfulCreate: Created job {job['metadata']['name']}",
        f"SawCompletedJob: Saw completed job: {job['metadata']['name']}, condition: Complete",
    ]


def test_a_day_of_runs_leaves_the_last_three(world):
    """24 hourly runs; in between the world is idle."""
    world.create(make_cron_job("0 * * * *"))
    world.settle()

    runs = set()
    for _ in range(24):
        world.run_for(seconds=3600)
        assert world.cluster.sim.is_idle
        runs |= {job["metadata"]["name"] for job in world.list("Job")}

    assert len(runs) == 24
    assert len(world.list("Job")) == 3
    assert len(world.list("Pod")) == 3


@pytest.mark.parametrize(
    ("policy", "running"),
    [
        pytest.param("Allow", 3, id="allow"),
        pytest.param("Forbid", 1, id="forbid"),
        pytest.param("Replace", 1, id="replace"),
    ],
)
def test_the_concurrency_policy_decides_about_runs_that_last(world, policy, running):
    """Three minutes of Jobs that take ten."""
    to_next_minute(world)
    world.create(make_cron_job(seconds=600, concurrencyPolicy=policy))
    world.run_for(seconds=190)

    jobs = world.list("Job")
    assert len(jobs) == running
    assert len(world.get("CronJob", "tick")["status"]["active"]) == running
    first = min(job["metadata"]["name"] for job in jobs)
    events = world.events("tick")
    if policy == "Forbid":
        assert any(text.startswith("JobAlreadyActive") for text in events)
    if policy == "Replace":
        assert sum(text.startswith("SuccessfulDelete") for text in events) == 2
        assert (
            f"SuccessfulCreate: Created job {first}"
            == [text for text in events if text.startswith("SuccessfulCreate")][-1]
        )


def test_a_suspended_cron_job_starts_nothing_and_catches_up_once(world):
    """Of all runs missed only the latest is made up for."""
    to_next_minute(world)
    world.create(make_cron_job(suspend=True))
    world.run_for(seconds=300)
    assert world.list("Job") == []

    world.patch("CronJob", "tick", {"spec": {"suspend": False}})
    world.run_for(seconds=1)
    assert len(world.list("Job")) == 1


def test_a_starting_deadline_lets_missed_runs_go(world):
    """Resumed 30 s after the minute with a deadline of 10 s, it waits for the next minute."""
    to_next_minute(world)
    world.create(make_cron_job(suspend=True, startingDeadlineSeconds=10))
    world.run_for(seconds=150)

    world.patch("CronJob", "tick", {"spec": {"suspend": False}})
    world.run_for(seconds=20)
    assert world.list("Job") == []
    world.run_for(seconds=11)
    assert len(world.list("Job")) == 1


def test_the_schedule_is_read_in_its_time_zone(world):
    """Noon in Tokyo is three in the morning in UTC."""
    world.create(make_cron_job("0 12 * * *", timeZone="Asia/Tokyo"))
    world.run_for(seconds=86_400)

    [job] = world.list("Job")
    scheduled = job["metadata"]["annotations"]["batch.kubernetes.io/cronjob-scheduled-timestamp"]
    assert scheduled.endswith("T12:00:00+09:00")
