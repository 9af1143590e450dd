"""Commands that are nearly nothing: ``true``, ``false``, ``sync``, ``clear``, ``test`` and ``[``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.cri.programs.conditions import ConditionProblem, evaluate

if TYPE_CHECKING:
    from webapp.cri.programs.userland import Invocation


def true(call: Invocation) -> int:
    """Succeed."""
    return 0


def false(call: Invocation) -> int:
    """Fail."""
    return 1


def test(call: Invocation) -> int:
    """``test condition``, ``[ condition ]``."""
    words = call.argv[1:]
    if call.name == "[" and (not words or words.pop() != "]"):
        return call.complain("missing ]", 2)
    try:
        return int(not evaluate(call, words))
    except ConditionProblem as error:
        return call.complain(str(error), 2)
