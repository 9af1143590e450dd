"""The command line: ``podarium serve``, ``can-reach``, ``kubeconfig``, ``replay``, ``run``, ``why``, ``version``; one file each in ``cli``.

gevent's patches come before every other import, since the standard library's sockets must be the
cooperative ones when they are first used. What only one command needs is imported by it.
"""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import click  # noqa: E402  # after the patches, as everything below

from webapp.cli.can_reach import can_reach  # noqa: E402
from webapp.cli.kubeconfig import kubeconfig  # noqa: E402
from webapp.cli.replay import replay  # noqa: E402
from webapp.cli.run import run  # noqa: E402
from webapp.cli.serve import serve  # noqa: E402
from webapp.cli.why import why  # noqa: E402
from webapp.settings import PRODUCT_VERSION  # noqa: E402


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """A Kubernetes cluster in a glass tank: simulated, driven by real kubectl, drawn in the browser."""


@main.command()
def version() -> None:
    """Print the version."""
    click.echo(f"podarium {PRODUCT_VERSION}")


for command in (can_reach, kubeconfig, replay, run, serve, why):
    main.add_command(command)


if __name__ == "__main__":
    main()
