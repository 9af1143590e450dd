"""Handlers of a container's life: a command, a request or a pause after its start and before its stop.

Called by :mod:`~webapp.kubelet.kuberuntime.container`; answers later with "" or why the handler failed.

Models:
    pkg/kubelet/lifecycle/handlers.go handlerRunner.Run
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.kubelet.ports import port_number

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject
    from webapp.cri.api import Container, ExecResult, RuntimeService, Sandbox
    from webapp.sim.loop import Simulation

REQUEST_MS = 10


class HookRunner:
    """Runs handlers of one machine's containers."""

    def __init__(self, sim: Simulation, runtime: RuntimeService) -> None:
        self._sim = sim
        self._runtime = runtime

    def run(
        self,
        hook: JSONObject,
        spec: JSONObject,
        container: Container,
        sandbox: Sandbox,
        on_done: Callable[[str], None],
        *,
        limit_ms: int = 0,
    ) -> None:
        """Begin a handler.

        Args:
            hook: ``exec``, ``httpGet`` or ``sleep``; nothing is done at once.
            spec: The container's spec, for named ports.
            container: Where.
            sandbox: Of the container.
            on_done: Gets why it failed, "" when it did not.
            limit_ms: When it is given up; 0 for never.
        """
        if "exec" in hook:
            command = tuple(hook["exec"].get("command") or ())
            self._runtime.run_command(
                container,
                command,
                lambda result: on_done(_problem(command, result)),
                timeout_ms=limit_ms,
            )
        elif "sleep" in hook:
            wait_ms = int(hook["sleep"].get("seconds") or 0) * 1000
            self._sim.schedule(min(wait_ms, limit_ms or wait_ms), lambda _: on_done(""))
        elif "httpGet" in hook:
            problem = self._get(hook["httpGet"], spec, sandbox)
            self._sim.schedule(REQUEST_MS, lambda _: on_done(problem))
        else:
            on_done("")

    def _get(self, get: JSONObject, spec: JSONObject, sandbox: Sandbox) -> str:
        """Ask a server; whatever status it answers with is good enough."""
        port = port_number(get["port"], spec)
        host = get.get("host") or sandbox.ip
        if self._runtime.http_status(sandbox, port, get.get("path") or "/") is not None:
            return ""
        url = f"{str(get.get('scheme') or 'HTTP').lower()}://{host}:{port}{get.get('path') or '/'}"
        return f'Get "{url}": dial tcp {host}:{port}: connect: connection refused'


def _problem(command: tuple[str, ...], result: ExecResult) -> str:
    if not result.exit_code or not result.modelled:
        return ""
    return f"command '{' '.join(command)}' exited with {result.exit_code}: {result.output}"
