"""Commands from outside on their way to the pump.

HTTP greenlets put a :class:`Command` in and wait on it; the pump alone takes commands out, in order
of arrival, and answers them. A command that changes the world is stamped when it is handled: the
stamp names the point between two handlers exactly, so that a replay meets the same world.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from gevent.event import AsyncResult, Event

if TYPE_CHECKING:
    from webapp.apimachinery.wire import Answer, Request

MAX_WAITING = 10_000
"""Commands waiting at most; more are refused, as an API server refuses what it cannot queue."""


class Stamp(NamedTuple):
    """Where in the run a command was handled.

    Attributes:
        at_ms: Virtual time, milliseconds since the Unix epoch.
        events_processed: Handlers that had run before.
        sequence: 1 for the run's first command, rising by one.
    """

    at_ms: int
    events_processed: int
    sequence: int


class InboxFullError(Exception):
    """More commands wait than the pump could answer in reasonable time."""


class Command:
    """A request on its way to the pump.

    Attributes:
        request: What is asked.
        durable: Whether it may change the world, and so is journalled before it is answered.
    """

    __slots__ = ("_result", "durable", "request")

    def __init__(self, request: Request, *, durable: bool) -> None:
        self.request = request
        self.durable = durable
        self._result: AsyncResult[Answer] = AsyncResult()

    def answer(self, answer: Answer) -> None:
        """Let the waiting greenlet go on with ``answer``."""
        self._result.set(answer)

    def fail(self, error: Exception) -> None:
        """Let the waiting greenlet go on with an exception."""
        self._result.set_exception(error)

    def wait(self) -> Answer:
        """Block this greenlet until the pump has answered (and, if durable, committed)."""
        answer: Answer = self._result.get()
        return answer


class Inbox:
    """First in, first out; many writers, one reader."""

    def __init__(self) -> None:
        self._commands: deque[Command] = deque()
        self._arrived = Event()

    def put(self, command: Command) -> None:
        """Queue a command and wake the pump.

        Raises:
            InboxFullError: Too many commands wait already.
        """
        if len(self._commands) >= MAX_WAITING:
            raise InboxFullError(f"{MAX_WAITING} requests are waiting")
        self._commands.append(command)
        self._arrived.set()

    def take_all(self) -> list[Command]:
        """Take what waits now, in order of arrival."""
        taken = list(self._commands)
        self._commands.clear()
        self._arrived.clear()
        return taken

    def wake(self) -> None:
        """Wake the pump without a command."""
        self._arrived.set()

    def wait(self, timeout_seconds: float | None) -> None:
        """Block the pump until something arrives or the time is up."""
        self._arrived.wait(timeout_seconds)
