"""``podarium replay``: a recorded run again, whole or up to a moment.

A journal enters, as ``GET /journal`` gives it or as a data directory holds it; it is only read. The run is
repeated in a new world, and every command's revision compared; a summary leaves, or a server that goes
on from there.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from webapp.cli.problems import give_up
from webapp.settings import AppSettings

if TYPE_CHECKING:
    from webapp.cluster.cluster import Cluster
    from webapp.driver.journal import Journal
    from webapp.driver.replay import Until


@click.command()
@click.argument("recording", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--at",
    metavar="MOMENT",
    default="",
    help="Stop there: a revision, a time (RFC 3339) or a duration after the beginning (2m30s).",
)
@click.option("--serve", "serves", is_flag=True, help="Go on from there as a server, paused.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535))
def replay(recording: Path, at: str, port: int, *, serves: bool) -> None:
    """Repeat a recorded run: a journal, or a data directory."""
    from webapp.cli.serve import run_server  # noqa: PLC0415 - start-up time
    from webapp.driver.journal import JournalError  # noqa: PLC0415 - start-up time
    from webapp.sim.errors import SimulationError  # noqa: PLC0415 - start-up time

    with tempfile.TemporaryDirectory(prefix="podarium-replay-") as folder:
        directory = Path(folder)
        try:
            cluster = _repeat(
                _copy(recording, directory / "recorded"), directory, at, pauses=serves
            )
        except (JournalError, SimulationError, ValueError, OSError) as error:
            give_up(str(error))
        for line in _summary(cluster):
            click.echo(line)
        if serves:
            run_server(AppSettings(port=port, data_dir=directory))


def _copy(recording: Path, target: Path) -> Journal:
    from webapp.driver.journal import FILE_NAME, Journal  # noqa: PLC0415 - start-up time

    source = recording / FILE_NAME if recording.is_dir() else recording
    target.mkdir()
    shutil.copyfile(source, target / FILE_NAME)
    log = source.with_name(source.name + "-wal")
    if log.exists():  # what was committed last by a run that did not end in good order
        shutil.copyfile(log, target / (FILE_NAME + "-wal"))
    return Journal.open(target)


def _repeat(recorded: Journal, directory: Path, at: str, *, pauses: bool) -> Cluster:
    """Repeat the recorded run as a run of its own, whose journal lies in ``directory``."""
    from webapp.driver.driver import SimulationDriver  # noqa: PLC0415 - start-up time
    from webapp.driver.journal import Journal  # noqa: PLC0415 - start-up time
    from webapp.live.projector import Projector  # noqa: PLC0415 - start-up time
    from webapp.rooms.room import make_cluster  # noqa: PLC0415 - start-up time

    genesis = recorded.genesis
    cluster = make_cluster(genesis)
    Projector(cluster)  # one of the watchers of the recorded run
    driver = SimulationDriver(cluster, Journal.create(directory, genesis))
    until = _until(at, genesis.start_ms)
    try:
        driver.branch(recorded.commands(), recorded.progress, until, pauses=pauses)
    finally:
        recorded.close()
        driver.abandon()
    return cluster


def _until(text: str, start_ms: int) -> Until:
    """Where to stop; by default at the recording's end."""
    from webapp.api.sim.clock import parse_run_until  # noqa: PLC0415 - start-up time
    from webapp.driver.replay import Until  # noqa: PLC0415 - start-up time

    if not text:
        return Until()
    if text.isascii() and text.isdigit():
        return Until(revision=int(text))
    moment = parse_run_until(text, start_ms)
    if not isinstance(moment, int):
        raise ValueError(f"{text} is no moment of a recording")  # noqa: TRY004 - a wrong text
    return Until(at_ms=moment)


def _summary(cluster: Cluster) -> list[str]:
    from webapp.api.core.pods import display  # noqa: PLC0415 - start-up time
    from webapp.api.resources import NODES, PODS  # noqa: PLC0415 - start-up time
    from webapp.apimachinery.timestamps import (  # noqa: PLC0415 - start-up time
        human_duration,
        time_text,
    )

    words: dict[str, int] = {}
    for pod in cluster.viewer.list(PODS):
        word = display(pod).status
        words[word] = words.get(word, 0) + 1
    counts = ", ".join(f"{count} {word}" for word, count in sorted(words.items())) or "none"
    elapsed = human_duration(cluster.sim.now_ms - cluster.config.start_ms)
    return [
        f"Replayed to revision {cluster.revision} at {time_text(cluster.sim.now_ms)},"
        f" {elapsed} after the beginning.",
        f"Nodes: {len(cluster.viewer.list(NODES))}   Pods: {counts}",
    ]
