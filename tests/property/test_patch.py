"""Patches: laws of merge patches, identity of no-op patches, agreement of the ways to patch."""

from __future__ import annotations

from copy import deepcopy

from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.api.schema.field_schema import field_schema
from webapp.apimachinery.managedfields import apply
from webapp.apimachinery.patch import json_equal, json_patch, merge_patch
from webapp.apimachinery.strategic_merge import strategic_merge_patch

POD = field_schema("", "v1", "Pod")
names = st.sampled_from(["a", "b", "c"])
scalars = st.one_of(st.booleans(), st.integers(0, 2), st.sampled_from(["", "x"]))
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(names, trees, max_size=3)
patches = st.recursive(
    st.none() | scalars, lambda inner: st.dictionaries(names, inner, max_size=3), max_leaves=8
).filter(lambda tree: isinstance(tree, dict))

containers = st.lists(
    st.fixed_dictionaries(
        {"name": names}, optional={"image": st.sampled_from(["i1", "i2"]), "tty": st.booleans()}
    ),
    max_size=3,
    unique_by=lambda container: container["name"],
)
pods = st.builds(
    lambda items, labels: {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "x", "labels": labels},
        "spec": {"containers": items},
    },
    containers,
    st.dictionaries(names, st.sampled_from(["1", "2"]), max_size=3),
)


@settings(max_examples=150, deadline=None)
@given(objects, patches)
def test_a_merge_patch_applied_twice_is_applied_once(doc, patch):
    """The second time changes nothing, and says so by identity; the input is left alone."""
    before = deepcopy(doc)

    once = merge_patch(doc, patch)

    assert merge_patch(once, patch) is once
    assert json_equal(doc, before)


@settings(max_examples=100, deadline=None)
@given(objects, objects)
def test_replacing_the_root_leads_anywhere(doc, other):
    """An equal root is no change."""
    result = json_patch(doc, [{"op": "replace", "path": "", "value": other}])

    assert json_equal(result, other)
    assert (result is doc) == json_equal(doc, other)


@settings(max_examples=150, deadline=None)
@given(pods, pods)
def test_a_strategic_merge_patch_applied_twice_is_applied_once(pod, patch):
    """The same object comes back, and all of the patch is in it."""
    before = deepcopy(pod)

    once = strategic_merge_patch(pod, patch, POD)

    assert strategic_merge_patch(once, patch, POD) is once
    assert json_equal(pod, before)
    by_name = {container["name"]: container for container in once["spec"]["containers"]}
    for container in patch["spec"]["containers"]:
        assert container.items() <= by_name[container["name"]].items()


@settings(max_examples=100, deadline=None)
@given(pods, pods, pods)
def test_an_only_manager_gets_what_it_applied_last(first, second, third):
    """Whatever was applied before, nothing of it stays behind; a repeat is no change."""
    live = None
    for config in (first, second, third):
        live = apply(live, config, "me", False, "2026-01-01T00:00:00Z", "v1", POD)

    assert apply(live, third, "me", False, "2026-01-01T00:01:00Z", "v1", POD) is live
    assert {c["name"]: c for c in live["spec"].get("containers", [])} == {
        c["name"]: c for c in third["spec"]["containers"]
    }
    assert live["metadata"]["labels"] == third["metadata"]["labels"]
