"""Where facts come from is written down, and the page about it is fresh."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def fidelity(monkeypatch):
    """The script that writes docs/fidelity.md."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    sys.modules.pop("fidelity", None)
    import fidelity

    return fidelity


def test_every_models_line_names_an_upstream_path(fidelity):
    """A reader can open what a docstring points to."""
    assert fidelity.malformed() == []


def test_the_fidelity_page_lists_what_is_modelled_now(fidelity):
    """Run `python scripts/fidelity.py` after changing a Models: section."""
    assert fidelity.PAGE.read_text() == fidelity.page()
