"""What Faults do to machines: power, lines, kubelets and container runtimes go and come back."""

from __future__ import annotations

from webapp.apimachinery.status import NotFound
from webapp.cluster.machine import REGISTER_LATENCY, Machine, MachineTable
from webapp.kubelet.backoff import go_duration
from webapp.kubelet.nodeshutdown import NODE_PROBLEM
from webapp.network.ipam import node_address
from webapp.sim.latency import Latency

BOOT_LATENCY = Latency(20_000, 0.2, 10_000)
"""From power to a kubelet that registers."""
RECONNECT_LATENCY = Latency(1_500, 0.4, 200)
"""From a line that works again to watches and requests that do."""
RUNTIME_THRESHOLD_MS = 30_000
"""How long a runtime may not answer before its kubelet calls it down."""
RUNTIME_IS_DOWN = "container runtime is down"
PLEG_THRESHOLD_MS = 180_000
"""How long a kubelet may not have seen its containers before it says so."""
SHUTDOWN_MS = 2_000
"""From the last Pod's end to a machine without power."""
RUNTIME_LATENCY = Latency(2_500, 0.3, 500)
"""From a runtime that answers again to a kubelet that has noticed: it asks every five seconds."""


class MachineFaults(MachineTable):
    """Takes parts of machines away and gives them back."""

    def power_off(self, node_name: str) -> None:
        """A machine loses its power: all that runs there stops, and nobody is told."""
        machine = self._machines.get(node_name)
        if machine is None or not machine.powered:
            return
        machine.powered = False
        machine.shutting_down = False
        self._halt(machine, boot_id=self._streams.stream(f"kubelet/{node_name}").uid())
        self._pods.remove(node_name)
        machine.kubelet.lose_power()
        machine.registered = False
        if machine.joined:
            machine.joined = False
            self.network.leave(node_name)
            self.plane.leave(node_name, node_address(machine.index))
            if self._proxier is not None:
                self._proxier.remove(node_name)

    def power_on(self, node_name: str) -> None:
        """A machine gets its power back and boots; its disk is as it was."""
        machine = self._machines.get(node_name)
        if machine is None:
            return
        if machine.shutting_down:  # nobody stops a machine that goes down: it does, and boots
            self.power_off(node_name)
        if machine.powered:
            return
        machine.powered = True
        delay_ms = BOOT_LATENCY.draw(self._streams.stream(f"kubelet/{node_name}"))
        machine.timer = self._sim.schedule(delay_ms, self._register, node_name)

    def shut_down(self, node_name: str) -> None:
        """A machine goes down in good order, if its kubelet can see to it."""
        machine = self._machines.get(node_name)
        if machine is None or not machine.powered or machine.shutting_down:
            return
        if machine.halted or machine.runtime_down:
            self.power_off(node_name)
            return
        machine.shutting_down = True
        machine.status.set_ready(ready=False, problem=NODE_PROBLEM)
        machine.kubelet.shut_down(lambda: self._finish_shutdown(node_name, machine))

    def _finish_shutdown(self, node_name: str, machine: Machine) -> None:
        def go_down(_: None) -> None:
            if machine.shutting_down:
                self.power_off(node_name)

        self._sim.schedule(SHUTDOWN_MS, go_down)

    def stop_kubelet(self, node_name: str) -> None:
        """A machine's kubelet stops; its containers go on."""
        machine = self._machines.get(node_name)
        if machine is None or not machine.powered:
            return
        self._halt(machine)
        self._pods.remove(node_name)
        machine.kubelet.pause()

    def start_kubelet(self, node_name: str) -> None:
        """A machine's kubelet begins again and finds what is there; one that boots does so anyway."""
        machine = self._machines.get(node_name)
        if machine is None or not machine.powered or not machine.halted:
            return
        if machine.timer is not None or machine.waiting:
            return
        delay_ms = REGISTER_LATENCY.draw(self._streams.stream(f"kubelet/{node_name}"))
        machine.timer = self._sim.schedule(delay_ms, self._register, node_name)

    def _halt(self, machine: Machine, *, boot_id: str = "") -> None:
        self._sim.cancel(machine.timer)
        machine.timer = None
        machine.waiting = False
        machine.halted = True
        machine.status.stop(boot_id=boot_id)

    def disconnect(self, node_name: str) -> None:
        """A machine reaches the API server no more; all that runs there goes on."""
        machine = self._machines.get(node_name)
        if machine is None or not machine.line.is_up:
            return
        machine.status.fall_silent()
        machine.line.is_up = False
        self._lose_contact(node_name, machine)

    def connect(self, node_name: str) -> None:
        """A machine reaches the API server again, and tells what it has to tell."""
        machine = self._machines.get(node_name)
        if machine is None or machine.line.is_up:
            return
        machine.line.is_up = True
        self._regain_contact(node_name, machine)

    def lose_api_server(self) -> None:
        """No machine reaches the API server: it is not there."""
        for name in self.names():
            self._lose_contact(name, self._machines[name])

    def find_api_server(self) -> None:
        """The API server is there again."""
        for name in self.names():
            self._regain_contact(name, self._machines[name])

    def _reaches_api_server(self, machine: Machine) -> bool:
        return machine.line.is_up and self._door.is_open

    def _lose_contact(self, name: str, machine: Machine) -> None:
        self._pods.remove(name)
        if not machine.halted:
            machine.kubelet.disconnect()

    def _regain_contact(self, name: str, machine: Machine) -> None:
        if not self._reaches_api_server(machine):
            return
        if machine.waiting:
            self._begin_if_possible(name, machine)
        else:
            delay_ms = RECONNECT_LATENCY.draw(self._streams.stream(f"kubelet/{name}"))
            self._sim.schedule(delay_ms, self._reconnect, name)

    def _reconnect(self, name: str) -> None:
        machine = self._machines.get(name)
        if machine is None or machine.halted or not self._reaches_api_server(machine):
            return
        if not machine.registered:  # it is still on its way to become a Node
            return
        if machine.status.renewed_ms() is None:
            try:
                machine.status.resume()
            except NotFound:  # the watch will take the machine away
                return
        if not machine.runtime_down:
            machine.kubelet.resume(self._pods.pods(name))
            self._pods.add(name, machine.kubelet)

    def _begin_if_possible(self, name: str, machine: Machine) -> None:
        if machine.waiting and not machine.runtime_down and self._reaches_api_server(machine):
            machine.waiting = False
            delay_ms = REGISTER_LATENCY.draw(self._streams.stream(f"kubelet/{name}"))
            machine.timer = self._sim.schedule(delay_ms, self._register, name)

    def stop_runtime(self, node_name: str) -> None:
        """A machine's container runtime does not answer: what runs goes on, nothing begins or ends."""
        machine = self._machines.get(node_name)
        if machine is None or machine.runtime_down:
            return
        machine.runtime_down = True
        self._pods.remove(node_name)
        if not machine.halted:
            machine.kubelet.pause()
        self._sim.cancel(machine.runtime_timer)
        now_ms = self._sim.now_ms
        machine.runtime_timer = self._sim.schedule(
            RUNTIME_THRESHOLD_MS + machine.status.until_report_ms(RUNTIME_THRESHOLD_MS),
            self._report_runtime,
            (node_name, now_ms),
            background=True,
        )

    def start_runtime(self, node_name: str) -> None:
        """A machine's container runtime answers again."""
        machine = self._machines.get(node_name)
        if machine is None or not machine.runtime_down:
            return
        machine.runtime_down = False
        self._sim.cancel(machine.runtime_timer)
        machine.runtime_timer = None
        self._begin_if_possible(node_name, machine)
        delay_ms = RUNTIME_LATENCY.draw(self._streams.stream(f"kubelet/{node_name}"))
        machine.runtime_timer = self._sim.schedule(delay_ms, self._find_runtime, node_name)

    def _report_runtime(self, key: tuple[str, int]) -> None:
        """The kubelet tells that its runtime is down; later, that it has not seen its Pods for long."""
        name, since_ms = key
        machine = self._machines.get(name)
        if machine is None or machine.halted:
            return
        silent_ms = self._sim.now_ms - since_ms
        problem = RUNTIME_IS_DOWN
        if silent_ms >= PLEG_THRESHOLD_MS:
            seen = go_duration(silent_ms)
            problem = f"[{RUNTIME_IS_DOWN}, PLEG is not healthy: pleg was last seen active {seen} ago; threshold is 3m0s]"
        else:
            wait_ms = PLEG_THRESHOLD_MS - silent_ms
            machine.runtime_timer = self._sim.schedule(
                wait_ms + machine.status.until_report_ms(wait_ms),
                self._report_runtime,
                key,
                background=True,
            )
        machine.status.set_ready(ready=False, problem=problem)

    def _find_runtime(self, name: str) -> None:
        machine = self._machines.get(name)
        if machine is None:
            return
        machine.runtime_timer = None
        if machine.halted or machine.runtime_down or not machine.registered:
            return
        if not machine.status.ready and self.network.installed and machine.timer is None:
            machine.status.set_ready(ready=True)
        if self._reaches_api_server(machine):
            machine.kubelet.resume(self._pods.pods(name))
            self._pods.add(name, machine.kubelet)
