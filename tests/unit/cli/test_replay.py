"""``podarium replay``: a recorded run again."""

from __future__ import annotations

import gc
import sqlite3

import gevent
import pytest
from click.testing import CliRunner

from webapp.app import create_app
from webapp.cli.replay import replay
from webapp.settings import AppSettings

MANIFEST = """
apiVersion: v1
kind: Pod
metadata: {name: a}
spec: {containers: [{name: main, image: nginx}]}
"""


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """A data directory with a run of one Pod, and the revision at its end."""
    folder = tmp_path_factory.mktemp("recorded")
    app = create_app(AppSettings(nodes=1, addons=False, speed=None, data_dir=folder))
    app.start()
    app.apply(MANIFEST)
    with gevent.Timeout(10):
        while not app.driver.world.sim.is_idle:
            gevent.sleep(0.01)
    revision = app.driver.world.revision
    app.stop()
    gc.enable()
    gc.unfreeze()
    return folder, revision


def run(*arguments):
    return CliRunner().invoke(replay, [str(argument) for argument in arguments])


def test_recorded_run_is_repeated(recording):
    """The summary tells the same revision and Pods that the run ended with; the recording stays as it is."""
    folder, revision = recording
    before = (folder / "journal.sqlite3").read_bytes()

    result = run(folder / "journal.sqlite3")

    assert result.exit_code == 0, result.output
    assert f"Replayed to revision {revision} at" in result.output
    assert "Nodes: 1   Pods: 1 Running" in result.output
    assert (folder / "journal.sqlite3").read_bytes() == before


@pytest.mark.parametrize(
    ("at", "pods"),
    [("30", "none"), ("5s", "none"), ("2000h", "1 Running")],
    ids=["revision before", "duration before", "beyond the end"],
)
def test_run_can_be_stopped_at_a_moment(recording, at, pods):
    """A revision or a duration after the beginning ends the repetition early; the end does anyway."""
    folder, _ = recording

    result = run(folder, "--at", at)

    assert result.exit_code == 0, result.output
    assert f"Pods: {pods}" in result.output


def test_what_is_no_recording_is_said(recording, tmp_path):
    """Another file, another moment, a run that goes another way: one line each."""
    folder, _ = recording
    other = tmp_path / "notes.txt"
    other.write_text("no journal" * 1000)
    assert "not a podarium journal" in run(other).output
    assert run(folder, "--at", "soonish").exit_code == 1

    copy = tmp_path / "copy.sqlite3"
    copy.write_bytes((folder / "journal.sqlite3").read_bytes())
    with sqlite3.connect(copy) as connection:
        connection.execute("UPDATE commands SET revision = revision + 1")
    connection.close()
    assert "replay diverged at command 1" in run(copy).output
