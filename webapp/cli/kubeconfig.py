"""``podarium kubeconfig``: how kubectl reaches a running server."""

from __future__ import annotations

import click


@click.command()
@click.option(
    "--server", default="http://127.0.0.1:8080", show_default=True, help="URL of the server."
)
@click.option("--room", default="main", show_default=True, help="Which of the server's clusters.")
@click.option("--token", default="", help="Token, for a server that asks for one.")
@click.option("--user", default="admin", show_default=True, help="Name of the user entry.")
def kubeconfig(server: str, room: str, token: str, user: str) -> None:
    """Print a kubeconfig for a running server."""
    from webapp.http.kubeconfig import make_kubeconfig, room_url  # noqa: PLC0415 - start-up time

    url = room_url(server, room) + (f"/as/{token}" if token else "")
    click.echo(make_kubeconfig(url, user), nl=False)
