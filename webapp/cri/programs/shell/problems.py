"""Why a script cannot be run at all."""

from __future__ import annotations


class ShellSyntaxError(Exception):
    """A script cannot be parsed.

    Attributes:
        line: Where, from 1.
        message: What is wrong.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message
