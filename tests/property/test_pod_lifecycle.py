"""What holds in every Pod's life, whatever its containers do and whenever it is deleted."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.factories import make_container, make_pod
from tests.world import World
from webapp.kubelet.backoff import go_duration
from webapp.trace.facts import (
    ContainerExited,
    ContainerStarted,
    ContainerStopping,
    StatusReported,
)

PHASES = {"Pending": 0, "Running": 1, "Succeeded": 2, "Failed": 2}
NOMINAL = {go_duration(wait_ms): wait_ms for wait_ms in (10_000, 20_000, 40_000, 80_000, 160_000)}
NOMINAL["5m0s"] = 300_000

endings = st.sampled_from(("sleep 1; exit 0", "sleep 2; exit 1", "exit 0", "exit 3", "sleep 500"))
traps = st.sampled_from(("", "trap 'exit 0' TERM; ", "trap 'sleep 2; exit 0' TERM; "))
probes = st.sampled_from(
    (
        {},
        {"startupProbe": {"exec": {"command": ["true"]}, "periodSeconds": 1}},
        {"readinessProbe": {"exec": {"command": ["true"]}, "initialDelaySeconds": 2}},
        {"readinessProbe": {"exec": {"command": ["false"]}}},
    )
)


def shell(name, script, **fields):
    """A container that runs a script."""
    return make_container(name, "busybox:1.36", command=["sh", "-c", script], **fields)


@st.composite
def pods(draw):
    """Pods with init containers, sidecars and apps that end well, badly or not at all."""
    inits = []
    for number in range(draw(st.integers(0, 3))):
        if draw(st.booleans()):
            script = f"{draw(traps)}while true; do sleep 1; done"
            inits.append(
                shell(
                    f"side-{number}", script, restartPolicy="Always", **draw(probes.map(_startup))
                )
            )
        else:
            ending = draw(st.sampled_from(("exit 0", "sleep 1; exit 0", "sleep 1; exit 1")))
            inits.append(shell(f"init-{number}", ending))
    apps = [
        shell(f"app-{number}", f"{draw(traps)}{draw(endings)}", **draw(probes))
        for number in range(draw(st.integers(1, 3)))
    ]
    return make_pod(
        "p",
        containers=apps,
        initContainers=inits,
        restartPolicy=draw(st.sampled_from(("Always", "OnFailure", "Never"))),
        terminationGracePeriodSeconds=draw(st.integers(1, 10)),
    )


def _startup(probe):
    return {name: value for name, value in probe.items() if name == "startupProbe"}


class Watched:
    """A world with one Pod, every version of which was looked at."""

    def __init__(self, pod, delete_after, seed):
        self.world = World(nodes=1, seed=seed)
        self.phases = []
        self.back_offs = {}
        self.world.cluster.recorder.subscribe(self._on_fact)
        self.world.create(pod)
        self.world.run_for(seconds=delete_after)
        if self.world.get("Pod", "p") is not None:
            self.world.delete("Pod", "p")
        self.world.run_for(seconds=60)

    def _on_fact(self, record):
        if not isinstance(record.fact, StatusReported) or record.fact.subject.name != "p":
            return
        self.phases.append(record.fact.phase)
        pod = self.world.get("Pod", "p")
        if pod is None:
            return
        status = pod["status"]
        statuses = status.get("containerStatuses") or []
        ready = next(item for item in status["conditions"] if item["type"] == "Ready")
        if ready["status"] == "True":
            assert statuses
            assert all(item["ready"] for item in statuses)
        for item in statuses:
            message = (item["state"].get("waiting") or {}).get("message", "")
            found = re.match(r"back-off (\S+) restarting", message)
            if found:
                self.back_offs.setdefault(item["name"], []).append(NOMINAL[found[1]])


@settings(max_examples=20, deadline=None)
@given(pod=pods(), delete_after=st.sampled_from((3, 9, 30, 200)), seed=st.integers(0, 1000))
def test_a_pods_life_keeps_its_order(pod, delete_after, seed):
    """Init containers one by one, sidecars to the last, phases forward, back-offs longer and longer."""
    watched = Watched(pod, delete_after, seed)
    running: dict[str, str] = {}

    for fact in watched.world.facts(ContainerStarted, ContainerExited, ContainerStopping):
        if isinstance(fact, ContainerStarted):
            if fact.role == "init":
                assert "init" not in running.values(), "init containers overlap"
                assert "app" not in running.values(), "an init container runs beside an app"
            running[fact.container_id] = fact.role
        elif isinstance(fact, ContainerExited):
            running.pop(fact.container_id, None)
        elif running.get(fact.container_id) == "sidecar":
            assert "app" not in running.values(), "a sidecar is stopped before an app container"

    assert all(PHASES[one] <= PHASES[two] for one, two in pairwise(watched.phases))
    for waits in watched.back_offs.values():
        assert all(one <= two for one, two in pairwise(waits)), "a back-off shrank"
    assert watched.world.get("Pod", "p") is None
    assert not running
