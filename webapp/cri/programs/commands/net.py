"""``nslookup``, ``nc``, ``ping``, ``ifconfig`` and ``ip addr``: names, ports and addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.cri.programs.commands.options import OptionError, parse_options
from webapp.cri.programs.commands.web import LONGEST_WAIT_MS, resolve
from webapp.cri.programs.network import REFUSED, TIMEOUT, Connection, HTTPRequest

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.userland import Invocation, Wait

    Steps = Generator[Wait, Any, int]


def nslookup(call: Invocation) -> Steps:
    """``nslookup name``: as the cluster's name server answers."""
    names = [word for word in call.argv[1:] if not word.startswith("-")]
    if not names:
        return call.complain("missing operand")
    network = call.userland.network
    server = network.nameserver
    if not server:
        yield 5_000
        call.write(b";; connection timed out; no servers could be reached\n\n")
        return 1
    yield 2
    call.print(f"Server:\t\t{server}")
    call.print(
        f"Address:\t{server}:53" if call.userland.style == "busybox" else f"Address:\t{server}#53"
    )
    call.print("")
    found = network.lookup(names[0])
    if not found:
        call.print(f"** server can't find {names[0]}: NXDOMAIN")
        call.print("")
        return 1
    for full_name, address in found:
        call.print(f"Name:\t{full_name}")
        call.print(f"Address: {address}")
    call.print("")
    return 0


def nc(call: Invocation) -> Steps:
    """``nc [-zvu] [-w seconds] host port``; listening is not modelled."""
    try:
        options, names = parse_options(call.argv[1:], "zvunlkN", "wpqe")
    except OptionError as error:
        return call.complain(str(error))
    if "l" in options:
        return call.complain("-l: not modelled by Podarium", 2)
    if len(names) < 2 or not names[1].isdigit():
        return call.complain("usage: nc [-zvu] [-w seconds] host port")
    host, port = names[0], int(names[1])
    limit_ms = round(float(options.get("w", "0")) * 1000) or LONGEST_WAIT_MS
    ip = resolve(call, host)
    if not ip:
        yield 5
        return call.complain(f"bad address '{host}'")
    found = call.userland.network.connect(ip, port, "UDP" if "u" in options else "TCP")
    if not isinstance(found, Connection):
        yield min(limit_ms, LONGEST_WAIT_MS) if found == TIMEOUT else 1
        words = {REFUSED: "Connection refused", TIMEOUT: "Connection timed out"}
        message = words.get(found, "No route to host")
        if call.userland.style == "busybox":
            return (
                call.complain(f"{host} ({ip}:{port}): {message}")
                if "v" in options or "z" not in options
                else 1
            )
        return call.complain(f"connect to {host} port {port} (tcp) failed: {message}")
    yield found.latency_ms
    if "v" in options:
        text = (
            f"{host} ({ip}:{port}) open"
            if call.userland.style == "busybox"
            else f"Connection to {host} {port} port [tcp/*] succeeded!"
        )
        call.write(f"{text}\n".encode(), 2)
    if "z" in options:
        return 0
    return (yield from _talk(call, found))


def _talk(call: Invocation, connection: Connection) -> Steps:
    """Send what is typed; an HTTP server answers it."""
    data = yield from call.read_all()
    first = data.decode(errors="replace").split("\n")[0].split()
    if len(first) < 2:
        return 0
    answer = connection.server.answer(
        HTTPRequest(first[0], first[1], "", {}, b"", call.userland.identity.ip)
    )
    if answer is not None:
        yield answer.took_ms
        call.write(f"HTTP/1.1 {answer.status}\r\n\r\n".encode() + answer.body)
    return 0


def ping(call: Invocation) -> Steps:
    """``ping [-c count] [-i seconds] [-W seconds] host``."""
    try:
        options, names = parse_options(call.argv[1:], "q46n", "ciWws")
    except OptionError as error:
        return call.complain(str(error))
    if not names:
        return call.complain("usage: ping host")
    ip = resolve(call, names[0])
    if not ip:
        yield 5
        return call.complain(f"bad address '{names[0]}'")
    count = int(options.get("c", "0"))
    every_ms = max(1, round(float(options.get("i", "1")) * 1000))
    call.print(f"PING {names[0]} ({ip}): 56 data bytes")
    sent = received = 0
    while not count or sent < count:
        if call.userland.network.ping(ip):
            call.print(
                f"64 bytes from {ip}: seq={sent} ttl=63 time=0.{90 + call.userland.random(60):03d} ms"
            )
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
        call.print("round-trip min/avg/max = 0.090/0.120/0.149 ms")
    return 0 if received else 1


def addresses(call: Invocation) -> int:
    """``ifconfig`` and ``ip addr``: the sandbox's address."""
    if call.name == "ip" and not (
        len(call.argv) > 1 and "addr".startswith(call.argv[1].rstrip("s"))
    ):
        if call.argv[1:2] not in (["a"], ["address"], ["route"], ["r"]):
            return call.complain("only addr and route are modelled by Podarium", 2)
        if call.argv[1][:1] == "r":
            gateway = ".".join([*call.userland.identity.ip.split(".")[:3], "1"])
            call.print(f"default via {gateway} dev eth0")
            return 0
    ip = call.userland.identity.ip
    if call.name == "ifconfig":
        call.print(f"eth0      Link encap:Ethernet\n          inet addr:{ip}  Mask:255.255.255.0\n")
        call.print(
            "lo        Link encap:Local Loopback\n          inet addr:127.0.0.1  Mask:255.0.0.0"
        )
        return 0
    call.print("1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536\n    inet 127.0.0.1/8 scope host lo")
    call.print(
        f"2: eth0@if2: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500\n    inet {ip}/24 scope global eth0"
    )
    return 0
