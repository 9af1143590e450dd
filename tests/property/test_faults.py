"""Random Faults, scales, deletions and lost Nodes: once all is healed the world is as desired."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import make_deployment, make_node, make_pod
from tests.scenario.faults.helpers import is_ending, make_fault, taints
from tests.world import World
from webapp.api.core.nodes import is_node_ready
from webapp.api.core.pods import is_pod_ready, is_pod_terminal
from webapp.api.resources import FAULTS

NODES = ("worker-1", "worker-2", "worker-3")
NODE_FAULTS = (
    "DiskPressure",
    "KubeletDown",
    "Latency",
    "MemoryPressure",
    "NodeDown",
    "NodePartition",
    "NodeShutdown",
    "PIDPressure",
    "PacketLoss",
    "RuntimeDown",
)
APP_FAULTS = ("ContainerCrash", "ContainerOOM", "ImagePullFailure", "ProbeFailure")
CONTROL_PLANE_FAULTS = ("ApiServerDown", "ControllerManagerDown", "EtcdSlow", "SchedulerDown")

lengths = st.sampled_from(["", "20s", "90s", "400s"])
deeds = st.one_of(
    st.tuples(st.just("node"), st.sampled_from(NODE_FAULTS), st.sampled_from(NODES), lengths),
    st.tuples(st.just("app"), st.sampled_from(APP_FAULTS), lengths),
    st.tuples(st.just("plane"), st.sampled_from(CONTROL_PLANE_FAULTS), lengths),
    st.tuples(st.just("heal")),
    st.tuples(st.just("scale"), st.integers(0, 5)),
    st.tuples(st.just("roll"), st.sampled_from(["nginx:1.26", "nginx:1.28"])),
    st.tuples(st.just("delete"), st.integers(0, 5)),
    st.tuples(st.just("remove"), st.sampled_from(NODES)),
)
stories = st.lists(
    st.tuples(deeds, st.sampled_from([0.1, 3, 30, 120, 400])), min_size=1, max_size=8
)


class Breaker:
    """Does to a world what a story says.

    Attributes:
        world: The world.
        replicas: How many Pods the Deployment is to have.
    """

    def __init__(self, world):
        self.world = world
        self.replicas = 3
        self._count = 0

    def do(self, deed):
        """One deed; without an API server nobody but Faults is heard."""
        kind, *rest = deed
        if kind in {"node", "app", "plane"}:
            self._break(kind, *rest)
        elif kind == "heal":
            self.heal()
        elif self._is_answered():
            getattr(self, f"_{kind}")(*rest)

    def heal(self):
        """Delete all Faults."""
        for fault in self.world.cluster.viewer.list(FAULTS):
            self.world.delete("Fault", fault["metadata"]["name"])

    def finish(self):
        """Heal, and bring back the Nodes that were removed."""
        self.heal()
        self.world.run_for(seconds=20)
        for node in NODES:
            if self.world.get("Node", node) is None:
                self.world.create(make_node(node))

    def _is_answered(self):
        faults = self.world.cluster.viewer.list(FAULTS)
        return not any(
            fault["spec"]["type"] in {"ApiServerDown", "EtcdSlow"}
            and fault["status"]["phase"] == "Active"
            for fault in faults
            if "status" in fault
        )

    def _break(self, kind, type_, *rest):
        self._count += 1
        options = {"duration": rest[-1]} if rest[-1] else {}
        if kind == "node":
            options["node"] = rest[0]
        elif kind == "app":
            options["app"] = "web"
        self.world.create(make_fault(type_, name=f"fault-{self._count}", **options))

    def _scale(self, replicas):
        self.replicas = replicas
        self.world.patch("Deployment", "web", {"spec": {"replicas": replicas}})

    def _roll(self, image):
        template = {"spec": {"containers": [{"name": "app", "image": image}]}}
        self.world.patch("Deployment", "web", {"spec": {"template": template}})

    def _delete(self, index):
        pods = self.world.list("Pod", label_selector="app=web")
        if pods:
            self.world.delete("Pod", pods[index % len(pods)]["metadata"]["name"])

    def _remove(self, node):
        if self.world.get("Node", node) is not None:
            self.world.delete("Node", node)


def check_desired(world, replicas):
    """Nodes are well, and the Deployment has its Pods: no more, no fewer, all ready, none left over."""
    for node in NODES:
        assert is_node_ready(world.get("Node", node)), node
        assert taints(world, node) == []
    pods = world.list("Pod", label_selector="app=web")
    live = [pod for pod in pods if not is_pod_terminal(pod)]
    assert [pod["metadata"]["name"] for pod in pods if is_ending(pod)] == []
    assert len(live) == replicas
    assert all(is_pod_ready(pod) for pod in live)
    assert {pod["spec"]["nodeName"] for pod in live} <= set(NODES)
    status = world.get("Deployment", "web")["status"]
    assert status.get("availableReplicas", 0) == replicas
    assert world.list("Fault") == []
    ips = [pod["status"]["podIP"] for pod in live]
    assert len(ips) == len(set(ips))


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(seed=st.integers(0, 3), story=stories)
def test_the_world_is_as_desired_once_all_faults_are_healed(seed, story):
    """Whatever was broken, in whatever order, for however long."""
    world = World(seed=seed)
    world.create(make_deployment("web", replicas=3), make_pod("alone"))
    world.run_for(seconds=15)
    breaker = Breaker(world)

    for deed, seconds in story:
        breaker.do(deed)
        world.run_for(seconds=seconds)
    breaker.finish()
    world.run_for(seconds=1_200)

    check_desired(world, breaker.replicas)


@pytest.mark.parametrize("type_", [*NODE_FAULTS, *APP_FAULTS, *CONTROL_PLANE_FAULTS])
@pytest.mark.parametrize("seconds", [2, 45, 420])
def test_each_fault_alone_leaves_nothing_behind(type_, seconds):
    """Short enough to be hardly noticed, long enough to be noticed, long enough for evictions."""
    world = World()
    world.create(make_deployment("web", replicas=3))
    world.run_for(seconds=15)
    target = {}
    if type_ in NODE_FAULTS:
        target = {"node": "worker-1"}
    elif type_ in APP_FAULTS:
        target = {"app": "web"}
    world.create(make_fault(type_, duration=f"{seconds}s", **target))
    world.run_for(seconds=seconds + 1_000)

    world.delete("Fault", "fault")
    world.run_for(seconds=1)
    check_desired(world, 3)
