"""agnhost, the image of the documentation's and the conformance tests' servers, by its subcommand.

Models:
    test/images/agnhost/liveness/server.go
    test/images/agnhost/netexec/netexec.go
    test/images/agnhost/serve-hostname/serve_hostname.go
    test/images/agnhost/grpc-health-checking/grpc-health-checking.go
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from webapp.cri.program import SIGTERM

if TYPE_CHECKING:
    from webapp.cri.program import Process

IMAGE = "registry.k8s.io/e2e-test-images/agnhost"
HEALTHY_MS = 10_000
"""How long the liveness server answers well."""
_PORTS = {
    "grpc-health-checking": ("port", 5000),
    "liveness": ("port", 8080),
    "netexec": ("http-port", 8080),
    "pause": ("", 0),
    "serve-hostname": ("port", 9376),
    "test-webserver": ("port", 80),
}
_STOP_MS = 30


def agnhost_program(args: tuple[str, ...]) -> AgnhostProgram | None:
    """The program of a subcommand; ``None`` for one that is not modelled."""
    name = args[0] if args else "pause"
    return AgnhostProgram(name, args[1:]) if name in _PORTS else None


class AgnhostProgram:
    """One subcommand at work."""

    __slots__ = ("_name", "_port")

    def __init__(self, name: str, options: tuple[str, ...]) -> None:
        self._name = name
        option, port = _PORTS[name]
        words = iter(options)
        for word in words:
            key, sign, value = word.lstrip("-").partition("=")
            if option and key == option:
                text = value if sign else next(words, "")
                port = int(text) if text.isdigit() else port
        self._port = port

    @property
    def speaks_grpc(self) -> bool:
        """Whether it answers the health service of gRPC."""
        return self._name == "grpc-health-checking"

    def problem(self, process: Process) -> str:  # noqa: ARG002
        """None: the image's own program is there."""
        return ""

    def start(self, process: Process) -> None:
        """Say what it does, and listen."""
        words = {
            "netexec": f"Started HTTP server on port {self._port}",
            "pause": "Paused",
            "serve-hostname": f"Serving on port {self._port}.",
        }
        if self._name in words:
            process.write(words[self._name])
        if self._port:
            process.listen((self._port,))
        if self._name == "liveness":
            process.after(HEALTHY_MS, self._fall_ill)

    def _fall_ill(self, process: Process) -> None:
        process.listen((self._port,))  # whoever probes looks again

    def on_signal(self, process: Process, signal: int) -> None:
        """Go programs end on SIGTERM with 2; ``pause`` and ``netexec`` end in order."""
        if signal == SIGTERM:
            process.sim.schedule(_STOP_MS, self._stop, process)

    def _stop(self, process: Process) -> None:
        process.exit(0 if self._name in ("netexec", "pause") else 2)

    def _age_ms(self, process: Process) -> int:
        return process.sim.now_ms - process.started_ms

    def http_status(self, process: Process, port: int, path: str) -> int:  # noqa: ARG002
        """The liveness server turns bad after ten seconds; nothing else refuses."""
        if self._name == "liveness" and urlsplit(path).path == "/healthz":
            return 200 if self._age_ms(process) < HEALTHY_MS else 500
        return 200

    def served_file(self, process: Process, path: str) -> bytes | None:
        """What the subcommand's pages say."""
        url = urlsplit(path)
        hostname = process.userland.identity.hostname
        if self._name == "liveness":
            age_s = self._age_ms(process) / 1000
            if url.path == "/healthz":
                return b"ok" if age_s * 1000 < HEALTHY_MS else f"error: {age_s}".encode()
            return f"{age_s}s".encode()
        if self._name == "netexec" and url.path not in ("/hostname", "/hostName"):
            if url.path == "/echo":
                return (parse_qs(url.query).get("msg") or [""])[0].encode()
            if url.path in ("/healthz", "/readyz"):
                return b""
            now = datetime.fromtimestamp(process.sim.now_ms / 1000, UTC)
            return f"NOW: {now:%Y-%m-%d %H:%M:%S.%f} +0000 UTC".encode()
        return hostname.encode()
