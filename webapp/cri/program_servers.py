"""Programs that listen by themselves inside a sandbox: ``nc -l``, ``httpd``.

A program's ``listen`` enters it here; connections from the network, probes and forwarded ports find it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.cri.programs.network import Server


class ProgramServers:
    """Who listens in one sandbox, besides the images' own servers.

    Args:
        on_change: Told when somebody begins or ends.
    """

    __slots__ = ("_on_change", "_servers")

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._servers: dict[tuple[str, int], Server] = {}
        self._on_change = on_change

    def listen(self, protocol: str, port: int, server: Server) -> Callable[[], None] | None:
        """Enter a program; what ends it, or ``None`` when the port is in use."""
        key = (protocol, port)
        if key in self._servers:
            return None
        self._servers[key] = server

        def end() -> None:
            if self._servers.pop(key, None) is not None:
                self._on_change()

        self._on_change()
        return end

    def at(self, protocol: str, port: int) -> Server | None:
        """Who listens on a port; ``None`` for nobody."""
        return self._servers.get((protocol, port))
