"""How a command gives up: one line for the person at the terminal."""

from __future__ import annotations

import sys
from typing import NoReturn

import click


def give_up(problem: str) -> NoReturn:
    """Say what is wrong, and exit with code 1."""
    click.echo(f"podarium: {problem}", err=True)
    sys.exit(1)
