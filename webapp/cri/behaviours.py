"""Which program a container runs: chosen by its image's profile and its command."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from webapp.cri.catalogue import BY_NAME
from webapp.cri.references import parse_reference
from webapp.cri.servers import DeclaredServer, ProfiledProgram
from webapp.cri.shell import NotModelledError, Script, script_of

if TYPE_CHECKING:
    from webapp.cri.program import Program


@lru_cache(maxsize=4096)
def choose_program(image: str, command: tuple[str, ...], args: tuple[str, ...]) -> Program:
    """The program for a container.

    Args:
        image: As the Pod's spec has it.
        command: Replaces the entrypoint unless empty.
        args: Replace the image's arguments unless empty.

    Returns:
        Shared by all containers of the same image and command.
    """
    profile = BY_NAME.get(parse_reference(image).short_name)
    words = command + args
    if profile is not None and _is_own_program(profile.commands, command, args):
        return ProfiledProgram(profile)
    if not words:
        return DeclaredServer()
    try:
        return Script(script_of(words))
    except NotModelledError:
        return DeclaredServer(f"podarium: this command is not modelled: {' '.join(words)}")


def _is_own_program(
    commands: tuple[str, ...], command: tuple[str, ...], args: tuple[str, ...]
) -> bool:
    """Whether the image's own program runs: no words at all, its name, or only options for it."""
    if not command and not args:
        return True
    first = (command or args)[0]
    return (
        first.rpartition("/")[2] in commands
        or first in commands
        or (not command and first.startswith("-") and bool(commands))
    )
