"""``wget``: fetching a page, in the words of busybox or of GNU."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from webapp.cri.programs.commands.http_client import (
    Failure,
    Target,
    fetch,
    http_request,
    parse_url,
    reason,
    words_of,
)
from webapp.cri.programs.commands.options import OptionError, parse_options
from webapp.cri.programs.files.nodes import FileError
from webapp.cri.programs.network import NO_NAME, RESET, TIMEOUT, HTTPAnswer

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.userland import Invocation, Wait

    Steps = Generator[Wait, Any, int]


def wget(call: Invocation) -> Steps:
    """``wget [-qSO file] [-T seconds] [--spider] [--post-data text] [--header text] url``."""
    try:
        options, names = parse_options(
            call.argv[1:],
            "qSc",
            "OTtPUH#",
            {
                "header": "H",
                "no-check-certificate": "q",
                "no-verbose": "q",
                "output-document": "O",
                "post-data": "#",
                "quiet": "q",
                "server-response": "S",
                "spider": "s",
                "timeout": "T",
                "tries": "t",
            },
        )
    except OptionError as error:
        return call.complain(str(error))
    gnu = call.userland.style != "busybox"
    target = parse_url(names[0]) if names else None
    if target is None:
        return call.complain("missing URL" if not names else f"bad address '{names[0]}'")
    limit_ms = round(float(options.get("T", "900")) * 1000)
    request = http_request(
        call,
        target,
        "POST" if "#" in options else "GET",
        options.get("#", ""),
        _header(options.get("H", "")),
    )
    quiet = "q" in options

    def say(address: str) -> None:
        text = f"Connecting to {target.authority} ({address}:{target.port})\n"
        if not quiet and not gnu:
            call.write(text.encode(), 2)

    answer, _ = yield from fetch(call, target, request, limit_ms, on_address=say)
    if isinstance(answer, Failure):
        return _fail(call, target, answer, gnu=gnu, quiet=quiet)
    if "S" in options:
        call.write(f"  HTTP/1.1 {answer.status} {reason(answer.status)}\n".encode(), 2)
    if answer.status >= 400:
        if gnu:
            if not quiet:
                call.write(f"ERROR {answer.status}: {reason(answer.status)}.\n".encode(), 2)
            return 8
        return call.complain(
            f"server returned error: HTTP/1.1 {answer.status} {reason(answer.status)}"
        )
    if "s" in options:
        return 0
    return _save(call, options.get("O"), target, answer, quiet=quiet)


def _header(text: str) -> dict[str, str]:
    name, colon, value = text.partition(":")
    return {name.strip(): value.strip()} if colon else {}


def _fail(call: Invocation, target: Target, failure: Failure, *, gnu: bool, quiet: bool) -> int:
    if gnu:
        if not quiet:
            reasons = {NO_NAME: f"unable to resolve host address '{target.host}'"}
            call.complain(
                reasons.get(
                    failure.kind,
                    f"Connecting to {target.authority} failed: {words_of(failure.kind)}.",
                )
            )
        return 4
    if failure.kind == NO_NAME:
        return call.complain(f"bad address '{target.authority}'")
    if failure.kind == RESET:
        return call.complain("error getting response")
    if failure.kind == TIMEOUT:
        return call.complain("download timed out")
    return call.complain(f"can't connect to remote host ({failure.ip}): {words_of(failure.kind)}")


def _save(
    call: Invocation, name: str | None, target: Target, answer: HTTPAnswer, *, quiet: bool
) -> int:
    if name == "-":
        call.write(answer.body)
        return 0
    name = name or posixpath.basename(target.path.partition("?")[0]) or "index.html"
    try:
        stream = call.userland.open_for_writing(call, name, truncate=True)
        stream.try_write(answer.body)
    except FileError as error:
        return call.complain(f"can't open '{name}': {error.reason}")
    if not quiet:
        size = len(answer.body)
        call.write(
            f"saving to '{name}'\n{name:<20} 100% |{'*' * 32}| {size:5d}  0:00:00 ETA\n'{name}' saved\n".encode(),
            2,
        )
    return 0
