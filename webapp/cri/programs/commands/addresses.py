"""``ifconfig`` and ``ip``: a sandbox's own address."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webapp.cri.programs.userland import Invocation


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
