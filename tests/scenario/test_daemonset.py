"""DaemonSets on a whole cluster: one Pod a Node, also on Nodes that join, updated in bounds."""

from __future__ import annotations

import pytest

from tests.factories import make_container, make_node
from webapp.api.core.pods import is_pod_ready
from webapp.api.resources import PODS


def make_daemon_set(name="agent", *, image="nginx:1.27", pod=None, **spec):
    """A DaemonSet of one container."""
    labels = {"app": name}
    return {
        "kind": "DaemonSet",
        "apiVersion": "apps/v1",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [make_container(image=image)], **(pod or {})},
            },
            **spec,
        },
    }


def live_pods(world):
    return [pod for pod in world.list("Pod") if "deletionTimestamp" not in pod["metadata"]]


def nodes_of(world):
    return sorted(pod["spec"].get("nodeName", "") for pod in live_pods(world))


def set_image(world, image):
    template = make_daemon_set(image=image)["spec"]["template"]
    world.patch("DaemonSet", "agent", {"spec": {"template": template}})


def test_every_node_gets_one_pod_through_the_default_scheduler(world):
    """Each Pod is tied to its Node by name; status and Events tell the counts."""
    world.create(make_daemon_set())
    world.settle()

    assert nodes_of(world) == ["worker-1", "worker-2", "worker-3"]
    status = world.get("DaemonSet", "agent")["status"]
    assert status == {
        "currentNumberScheduled": 3,
        "numberMisscheduled": 0,
        "desiredNumberScheduled": 3,
        "numberReady": 3,
        "observedGeneration": 1,
        "updatedNumberScheduled": 3,
        "numberAvailable": 3,
    }
    for pod in live_pods(world):
        affinity = pod["spec"]["affinity"]["nodeAffinity"]
        [term] = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
        [field] = term["matchFields"]
        assert field["values"] == [pod["spec"]["nodeName"]]
        assert f"Created pod: {pod['metadata']['name']}" in " ".join(world.events("agent"))


def test_daemons_tolerate_what_ails_nodes(world):
    """The controller adds tolerations, so that daemons stay where others have to leave."""
    world.create(make_daemon_set())
    world.settle()

    tolerations = live_pods(world)[0]["spec"]["tolerations"]
    assert [
        (item["key"].removeprefix("node.kubernetes.io/"), item["effect"]) for item in tolerations
    ] == [
        ("not-ready", "NoExecute"),
        ("unreachable", "NoExecute"),
        ("disk-pressure", "NoSchedule"),
        ("memory-pressure", "NoSchedule"),
        ("pid-pressure", "NoSchedule"),
        ("unschedulable", "NoSchedule"),
    ]
    assert all("tolerationSeconds" not in item for item in tolerations)


def test_a_node_that_joins_gets_its_pod(world):
    """No one has to ask for it."""
    world.create(make_daemon_set())
    world.settle()

    world.create(make_node("worker-4"))
    world.run_for(seconds=30)

    assert nodes_of(world) == ["worker-1", "worker-2", "worker-3", "worker-4"]
    assert world.get("DaemonSet", "agent")["status"]["numberReady"] == 4


def test_cordoned_nodes_count_and_tainted_ones_do_not(world):
    """Daemons tolerate a cordon; a taint of somebody's own keeps them away."""
    world.patch("Node", "worker-1", {"spec": {"unschedulable": True}})
    taint = {"key": "gpu", "value": "yes", "effect": "NoSchedule"}
    world.patch("Node", "worker-2", {"spec": {"taints": [taint]}})
    world.settle()

    world.create(make_daemon_set())
    world.settle()

    assert nodes_of(world) == ["worker-1", "worker-3"]


def test_a_node_selector_chooses_nodes_and_follows_their_labels(world):
    """A Pod comes with the label and goes with it."""
    world.create(make_daemon_set(pod={"nodeSelector": {"disk": "ssd"}}))
    world.settle()
    assert nodes_of(world) == []

    world.patch("Node", "worker-2", {"metadata": {"labels": {"disk": "ssd"}}})
    world.settle()
    assert nodes_of(world) == ["worker-2"]

    world.patch("Node", "worker-2", {"metadata": {"labels": {"disk": None}}})
    world.settle()
    assert nodes_of(world) == []


def test_a_deleted_pod_is_made_again_on_its_node(world):
    """The Node needs one."""
    world.create(make_daemon_set())
    world.settle()
    victim = next(pod for pod in live_pods(world) if pod["spec"]["nodeName"] == "worker-2")

    world.delete("Pod", victim["metadata"]["name"])
    world.run_for(seconds=60)

    assert nodes_of(world) == ["worker-1", "worker-2", "worker-3"]
    assert world.get("Pod", victim["metadata"]["name"]) is None


@pytest.mark.parametrize(
    ("surge", "unavailable"),
    [
        pytest.param(0, 1, id="one after the other"),
        pytest.param(0, 2, id="two at once"),
        pytest.param(1, 0, id="surge"),
        pytest.param("100%", 0, id="all at once beside the old"),
    ],
)
def test_a_rolling_update_keeps_its_bounds_at_every_moment(world, surge, unavailable):
    """Looked at every 50 ms, never too few Nodes have a ready Pod, never too many have two."""
    rolling = {"maxSurge": surge, "maxUnavailable": unavailable}
    world.create(
        make_daemon_set(updateStrategy={"type": "RollingUpdate", "rollingUpdate": rolling})
    )
    world.settle()
    most_extra = 3 if surge == "100%" else surge

    set_image(world, "nginx:1.28")
    for _ in range(2400):
        world.run_for(seconds=0.05)
        pods = live_pods(world)
        ready = {pod["spec"]["nodeName"] for pod in pods if is_pod_ready(pod)}
        assert len(ready) >= 3 - unavailable
        assert len(pods) <= 3 + most_extra
        if {pod["spec"]["containers"][0]["image"] for pod in pods} == {"nginx:1.28"} and len(
            ready
        ) == 3:
            break

    world.run_for(seconds=60)
    status = world.get("DaemonSet", "agent")["status"]
    assert (status["updatedNumberScheduled"], status["numberAvailable"]) == (3, 3)
    assert len(live_pods(world)) == 3


def test_on_delete_waits_for_people(world):
    """Only Pods that somebody deletes come back in the new version."""
    world.create(make_daemon_set(updateStrategy={"type": "OnDelete"}))
    world.settle()

    set_image(world, "nginx:1.28")
    world.run_for(seconds=60)
    assert "updatedNumberScheduled" not in world.get("DaemonSet", "agent")["status"]

    world.delete("Pod", live_pods(world)[0]["metadata"]["name"])
    world.run_for(seconds=60)
    assert world.get("DaemonSet", "agent")["status"]["updatedNumberScheduled"] == 1


def test_each_version_leaves_a_controller_revision_and_going_back_renumbers_it(world):
    """The history is what ``kubectl rollout undo`` works with."""
    world.create(make_daemon_set(revisionHistoryLimit=1))
    for image in ("nginx:1.28", "nginx:1.27", "nginx:1.29"):
        world.run_for(seconds=60)
        set_image(world, image)
    world.run_for(seconds=120)

    revisions = world.list("ControllerRevision")
    images = {
        item["revision"]: item["data"]["spec"]["template"]["spec"]["containers"][0]["image"]
        for item in revisions
    }
    assert images == {3: "nginx:1.27", 4: "nginx:1.29"}
    newest = next(item for item in revisions if item["revision"] == 4)
    hashes = {pod["metadata"]["labels"]["controller-revision-hash"] for pod in live_pods(world)}
    assert hashes == {newest["metadata"]["labels"]["controller-revision-hash"]}


def test_a_failed_daemon_pod_is_replaced_after_a_back_off(world):
    """Rejected by its Node again and again, it is killed and made anew, with growing pauses."""
    world.create(make_daemon_set())
    world.settle()
    name = live_pods(world)[0]["metadata"]["name"]

    failed = {"status": {"phase": "Failed"}}
    world.cluster.admin.patch(PODS, "default", name, failed, subresource="status")
    world.run_for(seconds=60)

    assert len(live_pods(world)) == 3
    assert world.get("DaemonSet", "agent")["status"]["numberReady"] == 3


def test_a_daemon_set_takes_its_pods_and_revisions_along(world):
    """The garbage collector follows owner references."""
    world.create(make_daemon_set())
    world.settle()

    world.delete("DaemonSet", "agent", propagation_policy="Background")
    world.run_for(seconds=60)

    assert world.list("Pod") == []
    assert world.list("ControllerRevision") == []
