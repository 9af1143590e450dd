"""The definitions of all kinds, and the field schemas made from them."""

from __future__ import annotations

import pytest

from webapp.api.schema.definitions import (
    REFERENCE_PREFIX,
    definition,
    definition_for,
    definition_name,
    definitions,
    reference_of,
)
from webapp.api.schema.field_schema import field_schema

OWN_KINDS = ("Clock", "Fault", "ImageProfile", "Lesson", "Traffic")


def references(node):
    """All references in a schema, except a property that happens to be called $ref."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref" and isinstance(value, str):
                yield value.removeprefix(REFERENCE_PREFIX)
            else:
                yield from references(value)
    elif isinstance(node, list):
        for item in node:
            yield from references(item)


def test_built_in_kinds_of_the_target_version_are_there():
    """Names, versions and references."""
    assert definitions().version == "v1.36.0"
    assert definition_name("apps", "v1", "Deployment") == "io.k8s.api.apps.v1.Deployment"
    assert definition_for("", "v1", "Nonsense") is None
    spec = definition("io.k8s.api.apps.v1.Deployment")["properties"]["spec"]
    assert reference_of(spec) == "io.k8s.api.apps.v1.DeploymentSpec"


def test_every_reference_leads_somewhere():
    """Built-in and own definitions together are closed."""
    names = definitions().schemas
    assert {name for schema in names.values() for name in references(schema)} <= set(names)


@pytest.mark.parametrize("kind", OWN_KINDS)
def test_own_kinds_are_described(kind):
    """Every field has a description, so that explain says something about it."""
    root = definition_name("sim.podarium.dev", "v1alpha1", kind)
    assert definition_name("sim.podarium.dev", "v1alpha1", f"{kind}List") is not None
    for name, schema in definitions().schemas.items():
        if name.startswith(root):
            assert schema["description"]
            assert all(field.get("description") for field in schema["properties"].values())


def test_lists_say_how_they_merge():
    """By key with the strategy of patches and of server-side apply."""
    containers = field_schema("", "v1", "Pod").child("spec").child("containers")

    assert (containers.patch_strategy, containers.patch_merge_key) == ("merge", "name")
    assert (containers.list_type, containers.list_map_keys) == ("map", ("name",))
    ports = containers.item().child("ports")
    assert ports.list_map_keys == ("containerPort", "protocol")
    assert ports.key_defaults == {"protocol": "TCP"}
    assert containers.item().child("command").list_type == "atomic"


def test_maps_say_whether_they_mix():
    """Selectors are atomic, labels are granular; entries of free maps have a schema, too."""
    root = field_schema("apps", "v1", "Deployment")

    assert root.child("spec").child("selector").map_type == "atomic"
    labels = root.child("metadata").child("labels")
    assert labels.map_type == "granular"
    assert labels.child("any").type == "string"
    assert not labels.has_field("any")
    assert root.child("nonsense") is None
    assert field_schema("example.com", "v1", "Widget") is None
