"""A machine dies under a bare Pod and a Deployment: what happens, and when."""

from __future__ import annotations

import pytest

from tests.factories import make_deployment, make_pod, make_service
from tests.scenario.test_daemonset import make_daemon_set
from webapp.api.core.pods import get_pod_condition, is_pod_ready
from webapp.api.resources import LEASES
from webapp.apimachinery.timestamps import parse_time

UNREACHABLE = "node.kubernetes.io/unreachable"


def make_fault(type_="NodeDown", node="worker-2", **spec):
    """A Fault of one machine."""
    return {
        "kind": "Fault",
        "apiVersion": "sim.podarium.dev/v1alpha1",
        "metadata": {"name": "fault"},
        "spec": {"type": type_, "target": {"node": node}, **spec},
    }


def ready(world, name="worker-2"):
    """The Node's Ready condition."""
    conditions = world.get("Node", name)["status"]["conditions"]
    return next(item for item in conditions if item["type"] == "Ready")


def taints(world, name="worker-2"):
    node = world.get("Node", name)
    return [(taint["key"], taint["effect"]) for taint in node["spec"].get("taints") or ()]


def pods_of(world, app, node=""):
    return [
        pod
        for pod in world.list("Pod", label_selector=f"app={app}")
        if not node or pod["spec"].get("nodeName") == node
    ]


def seconds_until(world, happened, limit=1000):
    """Virtual seconds until something is so, looked at every 100 ms."""
    start_ms = world.cluster.sim.now_ms
    for _ in range(limit * 10):
        if happened():
            return (world.cluster.sim.now_ms - start_ms) / 1000
        world.run_for(seconds=0.1)
    raise AssertionError("it does not happen")


@pytest.fixture
def populated(world):
    """A Deployment with a Pod on each machine, its Service, and a bare Pod on worker-2."""
    world.create(make_deployment("web", replicas=3), make_service("web"))
    world.settle()
    world.create(make_pod("alone", nodeName="worker-2"))
    world.settle()
    assert len(pods_of(world, "web", "worker-2")) == 1
    return world


def test_a_dead_node_is_noticed_avoided_and_emptied_in_upstreams_time(populated):
    """Unknown after 50 s, NoExecute five seconds later, Pods deleted after 300 s more."""
    world = populated
    [victim] = pods_of(world, "web", "worker-2")
    world.create(make_fault())

    noticed = seconds_until(world, lambda: ready(world)["status"] == "Unknown")
    assert 40 <= noticed <= 55.2
    assert ready(world)["reason"] == "NodeStatusUnknown"
    assert ready(world)["message"] == "Kubelet stopped posting node status."
    world.run_for(seconds=0.5)
    assert taints(world) == [(UNREACHABLE, "NoSchedule")]
    assert "NodeNotReady: Node worker-2 status is now: NodeNotReady" in world.events("worker-2")
    assert not is_pod_ready(world.get("Pod", victim["metadata"]["name"]))
    assert world.get("Pod", "alone")["status"]["phase"] == "Running"

    tainted = seconds_until(world, lambda: (UNREACHABLE, "NoExecute") in taints(world))
    assert 4 <= tainted <= 5.2

    def is_evicted():
        pod = world.get("Pod", victim["metadata"]["name"])
        return "deletionTimestamp" in pod["metadata"]

    evicted = seconds_until(world, is_evicted)
    assert 299.5 <= evicted <= 300.5
    world.settle()
    condition = get_pod_condition(world.get("Pod", victim["metadata"]["name"]), "DisruptionTarget")
    assert condition["reason"] == "DeletionByTaintManager"
    assert "TaintManagerEviction: Marking for deletion Pod default/alone" in world.events("alone")


def test_the_deployment_gets_a_replacement_and_the_bare_pod_does_not(populated):
    """Both old Pods stay Terminating: nobody can say that they have stopped."""
    world = populated
    [victim] = pods_of(world, "web", "worker-2")
    world.create(make_fault())
    world.run_for(seconds=600)

    live = [pod for pod in pods_of(world, "web") if "deletionTimestamp" not in pod["metadata"]]
    assert len(live) == 3
    assert all(is_pod_ready(pod) for pod in live)
    assert "worker-2" not in {pod["spec"]["nodeName"] for pod in live}
    for name in ("alone", victim["metadata"]["name"]):
        assert "deletionTimestamp" in world.get("Pod", name)["metadata"]

    world.delete("Fault", "fault")
    world.run_for(seconds=120)
    assert ready(world)["status"] == "True"
    assert taints(world) == []
    assert world.get("Pod", "alone") is None
    assert world.get("Pod", victim["metadata"]["name"]) is None


def test_the_service_stops_sending_to_a_node_that_is_not_heard_of(populated):
    """Its endpoint is not ready from the moment at which the Node is Unknown."""
    world = populated
    world.create(make_fault())

    def ready_endpoints():
        slices = world.list("EndpointSlice", label_selector="kubernetes.io/service-name=web")
        endpoints = [endpoint for item in slices for endpoint in item["endpoints"]]
        return {item["nodeName"] for item in endpoints if item["conditions"]["ready"]}

    world.run_for(seconds=38)
    assert ready_endpoints() == {"worker-1", "worker-2", "worker-3"}
    world.run_for(seconds=20)
    assert ready_endpoints() == {"worker-1", "worker-3"}


def test_removing_the_node_lets_its_pods_go(populated):
    """What people do when a machine will not come back."""
    world = populated
    world.create(make_fault())
    world.run_for(seconds=600)

    world.delete("Node", "worker-2")
    world.run_for(seconds=90)

    assert world.get("Pod", "alone") is None
    assert len(pods_of(world, "web")) == 3


def test_a_node_out_of_service_gives_its_ending_pods_up(populated):
    """With the taint nobody waits for a kubelet's last word: a StatefulSet could go on elsewhere."""
    world = populated
    world.create(make_fault())
    world.run_for(seconds=60)
    held = world.get("Node", "worker-2")["spec"]["taints"]
    taint = {
        "key": "node.kubernetes.io/out-of-service",
        "value": "nodeshutdown",
        "effect": "NoExecute",
    }
    world.patch("Node", "worker-2", {"spec": {"taints": [*held, taint]}})
    world.run_for(seconds=60)

    assert world.get("Pod", "alone") is None
    assert pods_of(world, "web", "worker-2") == []
    assert len(pods_of(world, "web")) == 3


def test_a_short_outage_restarts_the_pods_where_they_are(populated):
    """The machine boots within five minutes: same Pods, one restart more, a new sandbox."""
    world = populated
    [victim] = pods_of(world, "web", "worker-2")
    world.create(make_fault(duration="2m"))
    world.run_for(seconds=300)

    after = world.get("Pod", victim["metadata"]["name"])
    assert after["metadata"]["uid"] == victim["metadata"]["uid"]
    [status] = after["status"]["containerStatuses"]
    assert status["restartCount"] == 1
    assert status["lastState"]["terminated"]["exitCode"] == 255
    assert is_pod_ready(after)
    assert is_pod_ready(world.get("Pod", "alone"))
    assert len(pods_of(world, "web")) == 3
    assert any(text.startswith("Rebooted: ") for text in world.events("worker-2"))
    assert world.get("Fault", "fault")["status"]["phase"] == "Healed"


def test_a_stopped_kubelet_leaves_its_containers_running(populated):
    """The Node goes Unknown all the same; when the kubelet is back nothing was restarted."""
    world = populated
    [victim] = pods_of(world, "web", "worker-2")
    world.create(make_fault("KubeletDown", duration="3m"))
    world.run_for(seconds=100)
    assert ready(world)["status"] == "Unknown"
    assert not is_pod_ready(world.get("Pod", victim["metadata"]["name"]))

    world.run_for(seconds=120)
    after = world.get("Pod", victim["metadata"]["name"])
    assert ready(world)["status"] == "True"
    assert is_pod_ready(after)
    assert after["status"]["containerStatuses"][0]["restartCount"] == 0
    assert taints(world) == []


def test_a_pod_deleted_while_the_kubelet_is_down_ends_when_it_is_back(populated):
    """The kubelet learns what it has missed."""
    world = populated
    world.create(make_fault("KubeletDown"))
    world.run_for(seconds=1)
    world.delete("Pod", "alone")
    world.run_for(seconds=120)
    assert "deletionTimestamp" in world.get("Pod", "alone")["metadata"]

    world.delete("Fault", "fault")
    world.run_for(seconds=60)
    assert world.get("Pod", "alone") is None


def test_daemons_stay_on_a_dead_node(world):
    """They tolerate NoExecute without limit; for NoSchedule they count as misplaced meanwhile."""
    world.create(make_daemon_set())
    world.settle()
    world.create(make_fault())
    world.run_for(seconds=900)

    assert not any("deletionTimestamp" in pod["metadata"] for pod in world.list("Pod"))
    status = world.get("DaemonSet", "agent")["status"]
    assert (status["desiredNumberScheduled"], status["numberMisscheduled"]) == (2, 1)


def test_tolerations_decide_how_long_a_pod_waits(world):
    """Ten seconds, or for ever."""
    toleration = {"key": UNREACHABLE, "operator": "Exists", "effect": "NoExecute"}
    world.create(
        make_pod(
            "hasty", nodeName="worker-2", tolerations=[{**toleration, "tolerationSeconds": 10}]
        ),
        make_pod("patient", nodeName="worker-2", tolerations=[toleration]),
    )
    world.settle()
    world.create(make_fault())
    world.run_for(seconds=80)
    assert "deletionTimestamp" in world.get("Pod", "hasty")["metadata"]

    world.run_for(seconds=600)
    assert "deletionTimestamp" not in world.get("Pod", "patient")["metadata"]


def test_nobody_is_evicted_when_all_nodes_fall_silent(world):
    """Then it is more likely that the control plane is deaf."""
    world.create(make_pod("web"))
    world.settle()
    fault = make_fault()
    fault["spec"]["target"] = {"nodeSelector": {"matchLabels": {"kubernetes.io/os": "linux"}}}
    world.create(fault)
    world.run_for(seconds=900)

    assert ready(world, "worker-1")["status"] == "Unknown"
    assert not any(effect == "NoExecute" for _, effect in taints(world, "worker-1"))
    assert "deletionTimestamp" not in world.get("Pod", "web")["metadata"]
    assert len(world.get("Fault", "fault")["status"]["affected"]) == 3


def test_a_healthy_kubelet_costs_nothing_while_its_lease_moves_on(world):
    """Ten quiet minutes write nothing."""
    world.settle()
    world.run_for(seconds=120)
    before = world.cluster.revision

    world.run_for(seconds=600)

    assert world.cluster.revision == before
    lease = world.cluster.admin.get(LEASES, "kube-node-lease", "worker-1")
    assert lease["spec"]["holderIdentity"] == "worker-1"


def test_a_fault_can_wait_and_says_where_it_stands(world):
    """Pending, Active, Healed."""
    world.create(make_fault(startAfter="30s", duration="1m"))
    world.run_for(seconds=10)
    assert world.get("Fault", "fault")["status"]["phase"] == "Pending"

    world.run_for(seconds=30)
    status = world.get("Fault", "fault")["status"]
    assert (status["phase"], status["affected"]) == ("Active", ["node/worker-2"])

    world.run_for(seconds=60)
    status = world.get("Fault", "fault")["status"]
    assert status["phase"] == "Healed"
    assert parse_time(status["endTime"]) - parse_time(status["startTime"]) == 60_000


def test_a_machine_that_fails_again_while_it_boots_stays_down(world):
    """A Fault deleted and made again at once breaks the Node as the first one did."""
    world.create(make_fault())
    world.run_for(seconds=1)
    world.delete("Fault", "fault")
    world.run_for(seconds=0.1)

    world.create(make_fault())
    world.run_for(seconds=120)

    assert ready(world)["status"] == "Unknown"
