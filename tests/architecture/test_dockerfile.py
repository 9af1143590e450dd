"""The image cannot be built here, so what its recipe names is checked to exist."""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSTRUCTION = re.compile(r"^([A-Z]+)\s+(.*)$")


@pytest.fixture(scope="module")
def instructions():
    """(instruction, argument) of each line, continuation lines joined."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [
        line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")
    ]
    return [INSTRUCTION.match(line).groups() for line in lines]


def test_every_copied_path_exists(instructions):
    """COPY from the build context names files and folders of the repository."""
    copied = [arg for name, arg in instructions if name == "COPY" and not arg.startswith("--from")]

    sources = [source for argument in copied for source in shlex.split(argument)[:-1]]

    assert len(sources) >= 5
    assert [source for source in sources if not (ROOT / source).exists()] == []


def test_every_file_that_the_build_needs_is_copied(instructions):
    """What pyproject.toml names for the build is in the image's build stage."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    copied = " ".join(arg for name, arg in instructions if name == "COPY")

    for needed in (
        project["project"]["readme"],
        *project["project"]["license-files"],
        project["tool"]["hatch"]["build"]["hooks"]["custom"]["path"].split("/")[0],
        "static",
        "templates",
        "requirements.lock",
    ):
        assert needed in copied


def test_the_entry_point_is_a_command_of_the_package_with_options_it_knows(instructions):
    """`podarium serve` exists and takes every option that the image passes."""
    entry = json.loads(dict(instructions)["ENTRYPOINT"])
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]

    asked = [sys.executable, "-m", "webapp", entry[1], "--help"]
    help_text = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert entry[0] in scripts
    assert [option for option in entry if option.startswith("--") and option not in help_text] == []


def test_it_runs_as_an_ordinary_user_and_checks_its_health(instructions):
    """No root at run time; the health check asks a path that the server answers."""
    names = [name for name, _ in instructions]
    user = dict(instructions)["USER"]
    health = dict(instructions)["HEALTHCHECK"]

    assert user != "root"
    assert names.index("USER") < names.index("ENTRYPOINT")
    assert "/readyz" in health
