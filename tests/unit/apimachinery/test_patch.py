"""JSON patch and merge patch on shared trees."""

from __future__ import annotations

import pytest

from webapp.apimachinery.patch import json_equal, json_patch, merge_patch
from webapp.apimachinery.status import BadRequest, Invalid, RequestEntityTooLarge

DOC = {"spec": {"replicas": 1, "list": ["a", "b"]}, "metadata": {"name": "x", "a/b": {"c~d": 1}}}


@pytest.mark.parametrize(
    ("op", "path", "expected"),
    [
        ({"op": "add", "path": "/spec/list/-", "value": "c"}, ("spec", "list"), ["a", "b", "c"]),
        ({"op": "add", "path": "/spec/list/0", "value": "c"}, ("spec", "list"), ["c", "a", "b"]),
        ({"op": "remove", "path": "/spec/list/0"}, ("spec", "list"), ["b"]),
        ({"op": "replace", "path": "/spec/list/-1", "value": "z"}, ("spec", "list"), ["a", "z"]),
        (
            {"op": "replace", "path": "/metadata/a~1b/c~0d", "value": 2},
            ("metadata", "a/b"),
            {"c~d": 2},
        ),
        (
            {"op": "move", "from": "/spec/list/0", "path": "/spec/list/1"},
            ("spec", "list"),
            ["b", "a"],
        ),
        (
            {"op": "copy", "from": "/spec/replicas", "path": "/metadata/name"},
            ("metadata", "name"),
            1,
        ),
    ],
)
def test_operations_change_their_path_and_share_the_rest(op, path, expected):
    """The changed branch is new, the others are the very same trees, the input stays as it was."""
    result = json_patch(DOC, [op])

    assert result[path[0]][path[1]] == expected
    untouched = "spec" if path[0] == "metadata" else "metadata"
    assert result[untouched] is DOC[untouched]
    assert DOC["spec"] == {"replicas": 1, "list": ["a", "b"]}


@pytest.mark.parametrize(
    "op",
    [
        {"op": "test", "path": "/spec/replicas", "value": 2},
        {"op": "test", "path": "/spec/replicas", "value": True},
        {"op": "remove", "path": "/spec/missing"},
        {"op": "replace", "path": "/spec/missing", "value": 1},
        {"op": "add", "path": "/missing/x", "value": 1},
        {"op": "add", "path": "/spec/list/7", "value": 1},
        {"op": "add", "path": "/spec/x"},
        {"op": "shuffle", "path": "/spec"},
        {"op": "remove", "path": "spec"},
    ],
)
def test_an_operation_that_fails_makes_the_patch_invalid(op):
    """As upstream, the answer is 422 and does not say which operation failed."""
    with pytest.raises(
        Invalid, match="the server rejected our request due to an error in our request"
    ):
        json_patch(DOC, [op])


def test_a_json_patch_must_be_a_list_and_not_too_long():
    """Neither is applied in part."""
    with pytest.raises(BadRequest):
        json_patch(DOC, {"op": "test"})
    with pytest.raises(
        RequestEntityTooLarge, match="maximum operations in a JSON patch is 10000, got 10001"
    ):
        json_patch(DOC, [{"op": "test", "path": "", "value": DOC}] * 10_001)


def test_a_test_for_null_holds_where_nothing_is():
    """kubectl relies on it to patch only what is not there yet."""
    assert json_patch(DOC, [{"op": "test", "path": "/spec/paused", "value": None}]) is DOC


def test_patches_without_effect_give_back_the_same_object():
    """Identity is how no-op requests are recognised."""
    replace = [{"op": "replace", "path": "/spec", "value": {"list": ["a", "b"], "replicas": 1}}]

    assert json_patch(DOC, replace) is DOC
    assert merge_patch(DOC, {"spec": {"replicas": 1, "list": ["a", "b"], "gone": None}}) is DOC


def test_merge_patches_merge_maps_delete_by_null_and_replace_lists():
    """RFC 7396; nulls in what is new are dropped, too."""
    result = merge_patch(
        DOC, {"spec": {"replicas": None, "list": ["c"], "new": {"a": None, "b": 1}}}
    )

    assert result["spec"] == {"list": ["c"], "new": {"b": 1}}
    assert result["metadata"] is DOC["metadata"]


def test_json_equality_tells_booleans_from_numbers():
    """In Python True equals 1; in JSON it does not."""
    assert json_equal({"a": [1, 2.0]}, {"a": [1, 2]})
    assert not json_equal([True], [1])
    assert not json_equal({"a": 1}, {"a": 1, "b": 2})
