"""A task into which an exception can be thrown: how a simulated process is killed where it waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.sim.task import Task, Waiter

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from webapp.sim.loop import Simulation


class Thread(Task):
    """A generator on the loop that can be interrupted.

    The exception is raised at the present virtual instant, at the ``yield`` where the generator then
    waits; the generator may catch it and go on.
    """

    __slots__ = ("_kept", "background", "held")

    def __init__(
        self,
        sim: Simulation,
        generator: Generator[int | Waiter, Any, Any],
        on_done: Callable[[Any], None] | None = None,
        *,
        background: bool = True,
    ) -> None:
        super().__init__(sim, generator, on_done, background=background)
        self.background = background
        self.held = False
        self._kept: list[Any] = []

    def hold(self) -> None:
        """Do not go on, whatever it waits for."""
        self.held = True

    def proceed(self) -> None:
        """Go on, at once if what it waited for has come meanwhile."""
        self.held = False
        for value in self._kept[:1]:
            self._timer = self._sim.schedule(0, self._resume, value, background=self._background)
        self._kept.clear()

    def _resume(self, value: Any) -> None:
        if self.held:
            self._timer = None
            self._kept.append(value)
        else:
            super()._resume(value)

    def interrupt(self, error: Exception) -> None:
        """Raise ``error`` inside, soon."""
        if not self.done:
            self._sim.schedule(0, self._throw, error, background=self._background)

    def _throw(self, error: Exception) -> None:
        if self.done:
            return
        self._sim.cancel(self._timer)
        self._timer = None
        if self._waiter is not None:
            self._waiter.attach(None)
            self._waiter = None
        try:
            wanted = self._generator.throw(error)
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
