"""Variables, references between them, and commands."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.kubelet.conftest import container, make_pod
from webapp.api.resources import CONFIG_MAPS, SECRETS
from webapp.kubelet.environment import ConfigError, expand, make_container_config

if TYPE_CHECKING:
    from tests.unit.kubelet.conftest import World
    from webapp.cri.api import ContainerConfig


def config_of(world: World, **fields: Any) -> ContainerConfig:
    """What the runtime gets for a container with these fields."""
    return make_container_config(
        world.client,
        make_pod(nodeName="n1"),
        container(**fields),
        role="app",
        attempt=0,
        pod_ip="10.244.0.2",
        host_ip="10.0.0.11",
    )


def test_variables_come_from_everywhere(world: World) -> None:
    """Values, ConfigMaps, Secrets and the Pod's own fields."""
    world.client.create(
        CONFIG_MAPS, "default", {"metadata": {"name": "conf"}, "data": {"MODE": "fast"}}
    )
    secret = b64encode(b"s3cret").decode()
    world.client.create(
        SECRETS, "default", {"metadata": {"name": "db"}, "data": {"password": secret}}
    )

    config = config_of(
        world,
        envFrom=[{"prefix": "APP_", "configMapRef": {"name": "conf"}}],
        env=[
            {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
            {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
            {"name": "URL", "value": "http://$(IP)/$(APP_MODE)"},
        ],
        command=["run", "$(URL)"],
    )

    assert config.env == {
        "APP_MODE": "fast",
        "PASSWORD": "s3cret",
        "IP": "10.244.0.2",
        "URL": "http://10.244.0.2/fast",
    }
    assert config.command == ("run", "http://10.244.0.2/fast")


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$(A)", "1"),
        ("$$(A)", "$(A)"),
        ("$(MISSING)", "$(MISSING)"),
        ("$A costs $5", "$A costs $5"),
    ],
)
def test_references_expand_as_upstream(text: str, expanded: str) -> None:
    """Unknown names stay, doubled dollars escape."""
    assert expand(text, {"A": "1"}) == expanded


def test_a_missing_key_is_named(world: World) -> None:
    """The container shows which key of which object is missing."""
    world.client.create(CONFIG_MAPS, "default", {"metadata": {"name": "conf"}, "data": {}})
    entry = {"name": "X", "valueFrom": {"configMapKeyRef": {"name": "conf", "key": "mode"}}}

    with pytest.raises(ConfigError, match="couldn't find key mode in ConfigMap default/conf"):
        config_of(world, env=[entry])


def test_optional_sources_may_be_missing(world: World) -> None:
    """Their variables are just not there."""
    ref = {"name": "gone", "key": "k", "optional": True}

    config = config_of(
        world,
        envFrom=[{"secretRef": {"name": "gone", "optional": True}}],
        env=[{"name": "X", "valueFrom": {"secretKeyRef": ref}}],
    )

    assert config.env == {}
