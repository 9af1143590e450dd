"""``podarium run``: a scenario judged by its checks."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from webapp.cli.run import run

SCENARIO = """
kind: Scenario
apiVersion: sim.podarium.dev/v1alpha1
spec:
  nodes: 2
  until: 2m
  checks:
  - {kind: Pod, selector: app=web, where: {status.phase: Running}, count: %d}
  - {kind: Deployment, apiVersion: apps/v1, where: {status.readyReplicas: 3}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: nginx}]}
"""


@pytest.fixture
def play(tmp_path):
    def play_text(text, *options):
        path = tmp_path / "scenario.yaml"
        path.write_text(text)
        return CliRunner().invoke(run, [str(path), *options])

    return play_text


def test_checks_that_hold_end_with_code_0(play):
    """The table names each check with what was found; twice the same scenario gives the same output."""
    result = play(SCENARIO % 3)

    assert result.exit_code == 0, result.output
    assert "ok      Pod app=web status.phase=Running: 3 of 3" in result.output
    assert play(SCENARIO % 3).output == result.output


def test_checks_that_fail_end_with_code_1(play):
    """JSON tells the same as the table."""
    result = play(SCENARIO % 4, "--output", "json")

    assert result.exit_code == 1
    assert [check["passed"] for check in json.loads(result.output)["checks"]] == [False, True]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kind: Scenario\nspec: {colour: red}", "unknown fields: colour"),
        ("kind: Scenario\nspec: {}\n---\nkind: Scenario\nspec: {}", "more than one"),
        ("- a", "each document is a manifest"),
        ("kind: Scenario\nspec: {until: soon}", "soon"),
        ("kind: Nothing\napiVersion: v1\nmetadata: {name: a}", 'no matches for kind "Nothing"'),
        ("a: [", "expected"),
    ],
)
def test_what_is_no_scenario_is_said(play, text, words):
    """One line, with the file's name."""
    result = play(text)

    assert result.exit_code == 1
    assert words in result.output
    assert result.output.count("\n") == 1
