"""Programs that follow an image's profile: servers, and images that end by themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from webapp.cri.catalogue import EXIT, ImageProfile
from webapp.cri.port_complaints import port_complaint
from webapp.cri.program import SIGTERM
from webapp.cri.programs.files.nodes import Directory, FileError
from webapp.cri.programs.server_processes import enter_server
from webapp.cri.references import parse_reference
from webapp.cri.userlands import image_inside

if TYPE_CHECKING:
    from webapp.cri.program import Process, Program
    from webapp.cri.programs.userland import Userland


class ProfiledProgram:
    """The default program of a well-known image."""

    __slots__ = ("_profile",)

    def __init__(self, profile: ImageProfile) -> None:
        self._profile = profile

    def problem(self, process: Process) -> str:  # noqa: ARG002
        """None: an image's own program is there."""
        return ""

    def start(self, process: Process) -> None:
        """Print what the image prints; then listen, or end."""
        profile = self._profile
        _show_processes(self, process)
        if profile.requires_env and not any(process.env.get(name) for name in profile.requires_env):
            process.write(*_lines(profile.complaint, process))
            process.after(30, _fail)
            return
        busy = next((port for port in profile.ports if process.port_taken(port)), 0)
        if busy:
            _give_up(process, profile, busy)
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

    def http_status(self, process: Process, port: int, path: str) -> int:  # noqa: ARG002
        """200; of a server of files 404 for what is missing, 403 for a directory without a page."""
        bare = path.partition("?")[0]
        if not self._profile.static_pages:
            return 200
        if not _has_own_files(process):
            return 200 if bare in ("/", "/index.html") else 404
        if self.served_file(process, path) is not None:
            return 200
        return 403 if bare.endswith("/") and _is_directory(process, bare) else 404

    def served_file(self, process: Process, path: str) -> bytes | None:
        """The file below the document root, once anything may have been written there."""
        root = image_inside(process.config.image).document_root
        if not root or not _has_own_files(process):
            return None
        bare = path.partition("?")[0]
        name = f"{bare}index.html" if bare.endswith("/") else bare
        try:
            return process.userland.files.read(f"{root}{name}")
        except FileError:
            return None

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

    def problem(self, process: Process) -> str:  # noqa: ARG002
        """None: it is taken to be there."""
        return ""

    def start(self, process: Process) -> None:
        """Say what is not known, and listen."""
        _show_processes(self, process)
        if self._notice:
            process.write(self._notice)
        busy = next((port for port in process.declared_ports if process.port_taken(port)), 0)
        if busy:
            process.write(f"listen tcp :{busy}: bind: address already in use")
            process.after(30, _fail)
            return
        process.listen(process.declared_ports)

    def on_signal(self, process: Process, signal: int) -> None:
        """End in order on SIGTERM."""
        if signal == SIGTERM:
            process.sim.schedule(60, _end_well, process)

    def http_status(self, process: Process, port: int, path: str) -> int:  # noqa: ARG002
        """200 for every path."""
        return 200

    def served_file(self, process: Process, path: str) -> bytes | None:  # noqa: ARG002
        """None: what it serves is not known."""
        return None


def _give_up(process: Process, profile: ImageProfile, port: int) -> None:
    """Somebody with the same address listens on the port already: say so, and end."""
    lines, wait_ms = port_complaint(profile.name, port)
    before = [line for line in profile.lines if profile.static_pages and "{" not in line]
    process.write(*_lines((*before, *lines), process))
    process.after(wait_ms, _fail)


def _show_processes(program: Program, process: Process) -> None:
    """What ``ps`` shows of a server, and what signals from inside do to it."""
    process.on_look_inside(partial(_enter, program))


def _enter(program: Program, process: Process, userland: Userland) -> None:
    image = parse_reference(process.config.image).short_name
    name = image.rpartition("/")[2].removesuffix("-unprivileged")
    argv = process.argv or (name,)

    def on_stop() -> None:
        program.on_signal(process, SIGTERM)

    enter_server(userland, name, argv, dict(process.env), on_stop, process.exit)


def _has_own_files(process: Process) -> bool:
    """Whether anything may have changed the files that a server came with."""
    root = image_inside(process.config.image).document_root
    paths = process.config.mount_paths
    return process.has_userland or any(
        (root + "/").startswith(path.rstrip("/") + "/") or path.startswith(root) for path in paths
    )


def _is_directory(process: Process, path: str) -> bool:
    root = image_inside(process.config.image).document_root
    return isinstance(process.userland.files.get(f"{root}{path}"), Directory)


def _fail(process: Process) -> None:
    process.exit(1)


def _end_well(process: Process) -> None:
    process.exit(0)


def _lines(lines: tuple[str, ...], process: Process) -> tuple[str, ...]:
    filled = _at_second(lines, process.sim.now_ms // 1000)
    if filled and "{ip}" in filled[0]:
        return tuple(line.replace("{ip}", process.ip) for line in filled)
    return filled


@lru_cache(maxsize=2048)
def _at_second(lines: tuple[str, ...], second: int) -> tuple[str, ...]:
    # Containers of one image that start in the same second share their lines.
    text = datetime.fromtimestamp(second, UTC).strftime("%Y/%m/%d %H:%M:%S")
    return tuple(line.replace("{time}", text) for line in lines)
