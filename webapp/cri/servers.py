"""Programs that follow an image's profile: servers, and images that end by themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from webapp.cri.catalogue import EXIT, ImageProfile
from webapp.cri.program import SIGTERM
from webapp.cri.shell import execute

if TYPE_CHECKING:
    from webapp.cri.api import ExecResult
    from webapp.cri.program import Process


class ProfiledProgram:
    """The default program of a well-known image."""

    __slots__ = ("_profile",)

    def __init__(self, profile: ImageProfile) -> None:
        self._profile = profile

    def start(self, process: Process) -> None:
        """Print what the image prints; then listen, or end."""
        profile = self._profile
        if profile.requires_env and not any(process.env.get(name) for name in profile.requires_env):
            process.write(*_lines(profile.complaint, process))
            process.after(30, _fail)
            return
        if profile.lines:
            process.write(*_lines(profile.lines, process))
        if profile.runs == EXIT:
            process.after(5, self._end)
        elif profile.start_ms <= 100:
            process.listen(profile.ports)
        else:
            process.up = False
            process.after(profile.start_ms, self._listen)

    def on_signal(self, process: Process, signal: int) -> None:
        """End after a moment, unless the first process ignores SIGTERM."""
        if signal == SIGTERM and self._profile.stop_exit_code is not None:
            process.sim.schedule(self._profile.stop_ms, self._stop, process)

    def execute(self, process: Process, command: tuple[str, ...]) -> tuple[ExecResult, int]:
        """Run a command of the shell's."""
        return execute(process, command)

    def http_status(self, process: Process, port: int, path: str) -> int:  # noqa: ARG002
        """200, or 404 for a page that a fresh web server does not have."""
        bare = path.partition("?")[0]
        has_page = bare in ("/", "/index.html") or not self._profile.static_pages
        return 200 if has_page else 404

    def _listen(self, process: Process) -> None:
        process.listen(self._profile.ports)

    def _end(self, process: Process) -> None:
        process.exit(self._profile.exit_code)

    def _stop(self, process: Process) -> None:
        process.exit(self._profile.stop_exit_code or 0)


class DeclaredServer:
    """A program that nobody described: it serves the ports that the Pod's spec declares.

    Args:
        notice: Printed at its start, "" for nothing.
    """

    __slots__ = ("_notice",)

    def __init__(self, notice: str = "") -> None:
        self._notice = notice

    def start(self, process: Process) -> None:
        """Say what is not known, and listen."""
        if self._notice:
            process.write(self._notice)
        process.listen(process.declared_ports)

    def on_signal(self, process: Process, signal: int) -> None:
        """End in order on SIGTERM."""
        if signal == SIGTERM:
            process.sim.schedule(60, _end_well, process)

    def execute(self, process: Process, command: tuple[str, ...]) -> tuple[ExecResult, int]:
        """Run a command of the shell's."""
        return execute(process, command)

    def http_status(self, process: Process, port: int, path: str) -> int:  # noqa: ARG002
        """200 for every path."""
        return 200


def _fail(process: Process) -> None:
    process.exit(1)


def _end_well(process: Process) -> None:
    process.exit(0)


def _lines(lines: tuple[str, ...], process: Process) -> tuple[str, ...]:
    filled = _at_second(lines, process.sim.now_ms // 1000)
    if "{ip}" in filled[0]:
        return tuple(line.replace("{ip}", process.ip) for line in filled)
    return filled


@lru_cache(maxsize=2048)
def _at_second(lines: tuple[str, ...], second: int) -> tuple[str, ...]:
    # Containers of one image that start in the same second share their lines.
    text = datetime.fromtimestamp(second, UTC).strftime("%Y/%m/%d %H:%M:%S")
    return tuple(line.replace("{time}", text) for line in lines)
