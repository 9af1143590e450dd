"""Which program a container runs: chosen by its image's profile and its command."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from webapp.cri import agnhost
from webapp.cri.catalogue import BY_NAME, LOAD
from webapp.cri.command_program import CommandProgram
from webapp.cri.load import LoadProgram
from webapp.cri.programs.commands import languages
from webapp.cri.programs.commands.table import COMMANDS
from webapp.cri.programs.problems import CannotRun
from webapp.cri.references import parse_reference
from webapp.cri.servers import DeclaredServer, ProfiledProgram
from webapp.cri.userlands import image_inside

if TYPE_CHECKING:
    from webapp.cri.program import Process, Program
    from webapp.cri.userlands import ImageInside

_SHELLS = ("ash", "bash", "dash", "sh")


def choose_program(process: Process) -> Program:
    """The program for a container, by its image, command and arguments."""
    config = process.config
    inside = image_inside(config.image)
    command, args = config.command, config.args
    if inside.entrypoint and not command and args:
        command = inside.entrypoint
    if inside.default_shell and not command and not args:
        return _command((inside.default_shell,))
    profile = BY_NAME.get(parse_reference(config.image).short_name)
    if profile is not None and profile.runs == LOAD and not command:
        return LoadProgram(profile)
    if (
        profile is not None
        and profile.name == agnhost.IMAGE
        and (command + args)[:1] == ("stress",)
    ):
        return LoadProgram(profile)
    if profile is not None and profile.name == agnhost.IMAGE:
        program = agnhost.agnhost_program(args if not command else (command + args)[1:])
        if program is not None and (not command or command[0].endswith("agnhost")):
            return program
    if profile is not None and _is_own_program(profile.commands, command, args):
        return ProfiledProgram(profile)
    words = command + args
    if not words:
        return DeclaredServer()
    if inside.complete or _is_known(process, inside, words):
        return _command(words)
    return DeclaredServer(f"podarium: this command is not modelled: {' '.join(words)}")


@lru_cache(maxsize=4096)
def _command(words: tuple[str, ...]) -> CommandProgram:
    """Shared by all containers with the same words."""
    return CommandProgram(words)


def _is_known(process: Process, inside: ImageInside, words: tuple[str, ...]) -> bool:
    """Whether the first word is a command that is modelled, or a script in a volume."""
    word = words[0]
    name = word.rpartition("/")[2]
    if COMMANDS.get(name) in (languages.perl, languages.runtime):
        return languages.is_modelled(words)
    if (name in COMMANDS or name in _SHELLS) and name not in inside.programs:
        return True
    if "/" not in word and name not in inside.programs:
        return False
    userland = process.userland
    probe = userland.make(0, [word], process.env, "/", {})
    try:
        userland.resolve(probe)
    except CannotRun as error:
        return error.exit_code == 126
    finally:
        userland.forget(probe)
    return True


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
