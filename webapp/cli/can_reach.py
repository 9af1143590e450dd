"""``podarium can-reach FROM TO``: whether policies let one end talk to another, hop by hop.

A server's ``/explain/reach`` enters, readable lines leave; the exit code is 0 when everything passes and 1
when something is stopped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import click

from webapp.cli.explain import ExplainError, ask

if TYPE_CHECKING:
    from collections.abc import Iterator


@click.command("can-reach")
@click.argument("source", metavar="FROM")
@click.argument("destination", metavar="TO")
@click.option("--port", type=click.IntRange(1, 65535), help="Port dialled.  [default: TO's first]")
@click.option(
    "--protocol", type=click.Choice(["TCP", "UDP", "SCTP"]), default="TCP", show_default=True
)
@click.option("-n", "--namespace", default="default", show_default=True, help="Of bare names.")
@click.option(
    "--server", default="http://127.0.0.1:8080", show_default=True, help="URL of the server."
)
@click.option("--token", default="", help="Token, for a server that asks for one.")
def can_reach(
    source: str,
    destination: str,
    port: int | None,
    protocol: str,
    namespace: str,
    server: str,
    token: str,
) -> None:
    """Say whether FROM can reach TO, and which policy decides.

    FROM and TO are POD, NAMESPACE/POD, ns/NAMESPACE (all its Pods), an address, or "outside";
    TO may also be svc/SERVICE or svc/NAMESPACE/SERVICE.
    """
    query = {"from": source, "to": destination, "namespace": namespace, "protocol": protocol}
    if port:
        query["port"] = str(port)
    try:
        found = ask(server, f"/explain/reach?{urlencode(query)}", token)
    except ExplainError as error:
        click.echo(f"podarium: {error}", err=True)
        raise SystemExit(2) from error
    for line in lines_of(found):
        click.echo(line)
    raise SystemExit(0 if all(pair["allowed"] for pair in found["pairs"]) else 1)


def lines_of(found: dict[str, Any]) -> Iterator[str]:
    """The answer as lines."""
    if not found["pairs"]:
        yield "nobody to ask about"
    for pair in found["pairs"]:
        yield from _pair(pair, found)


def _pair(pair: dict[str, Any], found: dict[str, Any]) -> Iterator[str]:
    answer = "yes" if pair["allowed"] else "no"
    title = f"{pair['from']} → {pair['to']} port {pair['port']}/{found['protocol']}: {answer}"
    if pair["reason"] == "noEndpoints":
        yield f"{title} (the Service has no ready endpoint: connection refused)"
        return
    yield title
    for endpoint in pair["endpoints"]:
        for number, hop in enumerate(endpoint["hops"]):
            yield f"  {'└ ' if number else ''}{hop}"
        if endpoint["rule"] and endpoint["allowed"] and not endpoint["ignored"]:
            yield f"    allowed by {endpoint['rule']}"
        if endpoint["ignored"]:
            names = ", ".join(endpoint["policies"])
            yield f"    {names} would stop it, but {found['plugin']} does not enforce policies"
