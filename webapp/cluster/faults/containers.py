"""Faults of containers: they end with an error or for want of memory, or their probes fail.

An end is a moment: it comes at once to each container that runs, and again, as often as the Fault says,
shortly after the container has been started anew. Containers are found through the kubelets, starts are
heard of as facts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.sim.fault import CONTAINER_CRASH, CONTAINER_OOM, PROBE_FAILURE
from webapp.sim.latency import Latency
from webapp.trace.facts import ContainerStarted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.apimachinery.meta import JSONObject
    from webapp.cluster.faults.active import ActiveFault
    from webapp.cluster.machine import Machine
    from webapp.cluster.node import Machines
    from webapp.cri.api import Container
    from webapp.kubelet.pod_workers import PodWorker
    from webapp.sim.loop import Simulation
    from webapp.sim.rng import RandomStream
    from webapp.trace.recorder import FactRecord, Recorder

END_TYPES = (CONTAINER_CRASH, CONTAINER_OOM)
PROBE_TYPES = (PROBE_FAILURE,)
OOM_EXIT_CODE = 137
AGAIN_LATENCY = Latency(1_500, 0.3, 500)
"""From a container's new start to its next end."""


class ContainerEnds:
    """ContainerCrash and ContainerOOM."""

    def __init__(
        self, sim: Simulation, stream: RandomStream, recorder: Recorder, machines: Machines
    ) -> None:
        self._sim = sim
        self._stream = stream
        self._machines = machines
        self._active: dict[str, ActiveFault] = {}
        self._ends: dict[tuple[str, str, str], int] = {}
        recorder.subscribe(self._on_started, (ContainerStarted,))

    def strike(self, fault: ActiveFault) -> bool:
        """End the containers that run; return whether that was all."""
        self._active[fault.name] = fault
        for machine, worker in _workers(self._machines, fault):
            for container in worker.running():
                if fault.means_container(container.name):
                    self._end(fault, machine, worker, container)
        if _limit(fault) == 1:
            self.heal(fault)
            return True
        return False

    def heal(self, fault: ActiveFault) -> None:
        """End no more of them."""
        self._active.pop(fault.name, None)
        for key in [key for key in self._ends if key[0] == fault.name]:
            del self._ends[key]

    def _on_started(self, record: FactRecord) -> None:
        fact = record.fact
        if not self._active or not isinstance(fact, ContainerStarted) or fact.subject is None:
            return
        delay_ms = AGAIN_LATENCY.draw(self._stream)
        self._sim.schedule(
            delay_ms, self._end_again, (fact.node, fact.subject.uid, fact.container_id)
        )

    def _end_again(self, key: tuple[str, str, str]) -> None:
        node, uid, container_id = key
        machine = self._machines.machine(node)
        worker = machine.kubelet.workers.get(uid) if machine is not None else None
        if machine is None or worker is None:
            return
        for fault in list(self._active.values()):
            if not fault.means_pod(worker.pod):
                continue
            for container in worker.running():
                if container.id == container_id and fault.means_container(container.name):
                    self._end(fault, machine, worker, container)

    def _end(
        self, fault: ActiveFault, machine: Machine, worker: PodWorker, container: Container
    ) -> None:
        key = (fault.name, worker.uid, container.name)
        ended = self._ends.get(key, 0)
        limit = _limit(fault)
        if not machine.powered or (limit is not None and ended >= limit):
            return
        self._ends[key] = ended + 1
        if fault.type == CONTAINER_OOM:
            machine.runtime.end_process(container, OOM_EXIT_CODE, "OOMKilled")
        else:
            machine.runtime.end_process(container, int(fault.spec["exitCode"]))


class ProbeFaults:
    """ProbeFailure."""

    def __init__(self, stream: RandomStream, machines: Machines) -> None:
        self._stream = stream
        self._machines = machines

    def strike(self, fault: ActiveFault) -> bool:
        """Let probes fail from now on, those that had settled too."""
        only, percent = str(fault.spec.get("probe", "")).lower(), int(fault.spec["percent"])

        def fails(pod: JSONObject, container: str, kind: str) -> bool:
            if only not in {"", kind} or not fault.means_container(container):
                return False
            return fault.means_pod(pod) and self._stream.uniform() * 100 < percent

        self._machines.sabotage.probes[fault.name] = fails
        self._recheck(fault)
        return False

    def heal(self, fault: ActiveFault) -> None:
        """Let them answer what is true again."""
        self._machines.sabotage.probes.pop(fault.name, None)
        self._recheck(fault)

    def _recheck(self, fault: ActiveFault) -> None:
        for machine, worker in _workers(self._machines, fault):
            for container in worker.running():
                machine.kubelet.recheck_probes(container)


def _limit(fault: ActiveFault) -> int | None:
    """How often a container is ended; ``None`` for as long as the Fault lasts."""
    repeat = fault.spec.get("repeat")
    if repeat is not None:
        return int(repeat)
    return None if fault.spec.get("duration") else 1


def _workers(machines: Machines, fault: ActiveFault) -> Iterator[tuple[Machine, PodWorker]]:
    """The struck Pods on all machines, in order of Nodes and of arrival."""
    for name in machines.names():
        machine = machines.machine(name)
        if machine is not None:
            for worker in list(machine.kubelet.workers.values()):
                if fault.means_pod(worker.pod):
                    yield machine, worker
