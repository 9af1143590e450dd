"""``nginx -s signal``, ``nginx -t`` and ``nginx -v`` beside the server that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.cri.programs.signals import SIGNALS

if TYPE_CHECKING:
    from webapp.cri.programs.userland import Invocation

CONFIGURATION = "/etc/nginx/nginx.conf"
_SIGNALS = {"quit": "QUIT", "reload": "HUP", "reopen": "USR1", "stop": "TERM"}


def nginx(call: Invocation) -> int:
    """Speak to the master process."""
    words = call.argv[1:]
    if words[:1] == ["-v"]:
        call.write(b"nginx version: nginx/1.29.3\n", 2)
        return 0
    if words[:1] in (["-t"], ["-T"]):
        call.write(
            f"nginx: the configuration file {CONFIGURATION} syntax is ok\n"
            f"nginx: configuration file {CONFIGURATION} test is successful\n".encode(),
            2,
        )
        return 0
    if words[:1] != ["-s"] or len(words) < 2 or words[1] not in _SIGNALS:
        return call.complain("another server in a container is not modelled by Podarium")
    master = call.userland.first
    if master is None or master.name != "nginx":
        call.write(
            b'nginx: [error] open() "/run/nginx.pid" failed (2: No such file or directory)\n', 2
        )
        return 1
    call.userland.signal(master, SIGNALS[_SIGNALS[words[1]]])
    return 0
