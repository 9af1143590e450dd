"""The script that makes the data file of the built-in kinds."""

from __future__ import annotations

import gzip
import importlib.util
from pathlib import Path

import orjson
import pytest

SCRIPT = Path(__file__).parents[4] / "scripts" / "extract_schema.py"


@pytest.fixture(scope="module")
def extract_schema():
    """The script as a module; it needs the package it extracts from."""
    pytest.importorskip("kubernetes_validate")
    spec = importlib.util.spec_from_file_location("extract_schema", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_extract_is_one_repeatable_file_with_a_notice(extract_schema, tmp_path):
    """Equal inputs give equal bytes; the licence lies beside them."""
    first = extract_schema.extract(tmp_path / "first")
    second = extract_schema.extract(tmp_path / "second")

    assert first.read_bytes() == second.read_bytes()
    assert "Apache License" in (tmp_path / "first" / "NOTICE").read_text()
    document = orjson.loads(gzip.decompress(first.read_bytes()))
    assert document["kinds"]["apps/v1/Deployment"] == "io.k8s.api.apps.v1.Deployment"
    assert document["schemas"]["io.k8s.api.core.v1.Pod"]["properties"]["kind"].keys() == {
        "description",
        "type",
    }


def test_an_unknown_version_is_refused(extract_schema, tmp_path):
    """The message names the version."""
    with pytest.raises(SystemExit, match=r"no definitions of Kubernetes 0\.1"):
        extract_schema.extract(tmp_path, "0.1")
