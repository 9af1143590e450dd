"""The control plane's processes: what runs them, stops them, and begins them again.

Scheduler and controller manager each live on a :class:`~webapp.cluster.process.Process`; stopped, they
forget everything, as a process does, and a new one lists and watches anew. Without an API server
neither can do anything: upstream they lose their leadership and end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.wire import UserInfo
from webapp.client.informer import InformerFactory
from webapp.client.record import EventRecorder
from webapp.client.rest import RESTClient
from webapp.cluster.process import Process
from webapp.controller.manager import ControllerManager
from webapp.scheduler.config import SchedulerConfiguration
from webapp.scheduler.scheduler import Scheduler
from webapp.sim.latency import Latency

if TYPE_CHECKING:
    from webapp.client.transport import Transport
    from webapp.cluster.door import Door
    from webapp.cluster.node import Machines
    from webapp.scheduler.diagnosis import PodDiagnosis
    from webapp.sim.events import Timer
    from webapp.sim.loop import Simulation
    from webapp.sim.rng import RandomStreams
    from webapp.trace.recorder import Recorder

API_SERVER = "kube-apiserver"
CONTROLLER_MANAGER = "kube-controller-manager"
SCHEDULER = "kube-scheduler"

RESTART_LATENCY = Latency(3_000, 0.3, 1_000)
"""From a component that may run again to one that leads: start, election, first lists."""


class ControlPlane:
    """API server, scheduler and controller manager.

    Attributes:
        door: Whether the API server answers.
        scheduler: The one that runs, or ran last.
        controllers: Those that run, or ran last.
    """

    def __init__(
        self,
        sim: Simulation,
        streams: RandomStreams,
        recorder: Recorder,
        transport: Transport,
        door: Door,
    ) -> None:
        self._sim = sim
        self._streams = streams
        self._recorder = recorder
        self._transport = transport
        self._holders: dict[str, dict[str, None]] = {}
        self._restarts: dict[str, Timer] = {}
        self._machines: Machines | None = None
        self.door = door
        self._processes = {
            name: Process(sim, transport) for name in (SCHEDULER, CONTROLLER_MANAGER)
        }
        self._configuration = SchedulerConfiguration()
        self._last_scheduler: Scheduler | None = None
        self.scheduler = self._make_scheduler()
        self.controllers = self._make_controllers()

    def start(self, machines: Machines) -> None:
        """Let all of it run; ``machines`` hear of an API server that comes and goes."""
        self._machines = machines
        self.controllers.start()
        self.scheduler.start()

    def configure_scheduler(self, configuration: SchedulerConfiguration) -> None:
        """Let the scheduler, and those that follow it, work by another configuration."""
        self._configuration = configuration
        self.scheduler.configure(configuration)

    def explain(self, uid: str) -> PodDiagnosis | None:
        """Why a Pod is where it is: by this scheduler, or by the one before it."""
        found = self.scheduler.explain(uid)
        if found is None and self._last_scheduler is not None:
            found = self._last_scheduler.explain(uid)
        return found

    def runs(self, component: str) -> bool:
        """Whether a component may run."""
        if self._holders.get(component):
            return False
        return component == API_SERVER or not self._holders.get(API_SERVER)

    def hold(self, component: str, owner: str) -> None:
        """Stop a component until ``owner`` and all others release it."""
        self._holders.setdefault(component, {})[owner] = None
        self._sync()

    def release(self, component: str, owner: str) -> None:
        """Let a component run again, as far as ``owner`` is concerned."""
        self._holders.get(component, {}).pop(owner, None)
        self._sync()

    def _sync(self) -> None:
        self._sync_api_server()
        for component, process in list(self._processes.items()):
            if not self.runs(component):
                self._sim.cancel(self._restarts.pop(component, None))
                process.kill()
                del self._processes[component]
        for component in (SCHEDULER, CONTROLLER_MANAGER):
            if (
                self.runs(component)
                and component not in self._processes
                and component not in self._restarts
            ):
                delay_ms = RESTART_LATENCY.draw(self._streams.stream("control-plane/restart"))
                self._restarts[component] = self._sim.schedule(delay_ms, self._begin, component)
        for component in list(self._restarts):
            if not self.runs(component):
                self._sim.cancel(self._restarts.pop(component))

    def _sync_api_server(self) -> None:
        runs = self.runs(API_SERVER)
        if runs == self.door.is_open:
            return
        self.door.is_open = runs
        if not runs:
            self.door.cut()
        if self._machines is not None:
            if runs:
                self._machines.find_api_server()
            else:
                self._machines.lose_api_server()

    def _begin(self, component: str) -> None:
        self._restarts.pop(component, None)
        self._processes[component] = Process(self._sim, self._transport)
        if component == SCHEDULER:
            self._last_scheduler = self.scheduler
            self.scheduler = self._make_scheduler()
            self.scheduler.start()
        else:
            self.controllers = self._make_controllers()
            self.controllers.start()

    def _make_scheduler(self) -> Scheduler:
        process = self._processes[SCHEDULER]
        user = UserInfo(f"system:{SCHEDULER}", ("system:authenticated",))
        client = RESTClient(process.transport, user, SCHEDULER)
        return Scheduler(
            process.sim,
            self._streams,
            self._recorder,
            client,
            InformerFactory(client),
            EventRecorder(client, process.sim, "default-scheduler"),
            self._configuration,
        )

    def _make_controllers(self) -> ControllerManager:
        process = self._processes[CONTROLLER_MANAGER]
        user = UserInfo(f"system:{CONTROLLER_MANAGER}", ("system:authenticated",))
        client = RESTClient(process.transport, user, CONTROLLER_MANAGER)
        return ControllerManager(
            process.sim, self._streams, self._recorder, client, InformerFactory(client)
        )
