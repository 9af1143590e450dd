"""``ping``: whether an address answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.cri.programs.commands.http_client import Failure, find_address
from webapp.cri.programs.commands.options import parse_options
from webapp.cri.programs.network import LONGEST_WAIT_MS

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.userland import Invocation, Wait

    Steps = Generator[Wait, Any, int]


def ping(call: Invocation) -> Steps:
    """``ping [-c count] [-i seconds] [-W seconds] host``."""
    options, names = parse_options(call.argv[1:], "q46n", "ciWws")
    if not names:
        return call.complain("usage: ping host")
    request = call.userland.network.begin(f"ping {names[0]}")
    ip = yield from find_address(call, request, names[0], LONGEST_WAIT_MS)
    if isinstance(ip, Failure):
        return call.complain(f"bad address '{names[0]}'")
    count = int(options.get("c", "0"))
    every_ms = max(1, round(float(options.get("i", "1")) * 1000))
    call.print(f"PING {names[0]} ({ip}): 56 data bytes")
    sent = received = 0
    times_us: list[int] = []
    while not count or sent < count:
        took_us = call.userland.network.ping(ip)
        if took_us is not None:
            took_us += call.userland.random(60)
            times_us.append(took_us)
            call.print(f"64 bytes from {ip}: seq={sent} ttl=63 time={took_us / 1000:.3f} ms")
            received += 1
        sent += 1
        yield from call.flush()
        if not count or sent < count:
            yield every_ms
    if not received:
        yield 10_000
    lost = 100 * (sent - received) // max(1, sent)
    call.print(f"\n--- {names[0]} ping statistics ---")
    call.print(f"{sent} packets transmitted, {received} packets received, {lost}% packet loss")
    if received:
        low, mean, high = min(times_us), sum(times_us) / len(times_us), max(times_us)
        figures = "/".join(f"{figure / 1000:.3f}" for figure in (low, mean, high))
        call.print(f"round-trip min/avg/max = {figures} ms")
    return 0 if received else 1
