"""A box to run command lines in: a container's userland without a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from webapp.cri.programs.commands.table import COMMANDS
from webapp.cri.programs.files.filesystem import FileSystem
from webapp.cri.programs.files.skeleton import FULL, image_tree
from webapp.cri.programs.network import NoNetwork
from webapp.cri.programs.process_namespace import ProcessNamespace
from webapp.cri.programs.streams import Bytes, Collector
from webapp.cri.programs.userland import Identity, Limits, Userland
from webapp.sim.loop import Simulation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webapp.cri.programs.files.filesystem import Mount
    from webapp.cri.programs.network import Network
    from webapp.cri.programs.userland import Invocation

START_MS = 1_790_000_000_000
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/root", "NAME": "world"}


class Box:
    """A userland and what its commands print."""

    def __init__(
        self,
        *,
        kind: str = FULL,
        style: str = "busybox",
        mounts: Mapping[str, Mount] | None = None,
        read_only: bool = False,
        limits: Limits | None = None,
        network: Network | None = None,
    ) -> None:
        self.sim = Simulation(START_MS)
        self.userland = Userland(
            self.sim,
            COMMANDS,
            lambda: FileSystem(image_tree(kind), mounts or {}, self.sim.clock, read_only=read_only),
            network or NoNetwork(),
            identity=Identity("box", "10.244.0.2", "seed"),
            namespace=ProcessNamespace(),
            style=style,
            limits=limits or Limits(),
        )

    def start(self, *argv: str, stdin: bytes = b"") -> tuple[Invocation, Collector]:
        """Begin a command."""
        output = Collector()
        invocation = self.userland.make(
            0, list(argv), dict(ENVIRONMENT), "/", {0: Bytes(stdin), 1: output, 2: output}
        )
        self.userland.start(invocation)
        return invocation, output

    def run(self, *argv: str, stdin: bytes = b"", seconds: float = 1_000) -> tuple[str, int | None]:
        """A command's output and exit code, which is ``None`` when it goes on."""
        invocation, output = self.start(*argv, stdin=stdin)
        self.sim.run_for(round(seconds * 1000))
        return output.data.decode(errors="replace"), invocation.exit_code

    def sh(self, script: str, shell: str = "sh") -> tuple[str, int | None]:
        """A script's output and exit code."""
        return self.run(shell, "-c", script)


@pytest.fixture
def box() -> Box:
    """A box with every command, in busybox' words."""
    return Box()
