"""Jobs on a whole cluster: counted to their end, failed within limits, cleaned away."""

from __future__ import annotations

import pytest

from tests.factories import make_container


def make_job(name="work", *, command=("sh", "-c", "sleep 5"), pod=None, **spec):
    """A Job of one container that sleeps five seconds."""
    container = make_container("main", "busybox:1.37", command=list(command))
    return {
        "kind": "Job",
        "apiVersion": "batch/v1",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "template": {
                "spec": {"restartPolicy": "Never", "containers": [container], **(pod or {})}
            },
            **spec,
        },
    }


FAILING = ("sh", "-c", "sleep 1; exit 3")


def conditions(world, name="work"):
    status = world.get("Job", name)["status"]
    return {item["type"]: item.get("reason", "") for item in status.get("conditions") or ()}


def counts(world, name="work"):
    status = world.get("Job", name)["status"]
    return tuple(status.get(field, 0) for field in ("active", "succeeded", "failed"))


def test_a_job_runs_its_pods_to_completion(world):
    """Never more at once than parallelism, as many as completions."""
    world.create(make_job(completions=5, parallelism=2))
    for _ in range(1200):
        world.run_for(seconds=0.05)
        active = [
            pod for pod in world.list("Pod") if pod["status"]["phase"] in ("Pending", "Running")
        ]
        assert len(active) <= 2
        if "Complete" in conditions(world):
            break

    status = world.get("Job", "work")["status"]
    assert conditions(world) == {
        "SuccessCriteriaMet": "CompletionsReached",
        "Complete": "CompletionsReached",
    }
    assert (status["succeeded"], status["ready"], status["terminating"]) == (5, 0, 0)
    assert status["uncountedTerminatedPods"] == {}
    assert status["completionTime"] > status["startTime"]
    assert world.events("work")[-1] == "Completed: Job completed"
    assert len(world.list("Pod")) == 5
    assert not any(pod["metadata"].get("finalizers") for pod in world.list("Pod"))


def test_an_indexed_job_gives_each_pod_its_own_index(world):
    """Annotation, label, variable and host name; done indexes are written as intervals."""
    world.create(make_job(completions=3, parallelism=3, completionMode="Indexed"))
    world.run_for(seconds=2)

    found = {}
    for pod in world.list("Pod"):
        index = pod["metadata"]["annotations"]["batch.kubernetes.io/job-completion-index"]
        assert pod["metadata"]["labels"]["batch.kubernetes.io/job-completion-index"] == index
        assert pod["metadata"]["name"].startswith(f"work-{index}-")
        [entry] = pod["spec"]["containers"][0]["env"]
        assert entry["name"] == "JOB_COMPLETION_INDEX"
        found[index] = pod["spec"]["hostname"]
    assert found == {"0": "work-0", "1": "work-1", "2": "work-2"}

    world.run_for(seconds=30)
    status = world.get("Job", "work")["status"]
    assert (status["succeeded"], status["completedIndexes"]) == (3, "0-2")
    assert "Complete" in conditions(world)


BY_INDEX = ("sh", "-c", "sleep 1; test $JOB_COMPLETION_INDEX != 1")
"""Index 1 fails, all others succeed."""


def ending(world):
    """Reason and message with which the Job has failed."""
    [failed] = [
        c for c in world.get("Job", "work")["status"]["conditions"] if c["type"] == "Failed"
    ]
    return failed["reason"], failed["message"]


def pods_of_index(world, index):
    key = "batch.kubernetes.io/job-completion-index"
    return [pod for pod in world.list("Pod") if pod["metadata"]["annotations"][key] == str(index)]


def test_indexes_fail_one_by_one(world):
    """The others go on; the Job fails at the end, and says which indexes did."""
    world.create(
        make_job(
            command=BY_INDEX,
            completions=4,
            parallelism=2,
            completionMode="Indexed",
            backoffLimitPerIndex=2,
        )
    )
    world.run_for(seconds=120)

    status = world.get("Job", "work")["status"]
    assert (status["completedIndexes"], status["failedIndexes"]) == ("0,2,3", "1")
    assert (status["succeeded"], status["failed"]) == (3, 3)
    assert ending(world) == ("FailedIndexes", "Job has failed indexes")
    counts = [
        pod["metadata"]["annotations"]["batch.kubernetes.io/job-index-failure-count"]
        for pod in pods_of_index(world, 1)
    ]
    assert sorted(counts) == ["0", "1", "2"]
    assert not any(pod["metadata"].get("finalizers") for pod in world.list("Pod"))


def test_an_index_waits_longer_after_each_failure(world):
    """Ten seconds, then twenty; other indexes need not wait."""
    spec = {"completions": 2, "parallelism": 2, "completionMode": "Indexed"}
    world.create(make_job(command=BY_INDEX, backoffLimitPerIndex=5, **spec))

    world.run_for(seconds=8)
    assert world.get("Job", "work")["status"]["completedIndexes"] == "0"
    assert len(pods_of_index(world, 1)) == 1
    world.run_for(seconds=10)
    assert len(pods_of_index(world, 1)) == 2
    world.run_for(seconds=12)
    assert len(pods_of_index(world, 1)) == 2
    world.run_for(seconds=12)
    assert len(pods_of_index(world, 1)) == 3


def test_too_many_failed_indexes_end_the_job(world):
    """Without waiting for the others."""
    world.create(
        make_job(
            command=FAILING,
            completions=6,
            parallelism=2,
            completionMode="Indexed",
            backoffLimitPerIndex=0,
            maxFailedIndexes=1,
        )
    )
    world.run_for(seconds=60)

    assert ending(world) == (
        "MaxFailedIndexesExceeded",
        "Job has exceeded the specified maximal number of failed indexes",
    )
    assert world.get("Job", "work")["status"]["failedIndexes"] == "0,1"


def test_the_failure_policy_can_give_an_index_up(world):
    """FailIndex spares the index its further attempts."""
    rule = {"action": "FailIndex", "onExitCodes": {"operator": "In", "values": [1]}}
    world.create(
        make_job(
            command=BY_INDEX,
            completions=2,
            parallelism=2,
            completionMode="Indexed",
            backoffLimitPerIndex=5,
            podFailurePolicy={"rules": [rule]},
        )
    )
    world.run_for(seconds=30)

    assert len(pods_of_index(world, 1)) == 1
    assert world.get("Job", "work")["status"]["failedIndexes"] == "1"


def test_a_failing_job_backs_off_and_gives_up(world):
    """10 s after the first failure, 20 s after the second; the third is one too many."""
    world.create(make_job(command=FAILING, backoffLimit=2))
    world.run_for(seconds=9)
    assert counts(world) == (0, 0, 1)

    world.run_for(seconds=6)
    assert len(world.list("Pod")) == 2

    world.run_for(seconds=60)
    assert conditions(world) == {
        "FailureTarget": "BackoffLimitExceeded",
        "Failed": "BackoffLimitExceeded",
    }
    assert counts(world) == (0, 0, 3)
    assert "BackoffLimitExceeded: Job has reached the specified backoff limit" in world.events(
        "work"
    )


def test_a_deadline_ends_a_job_with_all_its_pods(world):
    """Active Pods are deleted and count as failed."""
    job = make_job(command=("sleep", "1000"), activeDeadlineSeconds=20, parallelism=2)
    world.create(job)
    world.run_for(seconds=90)

    assert conditions(world)["Failed"] == "DeadlineExceeded"
    assert counts(world) == (0, 0, 2)
    assert world.list("Pod") == []


def test_a_suspended_job_has_no_pods_until_it_is_resumed(world):
    """Suspending takes its Pods away without counting them as failed."""
    world.create(make_job(command=("sh", "-c", "sleep 30")))
    world.run_for(seconds=5)
    assert counts(world) == (1, 0, 0)

    world.patch("Job", "work", {"spec": {"suspend": True}})
    world.run_for(seconds=60)
    assert world.list("Pod") == []
    assert counts(world) == (0, 0, 0)
    assert conditions(world) == {"Suspended": "JobSuspended"}

    world.patch("Job", "work", {"spec": {"suspend": False}})
    world.run_for(seconds=60)
    assert "Complete" in conditions(world)
    assert [text for text in world.events("work") if "Job " in text] == [
        "Suspended: Job suspended",
        "Resumed: Job resumed",
        "Completed: Job completed",
    ]


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        pytest.param(
            "FailJob", {"FailureTarget": "PodFailurePolicy", "Failed": "PodFailurePolicy"}
        ),
        pytest.param("Ignore", {}),
    ],
)
def test_the_failure_policy_reads_exit_codes(world, action, expected):
    """FailJob ends at once; Ignore goes on for ever."""
    rule = {"action": action, "onExitCodes": {"operator": "In", "values": [3]}}
    world.create(make_job(command=FAILING, backoffLimit=0, podFailurePolicy={"rules": [rule]}))
    world.run_for(seconds=60)

    assert conditions(world) == expected
    if action == "FailJob":
        pod = world.list("Pod")[0]["metadata"]["name"]
        [failed] = [
            item
            for item in world.get("Job", "work")["status"]["conditions"]
            if item["type"] == "Failed"
        ]
        assert failed["message"] == (
            f"Container main for pod default/{pod} failed with exit code 3 "
            "matching FailJob rule at index 0"
        )
    else:
        assert len(world.list("Pod")) > 3
        assert counts(world)[2] == 0


def test_the_success_policy_ends_a_job_early(world):
    """Once the leader has succeeded the others are stopped."""
    command = ("sh", "-c", "sleep 5")
    world.create(
        make_job(
            command=command,
            completions=4,
            parallelism=1,
            completionMode="Indexed",
            successPolicy={"rules": [{"succeededIndexes": "0"}]},
        )
    )
    world.run_for(seconds=60)

    assert conditions(world) == {"SuccessCriteriaMet": "SuccessPolicy", "Complete": "SuccessPolicy"}
    assert world.get("Job", "work")["status"]["completedIndexes"] == "0"


def test_a_finished_job_goes_when_its_time_is_over(world):
    """With its Pods."""
    world.create(make_job(ttlSecondsAfterFinished=30))
    world.run_for(seconds=20)
    assert "Complete" in conditions(world)

    world.run_for(seconds=60)
    assert world.get("Job", "work") is None
    assert world.list("Pod") == []


def test_a_deleted_job_lets_go_of_its_pods(world):
    """The finalizer does not keep them."""
    world.create(make_job(command=("sleep", "1000"), parallelism=2))
    world.run_for(seconds=5)

    world.delete("Job", "work", propagation_policy="Background")
    world.run_for(seconds=60)

    assert world.list("Pod") == []


def test_a_deleted_pod_is_replaced_and_counts_as_failed(world):
    """The replacement comes at once, or only after the end with podReplacementPolicy Failed."""
    world.create(make_job(command=("sleep", "1000")))
    world.run_for(seconds=5)

    world.delete("Pod", world.list("Pod")[0]["metadata"]["name"])
    world.run_for(seconds=60)

    assert counts(world) == (1, 0, 1)


def test_a_work_queue_job_starts_nothing_new_after_the_first_success(world):
    """Without completions any success says that the work is done."""
    world.create(make_job(parallelism=3))
    world.run_for(seconds=30)

    assert "Complete" in conditions(world)
    assert counts(world) == (0, 3, 0)
