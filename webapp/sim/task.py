"""Tasks: generators that sleep and wait on the loop.

For what is best read top-down and can be re-created by replay: container programs and scenarios.
Components keep their state in objects and use timers instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from webapp.sim.events import Timer
    from webapp.sim.loop import Simulation


class Waiter:
    """Something a task can wait for: it is woken with a value, once.

    A task yields a Waiter instead of milliseconds; whoever holds it calls :meth:`wake`.
    """

    __slots__ = ("_task",)

    def __init__(self) -> None:
        self._task: Task | None = None

    def wake(self, value: Any = None) -> None:
        """Resume the waiting task at the present virtual time with ``value``."""
        task, self._task = self._task, None
        if task is not None:
            task._wake(value)  # noqa: SLF001  # the two halves of one handshake

    def attach(self, task: Task | None) -> None:
        """Name the task to wake; called by the task itself."""
        self._task = task


class Task:
    """A generator run on the loop.

    The generator yields an ``int`` (sleep that many virtual milliseconds) or a :class:`Waiter`
    (sleep until woken; the yield returns the value). Its return value goes to ``on_done``.
    """

    __slots__ = ("_background", "_generator", "_on_done", "_sim", "_timer", "_waiter", "done")

    def __init__(
        self,
        sim: Simulation,
        generator: Generator[int | Waiter, Any, Any],
        on_done: Callable[[Any], None] | None = None,
        *,
        background: bool = True,
    ) -> None:
        self._sim = sim
        self._generator = generator
        self._on_done = on_done
        self._background = background
        self._waiter: Waiter | None = None
        self.done = False
        self._timer: Timer | None = sim.schedule(0, self._resume, background=background)

    def cancel(self) -> None:
        """Close the generator where it waits; ``on_done`` is not called."""
        if self.done:
            return
        self.done = True
        self._on_done = None
        self._sim.cancel(self._timer)
        if self._waiter is not None:
            self._waiter.attach(None)
        self._generator.close()

    def _wake(self, value: Any) -> None:
        self._waiter = None
        self._timer = self._sim.schedule(0, self._resume, value, background=self._background)

    def _resume(self, value: Any) -> None:
        self._timer = None
        try:
            wanted = self._generator.send(value)
        except StopIteration as stop:
            self.done = True
            if self._on_done is not None:
                self._on_done(stop.value)
            return
        if isinstance(wanted, Waiter):
            self._waiter = wanted
            wanted.attach(self)
        else:
            self._timer = self._sim.schedule(wanted, self._resume, background=self._background)
