"""The table of known kinds."""

from __future__ import annotations

from webapp.apimachinery.scheme import (
    BUILTIN_KINDS,
    ResourceInfo,
    Scheme,
    subresource_info,
    version_rank,
)


def test_builtin_kinds_are_sorted_one_a_line():
    """Parallel changes to the table merge, since every kind has its place."""
    keys = [(info.group, info.version, info.kind) for info in BUILTIN_KINDS]

    assert keys == sorted(keys, key=lambda key: (key[0], key[1], key[2]))
    assert len(set(keys)) == len(keys)


def test_core_comes_first_then_apps_and_events():
    """Discovery lists groups in upstream's priority order."""
    groups = [group for group, _ in Scheme().groups()]

    assert groups[:4] == ["", "apiregistration.k8s.io", "apps", "events.k8s.io"]
    assert groups.index("apiextensions.k8s.io") < groups.index("scheduling.k8s.io")
    assert groups[-1] == "sim.podarium.dev"


def test_newest_stable_version_is_preferred():
    """Autoscaling prefers v2; alpha and beta come behind stable versions."""
    assert dict(Scheme().groups())["autoscaling"] == ("v2", "v1")
    assert sorted(["v1alpha1", "v1", "v2beta1", "v10", "foo"], key=version_rank) == [
        "v10",
        "v1",
        "v2beta1",
        "v1alpha1",
        "foo",
    ]


def test_custom_kind_is_found_and_forgotten():
    """A kind that a CustomResourceDefinition adds can be looked up until it is removed."""
    scheme = Scheme()
    info = ResourceInfo("example.com", "v1", "Widget", "widgets", "widget", namespaced=True)

    scheme.add(info)
    assert scheme.by_resource("example.com", "v1", "widgets") is info
    assert scheme.by_kind("example.com", "v1", "Widget") is info

    scheme.remove("example.com", "v1", "widgets")
    assert scheme.by_kind("example.com", "v1", "Widget") is None


def test_events_of_both_groups_are_stored_once():
    """events.k8s.io serves the Events that core stores."""
    scheme = Scheme()
    core = scheme.by_resource("", "v1", "events")
    other = scheme.by_resource("events.k8s.io", "v1", "events")

    assert core is not None
    assert other is not None
    assert other.storage_gvr == core.gvr


def test_subresources_name_what_they_exchange():
    """Scale and eviction have kinds of their own; status is the parent's."""
    scheme = Scheme()
    pods = scheme.by_resource("", "v1", "pods")
    assert pods is not None

    assert subresource_info(pods, "eviction").kind == "Eviction"
    assert subresource_info(pods, "status").kind == "Pod"
    assert subresource_info(pods, "proxy").kind == "PodProxyOptions"
