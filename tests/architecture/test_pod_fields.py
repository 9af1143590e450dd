"""The page's table of a Pod's fields knows every field of the OpenAPI document."""

from __future__ import annotations

from pathlib import Path

import pytest

from webapp.api.schema.definitions import definition

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture
def pod_fields(monkeypatch):
    """The table."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import pod_fields

    return pod_fields


def test_every_field_has_exactly_one_place(pod_fields):
    """A field that is new, gone, or named twice has to be looked at."""
    for name, fields in pod_fields.DEFINITIONS.items():
        known = definition(f"{pod_fields.PREFIX}{name}")

        assert fields.all() == sorted(known["properties"]), name
