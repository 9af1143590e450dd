"""A control plane of which a part is missing, or slow."""

from __future__ import annotations

import pytest

from tests.factories import make_container, make_deployment, make_pod
from tests.scenario.faults.helpers import condition, make_fault, pods_of, taints
from webapp.api.core.pods import is_pod_ready
from webapp.api.resources import PODS
from webapp.apimachinery.status import ServiceUnavailable, StatusError
from webapp.apimachinery.wire import Request, WatchResponse
from webapp.cluster.cluster import ADMIN


def test_without_a_scheduler_pods_stay_pending(world):
    """No verdict and no Event; afterwards the new scheduler finds them all."""
    world.create(make_fault("SchedulerDown"))
    world.create(make_deployment("web", replicas=3))
    world.run_for(seconds=60)
    assert {pod["status"]["phase"] for pod in pods_of(world, "web")} == {"Pending"}
    assert world.events(pods_of(world, "web")[0]["metadata"]["name"]) == []

    world.delete("Fault", "fault")
    world.run_for(seconds=30)
    assert all(is_pod_ready(pod) for pod in pods_of(world, "web"))
    name = pods_of(world, "web")[0]["metadata"]["name"]
    assert world.cluster.explain_pod("default", name)["scheduling"] is not None


def test_without_controllers_nothing_is_replaced(world):
    """A deleted Pod is missed, and replaced once there is a controller manager again."""
    world.create(make_deployment("web", replicas=3))
    world.settle()
    world.create(make_fault("ControllerManagerDown"))
    world.run_for(seconds=1)
    world.delete("Pod", pods_of(world, "web")[0]["metadata"]["name"])
    world.patch("Deployment", "web", {"spec": {"replicas": 5}})
    world.run_for(seconds=120)
    assert len(pods_of(world, "web")) == 2

    world.delete("Fault", "fault")
    world.run_for(seconds=30)
    assert len(pods_of(world, "web")) == 5
    assert all(is_pod_ready(pod) for pod in pods_of(world, "web"))


def test_a_new_controller_manager_gives_silent_nodes_their_grace_anew(world):
    """It has never seen them renew: 50 s from its own beginning, as upstream."""
    world.settle()
    world.create(make_fault("ControllerManagerDown", duration="5m"))
    world.run_for(seconds=1)
    world.create(make_fault("NodeDown", "worker-1", name="dead"))
    world.run_for(seconds=299)
    assert condition(world, "worker-1")["status"] == "True"

    world.run_for(seconds=40)
    assert condition(world, "worker-1")["status"] == "True"
    world.run_for(seconds=30)
    assert condition(world, "worker-1")["status"] == "Unknown"


def test_without_an_api_server_containers_go_on_and_clients_are_refused(world):
    """A container that ends is restarted by its kubelet, which tells once somebody listens."""
    script = ["sh", "-c", "sleep 30; exit 1"]
    restarting = make_pod("flaky", containers=[make_container(image="busybox", command=script)])
    world.create(make_deployment("web", replicas=3), restarting)
    world.settle()
    world.create(make_fault("ApiServerDown"))
    world.run_for(seconds=1)

    with pytest.raises(ServiceUnavailable, match="connection refused"):
        world.list("Pod")
    world.run_for(seconds=200)
    world.delete("Fault", "fault")
    world.run_for(seconds=30)

    [status] = world.get("Pod", "flaky")["status"]["containerStatuses"]
    assert status["restartCount"] >= 2
    assert all(is_pod_ready(pod) for pod in pods_of(world, "web"))
    assert all(condition(world, f"worker-{number}")["status"] == "True" for number in (1, 2, 3))


def test_watches_end_with_the_api_server(world):
    """An empty batch tells the HTTP layer to close the connection."""
    request = Request("GET", f"{PODS.path}/pods", {"watch": ("true",)}, user=ADMIN)
    answer = world.cluster.handle(request)
    assert isinstance(answer, WatchResponse)
    batches = []
    answer.watcher.start(batches.append)
    world.create(make_fault("ApiServerDown"))
    world.run_for(seconds=1)

    assert batches[-1] == ()


def test_the_cluster_goes_on_after_an_outage(world):
    """Deployments, scheduling and deletion work as before."""
    world.create(make_fault("ApiServerDown", duration="2m"))
    world.run_for(seconds=150)
    world.create(make_deployment("web", replicas=3))
    world.run_for(seconds=30)

    assert all(is_pod_ready(pod) for pod in pods_of(world, "web"))
    assert len(pods_of(world, "web")) == 3


def test_with_a_slow_etcd_everything_takes_long_and_some_writes_time_out(world):
    """Five seconds a write, give or take: what takes more than seven is refused."""
    world.settle()
    world.create(make_fault("EtcdSlow", delay="3s", jitter="1s"))
    world.run_for(seconds=1)
    world.create(make_pod("web"))
    world.run_for(seconds=5)
    assert world.get("Pod", "web")["status"]["phase"] == "Pending"
    world.run_for(seconds=40)
    assert is_pod_ready(world.get("Pod", "web"))
    world.delete("Fault", "fault")

    world.create(make_fault("EtcdSlow", delay="20s", jitter="5s"))
    world.run_for(seconds=1)
    with pytest.raises(StatusError, match="etcdserver: request timed out"):
        world.create(make_pod("late"))
    assert world.get("Pod", "web") is not None
    world.delete("Fault", "fault")
    world.run_for(seconds=1)
    world.create(make_pod("late"))


def test_a_new_controller_manager_takes_taints_back_that_it_finds(world):
    """The Node recovered while nobody looked."""
    world.settle()
    world.create(make_fault("KubeletDown", "worker-1", name="silent"))
    world.run_for(seconds=120)
    world.create(make_fault("ControllerManagerDown"))
    world.run_for(seconds=1)
    world.delete("Fault", "silent")
    world.run_for(seconds=20)
    assert taints(world, "worker-1") != []

    world.delete("Fault", "fault")
    world.run_for(seconds=15)
    assert taints(world, "worker-1") == []
