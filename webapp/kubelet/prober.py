"""Startup, readiness and liveness probes, lazily: what goes on succeeding is not asked again.

A probe ticks until it has settled on success; from then on it rests until the container changes what
it answers (:meth:`Prober.recheck`). Failing probes tick on background timers, as each failure is an
Event and counts.

Models:
    pkg/kubelet/prober/prober_manager.go
    pkg/kubelet/prober/worker.go doProbe
    pkg/kubelet/prober/prober.go runProbe
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.kubelet.pod_workers import field_path
from webapp.kubelet.ports import port_number
from webapp.trace.facts import ProbeResultChanged

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject
    from webapp.client.record import EventRecorder
    from webapp.cri.api import Container, ExecResult, RuntimeService, Sandbox
    from webapp.kubelet.pod_workers import PodWorker
    from webapp.kubelet.sabotage import Sabotage
    from webapp.sim.events import Timer
    from webapp.sim.loop import Simulation
    from webapp.trace.recorder import Recorder

STARTUP = "startup"
READINESS = "readiness"
LIVENESS = "liveness"
_FIELDS = {STARTUP: "startupProbe", READINESS: "readinessProbe", LIVENESS: "livenessProbe"}


class ProbeWorker:
    """One probe of one container instance.

    Attributes:
        verdict: What the probe last settled on; ``None`` before.
        asking: Whether a command of it runs.
        message: What it found last; "" when it succeeded.
        run: Equal results in a row: positive for successes, negative for failures.
    """

    __slots__ = (
        "asking",
        "container",
        "kind",
        "message",
        "probe",
        "run",
        "sandbox",
        "spec",
        "timer",
        "verdict",
        "worker",
    )

    def __init__(
        self, worker: PodWorker, sandbox: Sandbox, spec: JSONObject, container: Container, kind: str
    ) -> None:
        self.worker = worker
        self.sandbox = sandbox
        self.spec = spec
        self.container = container
        self.kind = kind
        self.probe: JSONObject = spec[_FIELDS[kind]]
        self.run = 0
        self.verdict: bool | None = None
        self.timer: Timer | None = None
        self.asking = False
        self.message = ""

    @property
    def period_ms(self) -> int:
        """Milliseconds between two tries."""
        return int(self.probe.get("periodSeconds") or 10) * 1000


class Prober:
    """The probes of one machine's containers."""

    def __init__(
        self,
        sim: Simulation,
        recorder: Recorder,
        runtime: RuntimeService,
        events: EventRecorder,
        *,
        node: str,
        on_result: Callable[[PodWorker], None],
        sabotage: Sabotage,
    ) -> None:
        self._sim = sim
        self._recorder = recorder
        self._runtime = runtime
        self._events = events
        self._node = node
        self._actor = f"kubelet/{node}"
        self._on_result = on_result
        self._sabotage = sabotage
        self.paused = False
        self._workers: dict[str, list[ProbeWorker]] = {}

    def add(self, worker: PodWorker, spec: JSONObject, container: Container) -> None:
        """Begin a started container's probes."""
        name, observed = container.name, worker.observed
        observed.failed_probes.pop(name, None)
        observed.not_started.pop(name, None)
        observed.not_ready.pop(name, None)
        sandbox = observed.sandbox
        kinds = [kind for kind, field in _FIELDS.items() if spec.get(field)]
        if not kinds or sandbox is None:
            return
        probes = [ProbeWorker(worker, sandbox, spec, container, kind) for kind in kinds]
        self._workers[container.id] = probes
        if STARTUP in kinds:
            observed.not_started[name] = None
        if READINESS in kinds:
            observed.not_ready[name] = None
        for probe in probes:
            if probe.kind == STARTUP or STARTUP not in kinds:
                self._begin(probe)

    def remove(self, container: Container) -> None:
        """End a container's probes."""
        for probe in self._workers.pop(container.id, ()):
            self._sim.cancel(probe.timer)

    def recheck(self, container: Container) -> None:
        """A container changed what it answers: look again at the probe's next time."""
        for probe in self._workers.get(container.id, ()):
            rests = probe.timer is None and not probe.asking
            if rests and probe.verdict is not None and not self._over(probe):
                period_ms = probe.period_ms
                elapsed_ms = self._sim.now_ms - container.started_ms
                wait_ms = period_ms - elapsed_ms % period_ms
                probe.timer = self._sim.schedule(wait_ms, self._tick, probe, background=True)

    def probes_of(self, container: Container) -> list[ProbeWorker]:
        """A running container's probes; none before it has started."""
        return self._workers.get(container.id, [])

    def _begin(self, probe: ProbeWorker) -> None:
        elapsed_ms = self._sim.now_ms - probe.container.started_ms
        delay_ms = int(probe.probe.get("initialDelaySeconds") or 0) * 1000
        probe.timer = self._sim.schedule(max(100, delay_ms - elapsed_ms), self._tick, probe)

    def _over(self, probe: ProbeWorker) -> bool:
        return probe.kind == STARTUP and probe.verdict is True

    def _tick(self, probe: ProbeWorker) -> None:
        probe.timer = None
        if not probe.container.running or probe.container.stopping:
            return
        if self.paused:
            probe.timer = self._sim.schedule(probe.period_ms, self._tick, probe, background=True)
            return
        if self._sabotage.fails_probe(probe.worker.pod, probe.container.name, probe.kind):
            self._judge(probe, succeeded=False, message=_timeout(probe))
        elif "exec" in probe.probe:
            self._ask(probe, probe.probe["exec"])
        else:
            self._judge(probe, *self._try(probe))

    def _ask(self, probe: ProbeWorker, action: JSONObject) -> None:
        """Run a command; its exit code is the answer."""
        limit_s = int(probe.probe.get("timeoutSeconds") or 1)
        command = tuple(action.get("command") or ())

        def on_done(result: ExecResult) -> None:
            probe.asking = False
            if not probe.container.running or probe.container.stopping:
                return
            if not result.modelled:
                # pg_isready, redis-cli ping and the like ask whether the server is up.
                self._judge(probe, self._runtime.is_up(probe.container), result.output)
            elif result.timed_out:
                text = f'command timed out: "{" ".join(command)}" timed out after {limit_s}s'
                self._judge(probe, succeeded=False, message=text)
            else:
                self._judge(probe, result.exit_code == 0, result.output)

        probe.asking = True
        # What goes on succeeding is asked again and again, which is no work in progress.
        self._runtime.run_command(
            probe.container,
            command,
            on_done,
            timeout_ms=limit_s * 1000,
            background=probe.verdict is not None,
        )

    def _judge(self, probe: ProbeWorker, succeeded: bool, message: str) -> None:  # a result
        probe.run = max(probe.run, 0) + 1 if succeeded else min(probe.run, 0) - 1
        probe.message = "" if succeeded else message
        if not succeeded:
            self._tell(probe, message)
        threshold = probe.probe.get("successThreshold" if succeeded else "failureThreshold")
        reached = abs(probe.run) >= int(threshold or (1 if succeeded else 3))
        if reached and probe.verdict is not succeeded:
            probe.verdict = succeeded
            self._settle(probe, message)
        settled_well = probe.verdict is True and succeeded
        given_up = probe.verdict is False and probe.kind != READINESS
        if given_up or (settled_well and (probe.kind == STARTUP or "exec" not in probe.probe)):
            return
        # A command's answer may change with any file, so it is asked for ever.
        background = not succeeded or settled_well
        probe.timer = self._sim.schedule(probe.period_ms, self._tick, probe, background=background)

    def _settle(self, probe: ProbeWorker, message: str) -> None:
        observed, name = probe.worker.observed, probe.container.name
        succeeded = probe.verdict is True
        self._recorder.record(
            ProbeResultChanged(
                actor=self._actor,
                subject=probe.worker.ref,
                node=self._node,
                container=name,
                probe=probe.kind,
                succeeded=succeeded,
                message=message,
            )
        )
        if probe.kind == READINESS:
            if succeeded:
                observed.not_ready.pop(name, None)
            else:
                observed.not_ready[name] = None
        elif not succeeded:
            observed.failed_probes[name] = probe.kind
        elif probe.kind == STARTUP:
            observed.not_started.pop(name, None)
            for other in self._workers.get(probe.container.id, ()):
                if other is not probe:
                    self._begin(other)
        self._on_result(probe.worker)

    def _try(self, probe: ProbeWorker) -> tuple[bool, str]:
        check = probe.probe
        if "httpGet" in check:
            return self._get(probe, check["httpGet"])
        if "grpc" in check:
            return self._check_health(probe, check["grpc"])
        port = port_number(check["tcpSocket"]["port"], probe.spec)
        host = check["tcpSocket"].get("host") or probe.sandbox.ip
        if self._runtime.listens(probe.sandbox, port):
            return True, ""
        return False, f"dial tcp {host}:{port}: connect: connection refused"

    def _check_health(self, probe: ProbeWorker, check: JSONObject) -> tuple[bool, str]:
        """Ask the health service over gRPC; who speaks something else never gets connected.

        Models:
            pkg/probe/grpc/grpc.go grpcProber.Probe
        """
        port = int(check["port"])
        if self._runtime.speaks_grpc(probe.sandbox, port):
            return True, ""
        limit_s = int(probe.probe.get("timeoutSeconds") or 1)
        return False, (
            f'timeout: failed to connect service "{probe.sandbox.ip}:{port}" '
            f"within {limit_s}s: context deadline exceeded"
        )

    def _get(self, probe: ProbeWorker, get: JSONObject) -> tuple[bool, str]:
        port = port_number(get["port"], probe.spec)
        path = get.get("path") or "/"
        host = get.get("host") or probe.sandbox.ip
        status_code = self._runtime.http_status(probe.sandbox, port, path)
        if status_code is None:
            scheme = str(get.get("scheme") or "HTTP").lower()
            return False, (
                f'Get "{scheme}://{host}:{port}{path}": dial tcp {host}:{port}: connect: connection refused'
            )
        if 200 <= status_code < 400:
            return True, ""
        return False, f"HTTP probe failed with statuscode: {status_code}"

    def _tell(self, probe: ProbeWorker, message: str) -> None:
        worker = probe.worker
        found = worker.container_spec(probe.container.name)
        path = field_path(probe.spec, init=found is not None and found[1])
        text = f"{probe.kind.capitalize()} probe failed: {message}"
        self._events.event(worker.pod, "Warning", "Unhealthy", text, path)


def _timeout(probe: ProbeWorker) -> str:
    """What a probe says whose answer does not come."""
    check, ip = probe.probe, probe.sandbox.ip
    limit_s = int(check.get("timeoutSeconds") or 1)
    if "exec" in check:
        command = " ".join(check["exec"].get("command") or ())
        return f'command timed out: "{command}" timed out after {limit_s}s'
    if "httpGet" in check:
        get = check["httpGet"]
        scheme = str(get.get("scheme") or "HTTP").lower()
        host, path = get.get("host") or ip, get.get("path") or "/"
        url = f"{scheme}://{host}:{port_number(get['port'], probe.spec)}{path}"
        return f'Get "{url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
    if "grpc" in check:
        service = f"{ip}:{port_number(check['grpc']['port'], probe.spec)}"
        return f'timeout: failed to connect service "{service}" within {limit_s}s: context deadline exceeded'
    return f"dial tcp {ip}:{port_number(check['tcpSocket']['port'], probe.spec)}: i/o timeout"
