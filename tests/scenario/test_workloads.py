"""Deployments, ReplicaSets and Services on a whole cluster."""

from tests.factories import make_deployment, make_node, make_pod, make_service
from webapp.api.core.pods import is_pod_ready


def ready_pods(world, app):
    """Names of the ready Pods of an app, sorted."""
    return sorted(
        pod["metadata"]["name"]
        for pod in world.list("Pod", label_selector=f"app={app}")
        if is_pod_ready(pod) and "deletionTimestamp" not in pod["metadata"]
    )


def test_a_deployment_brings_up_its_pods_and_reports_them(world):
    """Deployment → ReplicaSet → Pods, counted in the status."""
    world.create(make_deployment("web", replicas=3))
    world.settle()

    status = world.get("Deployment", "web")["status"]
    assert len(ready_pods(world, "web")) == 3
    assert (status["replicas"], status["readyReplicas"], status["availableReplicas"]) == (3, 3, 3)
    assert {item["type"]: item["status"] for item in status["conditions"]} == {
        "Available": "True",
        "Progressing": "True",
    }


def test_a_deleted_pod_of_a_deployment_is_replaced_by_another(world):
    """Self-healing makes a new Pod; it does not revive the old one."""
    world.create(make_deployment("web", replicas=2))
    world.settle()
    before = ready_pods(world, "web")

    world.delete("Pod", before[0])
    world.run_for(seconds=60)

    after = ready_pods(world, "web")
    assert len(after) == 2
    assert before[0] not in after
    assert before[1] in after


def test_a_deleted_bare_pod_is_not_replaced(world):
    """Nobody owns it."""
    world.create(make_pod("alone"))
    world.settle()

    world.delete("Pod", "alone")
    world.run_for(seconds=60)

    assert world.list("Pod", label_selector="app=alone") == []


def test_a_new_image_rolls_out_through_a_second_replica_set(world):
    """The old ReplicaSet stays at 0 for a rollback."""
    world.create(make_deployment("web", replicas=3, image="nginx:1.27"))
    world.settle()

    template = make_deployment("web", image="nginx:1.28")["spec"]["template"]
    world.patch("Deployment", "web", {"spec": {"template": template}})
    world.run_for(seconds=120)

    sets = world.list("ReplicaSet", label_selector="app=web")
    assert sorted(item["spec"]["replicas"] for item in sets) == [0, 3]
    images = {
        pod["spec"]["containers"][0]["image"] for pod in world.list("Pod", label_selector="app=web")
    }
    assert images == {"nginx:1.28"}


def test_a_rollout_to_an_image_that_does_not_exist_keeps_the_old_pods_serving(world):
    """maxUnavailable protects what works."""
    world.create(make_deployment("web", replicas=4, image="nginx:1.27"))
    world.settle()

    template = make_deployment("web", image="nginx:1.161")["spec"]["template"]
    world.patch("Deployment", "web", {"spec": {"template": template}})
    world.run_for(seconds=60)

    assert len(ready_pods(world, "web")) == 3
    words = {
        status["state"]["waiting"]["reason"]
        for pod in world.list("Pod", label_selector="app=web")
        for status in pod["status"].get("containerStatuses", ())
        if "waiting" in status["state"]
    }
    assert words <= {"ErrImagePull", "ImagePullBackOff"}
    assert words


def test_a_service_lists_ready_pods_only(world):
    """Endpoints come with readiness and go with it."""
    world.create(make_service("web"), make_deployment("web", replicas=2))
    world.settle()

    slices = world.list("EndpointSlice", label_selector="kubernetes.io/service-name=web")
    addresses = {
        address
        for item in slices
        for endpoint in item["endpoints"]
        if endpoint["conditions"]["ready"]
        for address in endpoint["addresses"]
    }
    assert addresses == {
        pod["status"]["podIP"] for pod in world.list("Pod", label_selector="app=web")
    }


def test_deleting_a_deployment_removes_what_it_owns(world):
    """The garbage collector follows owner references."""
    world.create(make_deployment("web", replicas=2))
    world.settle()

    world.delete("Deployment", "web", propagation_policy="Background")
    world.run_for(seconds=60)

    assert world.list("ReplicaSet") == []
    assert world.list("Pod", label_selector="app=web") == []


def test_creating_a_node_adds_a_machine_that_takes_pods(world):
    """It registers, gets its range, becomes Ready and is scheduled to."""
    for name in ("worker-1", "worker-2", "worker-3"):
        world.patch("Node", name, {"spec": {"unschedulable": True}})
    world.create(make_pod("web"))
    world.settle()

    world.create(make_node("worker-4"))
    world.run_for(seconds=30)

    assert world.get("Pod", "web")["spec"]["nodeName"] == "worker-4"
    assert world.get("Pod", "web")["status"]["phase"] == "Running"


def test_deleting_a_namespace_empties_it(world):
    """Terminating first, then gone with everything in it."""
    world.create({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "team"}})
    world.settle()
    world.create(make_pod("web", namespace="team"))
    world.settle()

    world.delete("Namespace", "team")
    world.run_for(seconds=120)

    assert world.get("Namespace", "team") is None
    assert world.get("Pod", "web", "team") is None
