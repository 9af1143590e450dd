"""Numbers as words of builtins: ``exit 3``, ``shift 2``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from webapp.cri.programs.shell.state import ShellFailure

if TYPE_CHECKING:
    from webapp.cri.programs.shell.state import ShellState


def number_of(shell: ShellState, words: list[str], default: int) -> int:
    """The number behind a builtin's name.

    Raises:
        ShellFailure: It is none.
    """
    if len(words) < 2:
        return default
    if not re.fullmatch(r"-?\d+", words[1]):
        raise ShellFailure(f"{words[0]}: Illegal number: {words[1]}")
    return int(words[1])
