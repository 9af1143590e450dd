"""Strategic merge patch, by the schemas of real kinds."""

from __future__ import annotations

import pytest

from webapp.api.schema.field_schema import field_schema
from webapp.apimachinery.status import BadRequest
from webapp.apimachinery.strategic_merge import PatchFailed, strategic_merge_patch

DEPLOYMENT = field_schema("apps", "v1", "Deployment")
POD = field_schema("", "v1", "Pod")


def pod(**spec):
    containers = [
        {
            "name": "web",
            "image": "nginx:1",
            "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
        },
        {"name": "side", "image": "busybox"},
    ]
    return {
        "metadata": {"name": "x", "finalizers": ["f1", "f2"]},
        "spec": {"containers": containers, **spec},
    }


def test_list_items_merge_by_their_key():
    """What kubectl apply sends after an image change and a swapped variable."""
    patch = {
        "spec": {
            "$setElementOrder/containers": [{"name": "web"}, {"name": "side"}],
            "containers": [
                {
                    "name": "web",
                    "image": "nginx:2",
                    "$setElementOrder/env": [{"name": "C"}, {"name": "B"}],
                    "env": [{"name": "C", "value": "3"}, {"$patch": "delete", "name": "A"}],
                }
            ],
        }
    }

    old = pod()
    new = strategic_merge_patch(old, patch, POD)

    web, side = new["spec"]["containers"]
    assert web["image"] == "nginx:2"
    assert [variable["name"] for variable in web["env"]] == ["C", "B"]
    assert side is old["spec"]["containers"][1]
    assert new["metadata"] is old["metadata"]


def test_a_patch_without_effect_gives_back_the_same_object():
    """No-op patches are recognised by identity."""
    old = pod()
    patch = {
        "metadata": {"labels": None},
        "spec": {
            "$setElementOrder/containers": [{"name": "web"}, {"name": "side"}],
            "containers": [{"name": "side", "image": "busybox"}],
        },
    }

    assert strategic_merge_patch(old, patch, POD) is old


def test_element_order_alone_sorts_the_list():
    """The directive may come without its list; unlisted items keep their place."""
    patch = {"spec": {"$setElementOrder/containers": [{"name": "side"}, {"name": "web"}]}}

    new = strategic_merge_patch(pod(), patch, POD)

    assert [item["name"] for item in new["spec"]["containers"]] == ["side", "web"]


def test_items_only_the_server_knows_stay_where_they_were():
    """An injected container stays before the one it preceded."""
    old = {"spec": {"containers": [{"name": "a"}, {"name": "injected"}, {"name": "b"}]}}
    patch = {
        "spec": {
            "$setElementOrder/containers": [{"name": "a"}, {"name": "b"}, {"name": "c"}],
            "containers": [{"name": "c"}],
        }
    }

    new = strategic_merge_patch(old, patch, POD)

    assert [item["name"] for item in new["spec"]["containers"]] == ["a", "injected", "b", "c"]


def test_primitive_lists_join_and_lose_items_by_directive():
    """Finalizers merge as a set."""
    patch = {
        "metadata": {"finalizers": ["f3", "f1"], "$deleteFromPrimitiveList/finalizers": ["f2"]}
    }

    new = strategic_merge_patch(pod(), patch, POD)

    assert sorted(new["metadata"]["finalizers"]) == ["f1", "f3"]


def test_lists_without_merge_strategy_are_replaced():
    """Tolerations are atomic."""
    old = pod(tolerations=[{"key": "a"}])

    new = strategic_merge_patch(old, {"spec": {"tolerations": [{"key": "b"}]}}, POD)

    assert new["spec"]["tolerations"] == [{"key": "b"}]


@pytest.mark.parametrize(
    ("patch", "strategy"),
    [
        ({"$retainKeys": ["type"], "type": "Recreate"}, {"type": "Recreate"}),
        ({"$patch": "replace", "type": "Recreate"}, {"type": "Recreate"}),
        ({"$patch": "delete"}, {}),
        ({"rollingUpdate": None}, {"type": "RollingUpdate"}),
    ],
)
def test_directives_in_maps_retain_replace_and_delete(patch, strategy):
    """Changing the strategy's type must be able to drop the old type's settings."""
    old = {"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}

    new = strategic_merge_patch(old, {"spec": {"strategy": patch}}, DEPLOYMENT)

    assert new["spec"]["strategy"] == strategy


def test_a_replace_item_replaces_the_whole_list():
    """The directive stands in an item of its own."""
    patch = {"spec": {"containers": [{"$patch": "replace"}, {"name": "only"}]}}

    new = strategic_merge_patch(pod(), patch, POD)

    assert new["spec"]["containers"] == [{"name": "only"}]


def test_new_values_enter_without_nulls_and_directives():
    """What is new has nothing to delete from."""
    patch = {
        "spec": {"securityContext": {"runAsUser": 5, "fsGroup": None, "$retainKeys": ["runAsUser"]}}
    }

    new = strategic_merge_patch(pod(), patch, POD)

    assert new["spec"]["securityContext"] == {"runAsUser": 5}


@pytest.mark.parametrize(
    ("patch", "error", "message"),
    [
        (
            {"spec": {"containers": [{"image": "x"}]}},
            PatchFailed,
            "map: map[image:x] does not contain declared merge key: name",
        ),
        (
            {"spec": {"$patch": "merge"}},
            PatchFailed,
            "unknown patch type: merge in map: map[$patch:merge]",
        ),
        ({"spec": {"$retainKeys": "x"}}, BadRequest, "invalid patch format of retainKeys"),
        (
            {"metadata": {"$deleteFromPrimitiveList/finalizers": "x"}},
            BadRequest,
            "invalid patch format of primitive list",
        ),
        (
            {"spec": {"$setElementOrder/containers": "x"}},
            BadRequest,
            "invalid patch format of setElementOrder list",
        ),
    ],
)
def test_malformed_patches_are_refused_in_upstreams_words(patch, error, message):
    """Missing merge keys and malformed directives."""
    with pytest.raises(error) as refusal:
        strategic_merge_patch(pod(), patch, POD)

    assert refusal.value.message == message
