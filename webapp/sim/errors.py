"""The simulator's own faults, as opposed to the failures that it simulates."""


class SimulationError(Exception):
    """The simulator itself is wrong: the run stops and the journal is offered for replay.

    Nothing below the driver catches this.
    """
