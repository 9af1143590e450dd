"""``podarium run``: a scenario without a server, as fast as possible, judged by its checks.

A scenario is a file of manifests, which are applied at the start, and at most one document of kind
``Scenario``: ``spec`` may set ``seed``, ``nodes``, ``cni``, ``addons`` (true) and ``until`` and lists ``checks``. A check
counts objects at the end: ``kind`` (and ``apiVersion``), ``namespace``, ``selector``, ``where`` (dotted
field → value) and ``count`` (default 1). The exit code is 1 when a check fails.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml

from webapp.cli.problems import give_up

if TYPE_CHECKING:
    from webapp.apimachinery.wire import Answer, Request
    from webapp.cluster.cluster import Cluster

START_MS = 1_767_225_600_000
"""The first of January 2026: a scenario's run repeats to the byte."""
KIND = "Scenario"


@click.command()
@click.argument("scenario", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--until", default="", help="Virtual time to run for, such as 10m.  [default: 10m]")
@click.option("--output", type=click.Choice(["table", "json"]), default="table", show_default=True)
def run(scenario: Path, until: str, output: str) -> None:
    """Run a scenario headless; the exit code tells whether its checks hold."""
    from webapp.driver.manifests import ManifestError  # noqa: PLC0415 - start-up time

    try:
        documents = [doc for doc in yaml.safe_load_all(scenario.read_text("utf-8")) if doc]
        spec, manifests = _split(documents)
        results = _play(spec, manifests, until or str(spec.get("until", "10m")))
    except (ManifestError, OSError, ValueError, yaml.YAMLError) as error:
        give_up(f"{scenario}: {' '.join(str(error).split())}")
    if output == "json":
        click.echo(json.dumps(results, indent=2))
    else:
        for check in results["checks"]:
            verdict = "ok" if check["passed"] else "FAILED"
            click.echo(f"{verdict:7} {check['check']}: {check['found']} of {check['wanted']}")
        click.echo(f"revision {results['revision']}, {results['virtualSeconds']} virtual seconds")
    if not all(check["passed"] for check in results["checks"]):
        raise SystemExit(1)


def _split(documents: list[Any]) -> tuple[dict[str, Any], list[Any]]:
    if not all(isinstance(doc, dict) for doc in documents):
        raise ValueError("each document is a manifest or the Scenario")
    scenarios = [doc for doc in documents if doc.get("kind") == KIND]
    if len(scenarios) > 1:
        raise ValueError("there is more than one document of kind Scenario")
    spec = scenarios[0].get("spec") if scenarios else {}
    if not isinstance(spec, dict):
        raise ValueError("the Scenario has no spec")  # noqa: TRY004 - a wrong text
    unknown = sorted(set(spec) - {"addons", "checks", "cni", "nodes", "seed", "until"})
    if unknown:
        raise ValueError(f"the Scenario's spec has unknown fields: {', '.join(unknown)}")
    return spec, [doc for doc in documents if doc.get("kind") != KIND]


class _Door:
    """Lets manifests into a world that nobody else drives."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def submit(self, request: Request, *, durable: bool) -> Answer:
        """Answer at once; there is no journal, however ``durable`` the request is."""
        del durable
        return self._cluster.handle(request)


def _play(spec: dict[str, Any], manifests: list[Any], until: str) -> dict[str, Any]:
    from webapp.api.sim.clock import parse_run_until  # noqa: PLC0415 - start-up time
    from webapp.cluster.cluster import ADMIN, Cluster  # noqa: PLC0415 - start-up time
    from webapp.cluster.config import (  # noqa: PLC0415 - start-up time
        BOOT_MS,
        BOOT_WITH_ADDONS_MS,
        ClusterConfig,
    )
    from webapp.driver.manifests import apply_manifest  # noqa: PLC0415 - start-up time

    addons = bool(spec.get("addons", False))
    cluster = Cluster(
        ClusterConfig(
            seed=int(spec.get("seed", 0)),
            start_ms=START_MS,
            nodes=int(spec.get("nodes", 3)),
            network_plugin=str(spec.get("cni", "kindnet")),
            addons=addons,
            boot_ms=BOOT_WITH_ADDONS_MS if addons else BOOT_MS,
            speed=None,
        )
    )
    end_ms = parse_run_until(until, cluster.sim.now_ms)
    if not isinstance(end_ms, int):
        raise ValueError(f"{until} is no time to run until")  # noqa: TRY004 - a wrong text
    apply_manifest(_Door(cluster), yaml.safe_dump_all(manifests), ADMIN)
    cluster.sim.run_until(end_ms)
    return {
        "revision": cluster.revision,
        "virtualSeconds": (cluster.sim.now_ms - START_MS) / 1000,
        "checks": [_judge(cluster, check) for check in spec.get("checks") or ()],
    }


def _judge(cluster: Cluster, check: dict[str, Any]) -> dict[str, Any]:
    from webapp.apimachinery.schema import parse_api_version  # noqa: PLC0415 - start-up time
    from webapp.apimachinery.scheme import BUILTIN_KINDS, Scheme  # noqa: PLC0415 - start-up time

    kind, api_version = str(check.get("kind", "")), str(check.get("apiVersion", "v1"))
    info = Scheme(BUILTIN_KINDS).by_kind(*parse_api_version(api_version), kind)
    if info is None:
        raise ValueError(
            f'a check is of kind "{kind}" in version "{api_version}", which is unknown'
        )
    found = cluster.viewer.list(
        info.gvr, str(check.get("namespace", "")), label_selector=str(check.get("selector", ""))
    )
    where = check.get("where") or {}
    count = sum(all(_field(obj, path) == value for path, value in where.items()) for obj in found)
    wanted = check.get("count", 1)
    words = [kind, str(check.get("selector", "")), *(f"{k}={v}" for k, v in where.items())]
    return {
        "check": " ".join(word for word in words if word),
        "wanted": wanted,
        "found": count,
        "passed": count == wanted,
    }


def _field(obj: Any, path: str) -> Any:
    for name in path.split("."):
        obj = obj.get(name) if isinstance(obj, dict) else None
    return obj
