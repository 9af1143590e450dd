"""``sh``, ``ash``, ``dash`` and ``bash`` as commands: what they run, and how they are asked to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.cri.programs.files.nodes import Directory, FileError
from webapp.cri.programs.problems import NoMoreProcesses
from webapp.cri.programs.shell.interpreter import Interpreter
from webapp.cri.programs.shell.parser import parse_script
from webapp.cri.programs.shell.problems import ShellSyntaxError
from webapp.cri.programs.shell.state import ExitShell, LeaveLoop, ReturnFunction, ShellFailure

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.userland import Invocation, Wait

    Steps = Generator[Wait, Any, int]


def shell(call: Invocation) -> Steps:
    """``sh [-eux] [-c text [name]] [file] [words]``."""
    words = call.argv[1:]
    options: list[str] = []
    text: str | None = None
    interactive = False
    while words and len(words[0]) > 1 and words[0][0] == "-":
        word = words.pop(0)
        if word == "--":
            break
        if word.startswith("--"):
            continue
        for letter in word[1:]:
            if letter == "c":
                text = ""
            elif letter == "i":
                interactive = True
            elif letter == "o" and words:
                options.extend({"pipefail": ["pipefail"], "errexit": ["e"]}.get(words.pop(0), []))
            elif letter not in "ls":
                options.append(letter)
    if text is not None:
        if not words:
            return (yield from _usage(call))
        text = words.pop(0)
        return (yield from _run(call, text, words[:1], words[1:], options, replaced=True))
    if words:
        return (yield from _run_file(call, words, options))
    stream = call.fds.get(0)
    if interactive or (stream is not None and stream.is_terminal):
        return (yield from _converse(call, options))
    script = yield from call.read_all()
    return (yield from _run(call, script.decode(errors="surrogateescape"), [], [], options))


def _usage(call: Invocation) -> Steps:
    call.complain("-c requires an argument", 2)
    yield from call.flush()
    return 2


def _run(
    call: Invocation,
    text: str,
    name: list[str],
    words: list[str],
    options: list[str],
    *,
    replaced: bool = False,
) -> Steps:
    interpreter = Interpreter(call, name[0] if name else call.argv[0], words)
    interpreter.options = dict.fromkeys(options)
    return (yield from interpreter.run_script(text, replaced=replaced))


def _run_file(call: Invocation, words: list[str], options: list[str]) -> Steps:
    path = words[0]
    try:
        if isinstance(call.files.get(call.path(path)), Directory):
            raise FileError("Is a directory")
        text = call.files.read(call.path(path)).decode(errors="surrogateescape")
    except FileError as error:
        if call.userland.style == "busybox":
            call.complain(f"can't open '{path}': {error.reason}")
        elif call.name == "bash":
            call.complain(f"{path}: {error.reason}")
        else:
            call.complain(f"0: cannot open {path}: {error.reason}")
        yield from call.flush()
        return 127 if call.name == "bash" else 2
    return (yield from _run(call, text, [path], words[1:], options))


def _converse(call: Invocation, options: list[str]) -> Steps:
    """Prompt, read a line, run it, until the end of input."""
    interpreter = Interpreter(call, call.argv[0].lstrip("-"), [])
    interpreter.options = dict.fromkeys(options)
    interpreter.interactive = True
    text = ""
    while True:
        call.write((_prompt(call, interpreter) if not text else "> ").encode(), 2)
        yield from call.flush()
        line = yield from call.read_line()
        if not line:
            return interpreter.status
        text += line.decode(errors="surrogateescape")
        if _is_incomplete(text):
            continue
        complete, text = text, ""
        try:
            yield from interpreter.run_text(complete)
        except ExitShell as end:
            return end.code
        except (ReturnFunction, LeaveLoop):
            pass
        except NoMoreProcesses:
            interpreter.complain("can't fork: Resource temporarily unavailable")
        except ShellFailure as failure:
            interpreter.complain(failure.message)
            interpreter.status = failure.code


def _is_incomplete(text: str) -> bool:
    if text.endswith("\\\n"):
        return True
    try:
        parse_script(text)
    except ShellSyntaxError as error:
        return "missing" in error.message or "without text" in error.message or _quotes_open(text)
    return False


def _quotes_open(text: str) -> bool:
    quote = ""
    escaped = False
    for character in text:
        if escaped:
            escaped = False
        elif character == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
    return bool(quote)


def _prompt(call: Invocation, interpreter: Interpreter) -> str:
    sign = "#" if call.userland.user.uid == 0 else "$"
    home = interpreter.get("HOME") or "/"
    shown = "~" if call.cwd == home and home != "/" else call.cwd
    if call.userland.style == "busybox":
        return f"{shown} {sign} "
    if interpreter.is_bash:
        name = call.userland.user.name or "I have no name!"
        return f"{name}@{call.userland.identity.hostname}:{shown}{sign} "
    return f"{sign} "
