"""The layers on paper are the layers that import-linter checks."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_architecture_page_lists_the_layers_of_the_contract():
    """Whoever reads docs/architecture.md sees what the build enforces."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    enforced = next(contract["layers"] for contract in contracts if contract["type"] == "layers")

    page = (ROOT / "docs/architecture.md").read_text()
    listed = re.search(r"```layers\n(.*?)```", page, re.DOTALL).group(1).split("\n")

    assert [line for line in listed if line] == enforced


def test_every_package_says_what_it_is():
    """A package's __init__ holds a docstring and no code."""
    for init in (ROOT / "webapp").rglob("__init__.py"):
        text = init.read_text().strip()
        assert text.startswith('"""'), f"{init} has no docstring"
        assert text.endswith('"""'), f"{init} holds code"
