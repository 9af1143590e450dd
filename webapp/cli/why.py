"""``podarium why NS/POD``: the scheduler's attempts as text.

A server's ``/explain/pods/NS/NAME`` enters, readable lines leave: per attempt a table of the Nodes
with their verdicts or scores, how a tie was settled, who was evicted and by which rule; then where
the Pod waits and what would make it fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from webapp.cli.explain import ExplainError, ask

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOWN_NODES = 20
_LANES = {
    "active": "It is in the active queue and will be tried next.",
    "gated": "It is held back by its scheduling gates and has not been tried.",
    "scheduling": "It is being scheduled right now.",
    "unschedulable": "It waits until something changes that may help.",
}


class WhyError(Exception):
    """There is no explanation to print."""


@click.command()
@click.argument("pod", metavar="[NAMESPACE/]POD")
@click.option(
    "--server", default="http://127.0.0.1:8080", show_default=True, help="URL of the server."
)
@click.option("--token", default="", help="Token, for a server that asks for one.")
@click.option("--all-nodes", is_flag=True, help=f"Show all Nodes, not the first {SHOWN_NODES}.")
def why(pod: str, server: str, token: str, *, all_nodes: bool) -> None:
    """Say why a Pod is on its Node, or on none."""
    namespace, _, name = pod.rpartition("/")
    try:
        explanation = fetch(server, namespace or "default", name, token)
    except WhyError as error:
        click.echo(f"podarium: {error}", err=True)
        raise SystemExit(1) from error
    for line in lines_of(explanation, 1_000_000 if all_nodes else SHOWN_NODES):
        click.echo(line)


def fetch(server: str, namespace: str, name: str, token: str) -> dict[str, Any]:
    """Ask a server.

    Raises:
        WhyError: It cannot be reached, or knows no such Pod.
    """
    try:
        return ask(server, f"/explain/pods/{quote(namespace, '')}/{quote(name, '')}", token)
    except ExplainError as error:
        raise WhyError(f"{namespace}/{name}: {error}") from error


# --- text ---------------------------------------------------------------------------------------


def lines_of(explanation: dict[str, Any], shown_nodes: int = SHOWN_NODES) -> Iterator[str]:
    """The explanation as lines."""
    pod = explanation["pod"]
    title = f"Pod {pod['namespace']}/{pod['name']}"
    scheduling = explanation.get("scheduling")
    if scheduling is None:
        yield f"{title}: the scheduler has not tried it."
        return
    attempts = scheduling["attempts"]
    chosen = attempts[-1]["chosen"] if attempts else ""
    yield f"{title}: {f'goes to Node {chosen}' if chosen else 'has no Node'}"
    if scheduling["dropped"]:
        yield f"{scheduling['dropped']} older attempts are not kept any more."
    for attempt in attempts:
        yield ""
        yield from _attempt(attempt, shown_nodes)
    yield from _waiting(scheduling.get("queue"))
    yield from _would_fit(scheduling["wouldFit"])


def _attempt(attempt: dict[str, Any], shown: int) -> Iterator[str]:
    outcome = f"chose {attempt['chosen']}" if attempt["chosen"] else "found no Node"
    yield f"Attempt {attempt['attempt']} {outcome}"
    if attempt["message"]:
        yield f"  {attempt['message']}"
    nodes = sorted(attempt["nodes"], key=lambda node: (not node["fits"], -node["total"]))
    plugins = [score["plugin"] for score in nodes[0]["scores"]] if nodes else []
    rows = [["NODE", "VERDICT", "SUM", *plugins] if plugins else ["NODE", "VERDICT"]]
    for node in nodes[:shown]:
        row = [node["name"], _verdict(node)]
        if plugins:
            row.append(str(node["total"]) if node["fits"] else "")
            row.extend(
                f"{score['weighted']} ({score['raw']}→{score['normalized']}*{score['weight']})"
                for score in node["scores"]
            )
        rows.append(row)
    yield from _table(rows)
    if len(nodes) > shown:
        yield f"  … and {len(nodes) - shown} more Nodes (--all-nodes shows them)"
    if attempt["notLookedAt"]:
        yield f"  {attempt['notLookedAt']} Nodes were not looked at: enough others fitted."
    if attempt["tieBreak"]:
        names = ", ".join(attempt["tieBreak"][:shown])
        yield f"  Equal sums on {names}: chosen by a hash of the run's seed and the Pod's UID."
    if attempt["preemption"]:
        yield from _preemption(attempt["preemption"])


def _verdict(node: dict[str, Any]) -> str:
    return "fits" if node["fits"] else f"{node['plugin']}: {node['reason']}"


def _preemption(preemption: dict[str, Any]) -> Iterator[str]:
    yield f"  Room is made on {preemption['chosen']}: {preemption['decidedBy']}."
    for one in preemption["candidates"]:
        victims = ", ".join(
            f"{key} (priority {priority})"
            for key, priority in zip(one["victims"], one["priorities"], strict=True)
        )
        budgets = f"; violates budgets {one['violations']} times" if one["violations"] else ""
        mark = "*" if one["node"] == preemption["chosen"] else " "
        yield f"   {mark} {one['node']}: would evict {victims}{budgets}"
    if preemption["candidatesLeftOut"]:
        yield f"     … and {preemption['candidatesLeftOut']} more candidates, not kept"


def _waiting(queue: dict[str, Any] | None) -> Iterator[str]:
    if queue is None:
        return
    yield ""
    text = _LANES.get(queue["lane"], "It backs off after a refusal.")
    by = f" (last refused by {', '.join(queue['plugins'])})" if queue["plugins"] else ""
    yield text + (by if queue["lane"] != "gated" else "")


def _would_fit(changes: list[dict[str, Any]]) -> Iterator[str]:
    if not changes:
        return
    yield ""
    yield "It would fit with one of these:"
    for change in changes:
        nodes = change["nodes"]
        more = f" and {change['count'] - len(nodes)} more" if change["count"] > len(nodes) else ""
        yield f"  - {change['change']}  (on {', '.join(nodes)}{more})"


def _table(rows: list[list[str]]) -> Iterator[str]:
    widths = [
        max(len(row[column]) for row in rows if len(row) > column) for column in range(len(rows[0]))
    ]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        yield "  " + "  ".join(cells).rstrip()
