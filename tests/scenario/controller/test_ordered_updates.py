"""StatefulSets that change: ordinals, partitions, several at once, deletion by people, claims."""

from __future__ import annotations

import pytest

from tests.scenario.test_statefulset import (
    claim_template,
    images,
    make_stateful_set,
    pods,
    set_image,
)
from webapp.api.core.pods import is_pod_ready
from webapp.apimachinery.status import Invalid

OLD, NEW = "nginx:1.27", "nginx:1.28"


def rolling(**fields):
    return {"type": "RollingUpdate", "rollingUpdate": fields}


def ready(world):
    return {
        name
        for name, pod in pods(world).items()
        if is_pod_ready(pod) and "deletionTimestamp" not in pod["metadata"]
    }


def test_ordinals_may_start_elsewhere_and_move(world):
    """Names count from the start; moving it up creates at the top and removes at the bottom."""
    world.create(make_stateful_set(replicas=2, ordinals={"start": 5}))
    world.run_for(seconds=60)
    assert set(pods(world)) == {"web-5", "web-6"}
    assert pods(world)["web-5"]["metadata"]["labels"]["apps.kubernetes.io/pod-index"] == "5"

    world.patch("StatefulSet", "web", {"spec": {"ordinals": {"start": 6}}})
    world.run_for(seconds=90)
    assert set(pods(world)) == {"web-6", "web-7"}


@pytest.mark.parametrize(
    ("strategy", "policy", "missing"),
    [
        pytest.param(rolling(), "OrderedReady", 1, id="one"),
        pytest.param(rolling(maxUnavailable=2), "OrderedReady", 2, id="two in order"),
        pytest.param(rolling(maxUnavailable=2), "Parallel", 2, id="two at once"),
        pytest.param(rolling(maxUnavailable="40%"), "Parallel", 2, id="a share"),
    ],
)
def test_an_update_takes_no_more_than_it_may(world, strategy, policy, missing):
    """At every revision; and it uses what it may."""
    world.create(make_stateful_set(replicas=5, updateStrategy=strategy, podManagementPolicy=policy))
    world.run_for(seconds=90)
    assert len(ready(world)) == 5
    fewest = [5]

    def check():
        assert len(ready(world)) >= 5 - missing
        fewest.append(len(ready(world)))

    set_image(world, NEW)
    world.watch(seconds=240, check=check)

    assert images(world) == {f"web-{ordinal}": NEW for ordinal in range(5)}
    assert min(fewest) == 5 - missing
    status = world.get("StatefulSet", "web")["status"]
    assert status["currentRevision"] == status["updateRevision"]


def test_a_partition_goes_down_step_by_step_as_in_a_canary(world):
    """A Pod below the partition that is deleted comes back in the old version."""
    world.create(make_stateful_set(updateStrategy=rolling(partition=2)))
    world.run_for(seconds=60)
    set_image(world, NEW)
    world.run_for(seconds=60)
    assert images(world) == {"web-0": OLD, "web-1": OLD, "web-2": NEW}

    world.delete("Pod", "web-0")
    world.run_for(seconds=60)
    assert images(world) == {"web-0": OLD, "web-1": OLD, "web-2": NEW}
    status = world.get("StatefulSet", "web")["status"]
    assert (status["currentReplicas"], status["updatedReplicas"]) == (2, 1)

    world.patch("StatefulSet", "web", {"spec": {"updateStrategy": rolling(partition=0)}})
    world.run_for(seconds=120)
    assert set(images(world).values()) == {NEW}


def test_on_delete_comes_back_in_the_new_version(world):
    """Even though the current version is still the old one."""
    world.create(make_stateful_set(updateStrategy={"type": "OnDelete"}))
    world.run_for(seconds=60)
    set_image(world, NEW)
    world.run_for(seconds=60)
    assert set(images(world).values()) == {OLD}

    world.delete("Pod", "web-1")
    world.run_for(seconds=60)
    assert images(world) == {"web-0": OLD, "web-1": NEW, "web-2": OLD}


def test_a_broken_update_stops_at_its_first_pod(world):
    """The others go on serving; a corrected template helps once the broken Pod is deleted."""
    world.create(make_stateful_set())
    world.run_for(seconds=60)
    set_image(world, "doesnotexist:1")
    world.run_for(seconds=120)
    assert ready(world) == {"web-0", "web-1"}

    set_image(world, NEW)
    world.run_for(seconds=120)
    world.delete("Pod", "web-2")
    world.run_for(seconds=180)
    assert images(world) == {f"web-{ordinal}": NEW for ordinal in range(3)}
    assert len(ready(world)) == 3


def test_scaling_back_up_finds_the_claims_again(world):
    """Retained claims are bound to the same volumes as before."""
    world.create(make_stateful_set(replicas=2, volumeClaimTemplates=[claim_template()]))
    world.run_for(seconds=60)
    before = world.get("PersistentVolumeClaim", "data-web-1")

    world.patch("StatefulSet", "web", {"spec": {"replicas": 1}})
    world.run_for(seconds=60)
    world.patch("StatefulSet", "web", {"spec": {"replicas": 2}})
    world.run_for(seconds=60)

    after = world.get("PersistentVolumeClaim", "data-web-1")
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["spec"]["volumeName"] == before["spec"]["volumeName"]
    assert len(ready(world)) == 2


def test_scaling_back_up_waits_for_claims_that_are_going(world):
    """With whenScaled: Delete the ordinal gets a new claim, never the one about to go."""
    world.create(
        make_stateful_set(
            replicas=2,
            volumeClaimTemplates=[claim_template()],
            persistentVolumeClaimRetentionPolicy={"whenScaled": "Delete"},
        )
    )
    world.run_for(seconds=60)
    before = world.get("PersistentVolumeClaim", "data-web-1")["metadata"]["uid"]

    world.patch("StatefulSet", "web", {"spec": {"replicas": 1}})
    world.run_for(seconds=1)
    world.patch("StatefulSet", "web", {"spec": {"replicas": 2}})
    world.run_for(seconds=120)

    assert len(ready(world)) == 2
    after = world.get("PersistentVolumeClaim", "data-web-1")
    assert after["metadata"]["uid"] != before
    assert "deletionTimestamp" not in after["metadata"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"serviceName": "other"}, id="service"),
        pytest.param({"podManagementPolicy": "Parallel"}, id="management"),
        pytest.param({"selector": {"matchLabels": {"app": "other"}}}, id="selector"),
        pytest.param({"volumeClaimTemplates": [claim_template()]}, id="claims"),
    ],
)
def test_what_a_stateful_set_is_cannot_change(world, change):
    """In upstream's words, with the list of what may."""
    world.create(make_stateful_set())
    with pytest.raises(Invalid) as refused:
        world.patch("StatefulSet", "web", {"spec": change})
    assert (
        "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
        "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and "
        "'minReadySeconds' are forbidden"
    ) in refused.value.message
