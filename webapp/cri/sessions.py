"""A container attached to: its console or, for one that only prints, its log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.log_options import LogOptions
from webapp.cri.terminal import MAX_UNREAD_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.streams import ExecOptions
    from webapp.cri.api import Container
    from webapp.cri.terminal import Console
    from webapp.sim.loop import Simulation


class AttachSession:
    """A container attached to through its console.

    Args:
        console: Of its first process.
        options: What the client wants.
        once: Whether the input is over when this client leaves.
    """

    def __init__(self, console: Console, options: ExecOptions, *, once: bool) -> None:
        self.on_stdout: Callable[[bytes], None] = _discard
        self.on_stderr: Callable[[bytes], None] = _discard
        self.on_exit: Callable[[int], None] = _discard
        self.on_failure: Callable[[str], None] = _discard
        self._console = console
        self._types = options.stdin
        self._once = once and options.stdin
        console.attach(self)

    def stdin(self, data: bytes | None) -> None:
        """Take input; its end is the process's only when it is meant to be typed once."""
        if data is not None and self._types:
            self._console.input.feed(data)
            if self._console.input.unread_bytes > MAX_UNREAD_BYTES:
                self._console.detach(self)
                self.on_failure("the process reads too little of what is sent to it")
        elif data is None and self._once:
            self._console.input.end()

    def resize(self, width: int, height: int) -> None:
        """Nothing here draws whole screens."""

    def cancel(self) -> None:
        """The client is gone; the process goes on."""
        self._console.detach(self)
        if self._once:
            self._console.input.end()

    def on_output(self, data: bytes) -> None:
        """Standard output, or what a terminal shows."""
        self.on_stdout(data)

    def on_error(self, data: bytes) -> None:
        """Standard error."""
        self.on_stderr(data)

    def on_end(self, code: int) -> None:
        """The process has ended."""
        self.on_exit(code)


class LogSession:
    """A container attached to: what it prints from now on, until it ends."""

    def __init__(self, sim: Simulation, container: Container, *, tty: bool) -> None:
        self.on_stdout: Callable[[bytes], None] = _discard
        self.on_stderr: Callable[[bytes], None] = _discard
        self.on_exit: Callable[[int], None] = _discard
        self.on_failure: Callable[[str], None] = _discard
        self._container = container
        self._tty = tty
        self._stop: Callable[[], None] = _nothing
        # Whoever asked sets the callbacks first.
        self._timer = sim.schedule(0, self._start, background=True)
        self._sim = sim

    def stdin(self, data: bytes | None) -> None:
        """Nothing reads it."""

    def resize(self, width: int, height: int) -> None:
        """Nothing draws."""

    def cancel(self) -> None:
        """Look no longer."""
        self._sim.cancel(self._timer)
        self._stop()

    def _start(self, _: None) -> None:
        self._stop = self._container.log.read(LogOptions(follow=True, tail_lines=0), self._take)

    def _take(self, chunk: bytes | None) -> None:
        if chunk is None:
            self.on_exit(self._container.exit_code)
        else:
            self.on_stdout(chunk.replace(b"\n", b"\r\n") if self._tty else chunk)


def _discard(_: object) -> None:
    return


def _nothing() -> None:
    return
