"""The virtual clock: integer milliseconds since the Unix epoch, moved only by the loop."""

from webapp.sim.errors import SimulationError


class SimClock:
    """Virtual now.

    Attributes:
        start_ms: Where the run began, in milliseconds since the Unix epoch.
        now_ms: Virtual now, same unit; never moves backwards.
    """

    __slots__ = ("now_ms", "start_ms")

    def __init__(self, start_ms: int) -> None:
        self.start_ms = start_ms
        self.now_ms = start_ms

    @property
    def elapsed_ms(self) -> int:
        """Virtual milliseconds since the run began."""
        return self.now_ms - self.start_ms

    def advance_to(self, at_ms: int) -> None:
        """Move now forward to ``at_ms``.

        Raises:
            SimulationError: ``at_ms`` lies in the past.
        """
        if at_ms < self.now_ms:
            raise SimulationError(f"the clock cannot go back from {self.now_ms} to {at_ms}")
        self.now_ms = at_ms
