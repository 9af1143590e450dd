"""Why commands end early or never begin."""

from __future__ import annotations


class Killed(Exception):
    """Thrown into a thread where an invocation of it is to end.

    Attributes:
        invocation: Which one.
        exit_code: 128 and the signal's number.
    """

    def __init__(self, invocation: object, exit_code: int) -> None:
        super().__init__(exit_code)
        self.invocation = invocation
        self.exit_code = exit_code


class CannotRun(Exception):
    """A command cannot be run: exit code 126 or 127, and why.

    Attributes:
        exit_code: 127 when it is missing, 126 when it is not a program.
        reason: ``not found``, ``Permission denied`` …
    """

    def __init__(self, exit_code: int, reason: str) -> None:
        super().__init__(reason)
        self.exit_code = exit_code
        self.reason = reason


class UsageError(Exception):
    """A command was given words that it does not take; the message says which."""


class WriteFailed(Exception):
    """Output could not be written; it has been said."""


class NoMoreProcesses(Exception):
    """The container runs as many commands at once as it may."""
