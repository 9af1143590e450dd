"""How many requests of the pod network fit into a second of processor time.

The bar is 20,000 a second at speed max, with facts sampled and every outcome counted. Each request looks
at rules, policies, wires and the server's processor.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenario.network.net import make_pod, make_policy, make_service
from tests.world import World
from webapp.trace.facts import NetworkRequestRouted

SECONDS = 2


def busy_world(policies: int) -> World:
    """Three servers behind a Service, a client, and policies that select neither end."""
    world = World()
    others = [
        make_policy(f"other-{n}", podSelector={"matchLabels": {"app": f"other-{n}"}})
        for n in range(policies)
    ]
    world.create(*(make_pod(f"web-{n}") for n in range(1, 4)))
    world.create(make_pod("client-1", "true"), make_service(), *others)
    world.settle()
    world.run_for(seconds=3)
    return world


def send(world: World, rate: int) -> None:
    """Create the Traffic and let all of it happen."""
    spec = {
        "from": {"podSelector": {"matchLabels": {"app": "client"}}},
        "to": {"service": "web"},
        "requestsPerSecond": rate,
        "duration": f"{SECONDS}s",
    }
    traffic: Any = {
        "apiVersion": "sim.podarium.dev/v1alpha1",
        "kind": "Traffic",
        "metadata": {"name": "load", "namespace": "default"},
        "spec": spec,
    }
    world.create(traffic)
    world.settle()


@pytest.mark.parametrize(
    ("rate", "policies"),
    [
        pytest.param(1_000, 0, id="small"),
        pytest.param(20_000, 0, id="large"),
        pytest.param(20_000, 1_000, id="large, 1000 policies for others"),
    ],
)
def test_requests(benchmark: Any, rate: int, policies: int) -> None:
    """Every request is counted; at most 200 a virtual second leave facts."""

    def setup() -> tuple[tuple[World, int], dict[str, Any]]:
        return (busy_world(policies), rate), {}

    worlds: list[World] = []

    def run(world: World, rate: int) -> None:
        worlds.append(world)
        send(world, rate)

    benchmark.pedantic(run, setup=setup, rounds=2)

    world = worlds[-1]
    assert world.cluster.flows.total == rate * SECONDS
    assert len(world.facts(NetworkRequestRouted)) <= 200 * (SECONDS + 2)
    benchmark.extra_info["requests"] = rate * SECONDS
