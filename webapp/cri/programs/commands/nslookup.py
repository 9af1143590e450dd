"""``nslookup``: what the name server says, in the words of busybox (old and new) or of BIND's tool.

Models:
    busybox/networking/nslookup.c nslookup_main
    isc-projects/bind9/bin/dig/nslookup.c
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from webapp.cri.programs.commands.http_client import known_address
from webapp.network.dns import NOERROR, NXDOMAIN, reverse_name

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.userland import Invocation, Wait
    from webapp.network.dns import Answer, Record

    Steps = Generator[Wait, Any, int]

_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:]*")
_UNREACHABLE = ";; connection timed out; no servers could be reached"


def nslookup(call: Invocation) -> Steps:
    """``nslookup [-type=A|AAAA|SRV|PTR|CNAME] name [server]``."""
    types = [
        word.partition("=")[2].upper()
        for word in call.argv[1:]
        if word.startswith(("-type=", "-query=", "-q="))
    ]
    words = [word for word in call.argv[1:] if not word.startswith("-")]
    if not words:
        return call.complain("missing operand")
    config = call.userland.network.resolver
    server = config.nameservers[0] if config.nameservers else ""
    if len(words) > 1:
        server = known_address(call, words[1]) or (yield from _address(call, words[1]))
        if not server:
            return call.complain(f"can't resolve '{words[1]}'")
    questions = _questions(call, words[0], types)
    result = call.userland.network.query(server, questions)
    if isinstance(result, int):
        yield result
        call.print(_UNREACHABLE)
        call.print("")
        return 1
    answers, took_ms = result
    yield took_ms
    busybox = call.userland.style == "busybox"
    call.print(f"Server:\t\t{server}")
    call.print(f"Address:\t{server}:53" if busybox else f"Address:\t{server}#53")
    call.print("")
    if busybox:
        return _busybox(call, questions, answers)
    return _bind(call, words[0], questions, answers)


def _address(call: Invocation, name: str) -> Generator[Wait, Any, str]:
    found = call.userland.network.begin(f"look up {name}").lookup(name)
    yield max(1, found.took_ms)
    return found.addresses[0][1] if found.addresses else ""


def _questions(call: Invocation, name: str, types: list[str]) -> list[tuple[str, str]]:
    """What is asked: busybox tries suffixes only for names without a dot, and then all of them."""
    if _ADDRESS.fullmatch(name):
        return [(_reverse(name), "PTR")]
    config = call.userland.network.resolver
    types = types or ["A", "AAAA"]
    if call.userland.style == "busybox":
        if "." in name or not config.searches:
            names = [name.rstrip(".")]
        else:
            names = [f"{name}.{suffix}" for suffix in config.searches]
        return [(full, type_) for type_ in types for full in names]
    return [(full, type_) for full in config.candidates(name) for type_ in types]


def _reverse(address: str) -> str:
    try:
        return reverse_name(address)
    except ValueError:
        return address


def _busybox(call: Invocation, questions: list[tuple[str, str]], answers: list[Answer]) -> int:
    """Every question has its paragraph; one that fails makes the command fail, unless all is told."""
    found = failed = False
    for (name, _), answer in zip(questions, answers, strict=True):
        if answer.rcode != NOERROR:
            call.print(f"** server can't find {name}: {answer.rcode}")
            failed = True
        elif not answer.records:
            call.print(f"*** Can't find {name}: No answer")
        else:
            found = True
            for record in answer.records:
                _print_record(call, record)
        call.print("")
    return 1 if failed or not found else 0


def _bind(
    call: Invocation, name: str, questions: list[tuple[str, str]], answers: list[Answer]
) -> int:
    """The first name of the search path that exists is told, or the name as it was written."""
    chosen = ""
    for (full, _), answer in zip(questions, answers, strict=True):
        if answer.rcode == NOERROR and answer.records:
            chosen = full
            break
    if not chosen:
        empty = any(answer.rcode == NOERROR for answer in answers)
        if empty:
            call.print(f"*** Can't find {name}: No answer")
        else:
            call.print(f"** server can't find {name}: {NXDOMAIN}")
        call.print("")
        return 1
    told: set[Record] = set()
    for (full, _), answer in zip(questions, answers, strict=True):
        if full != chosen:
            continue
        for record in answer.records:
            if record not in told:
                told.add(record)
                _print_record(call, record)
    call.print("")
    return 0


def _print_record(call: Invocation, record: Record) -> None:
    if record.type in ("A", "AAAA"):
        call.print(f"Name:\t{record.name}")
        call.print(f"Address: {record.data}")
    elif record.type == "CNAME":
        call.print(f"{record.name}\tcanonical name = {record.data}")
    elif record.type == "SRV":
        call.print(f"{record.name}\tservice = {record.data}")
    else:
        call.print(f"{record.name}\tname = {record.data}")
