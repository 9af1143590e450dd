"""What differs between two versions of an object."""

from __future__ import annotations

import pytest

from webapp.history.compare import HIDDEN, MAX_TEXT, field_changes


def changes(old, new, **options):
    return [
        (change.path, change.before, change.after) for change in field_changes(old, new, **options)
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(
            {"spec": {"replicas": 1}},
            {"spec": {"replicas": 3}},
            [("spec.replicas", 1, 3)],
            id="number",
        ),
        pytest.param({}, {"data": {"a": "1"}}, [("data", None, {"a": "1"})], id="new field"),
        pytest.param({"data": {"a": "1"}}, {"data": {}}, [("data.a", "1", None)], id="gone field"),
        pytest.param(
            {"metadata": {"labels": {"app.io/x": "1"}}},
            {"metadata": {"labels": {"app.io/x": "2"}}},
            [("metadata.labels[app.io/x]", "1", "2")],
            id="key with dots",
        ),
        pytest.param(
            {"c": [{"name": "a", "image": "1"}, {"name": "b"}]},
            {"c": [{"name": "b"}, {"name": "a", "image": "2"}]},
            [("c[name=a].image", "1", "2")],
            id="items found by name, whatever their order",
        ),
        pytest.param(
            {"args": ["a", "b"]}, {"args": ["a", "c"]}, [("args[1]", "b", "c")], id="plain list"
        ),
        pytest.param(
            {"metadata": {"resourceVersion": "1", "managedFields": [], "generation": 1}},
            {"metadata": {"resourceVersion": "2", "managedFields": [{}], "generation": 2}},
            [],
            id="noise",
        ),
    ],
)
def test_changed_fields_are_named_by_their_path(old, new, expected):
    """Each leaf that differs is told once, with both values; bookkeeping is left out."""
    assert changes(old, new) == expected


def test_values_of_secrets_stay_hidden():
    """That a Secret changed may be seen, not what it holds, nor what an annotation says of it."""
    old = {"metadata": {"labels": {"a": "1"}, "annotations": {"last": "x"}}, "data": {"key": "old"}}
    new = {"metadata": {"labels": {"a": "2"}, "annotations": {"last": "y"}}, "data": {"key": "new"}}

    assert changes(old, new, hides_values=True) == [
        ("metadata.labels.a", "1", "2"),
        ("metadata.annotations.last", HIDDEN, HIDDEN),
        ("data.key", HIDDEN, HIDDEN),
    ]


def test_long_texts_are_cut():
    """A megabyte in a ConfigMap does not travel with the comparison."""
    [(_, _, after)] = changes({"data": {"a": ""}}, {"data": {"a": "x" * 1_000_000}})

    assert len(after) == MAX_TEXT + 1
