"""EndpointSlices and Endpoints against an API server in memory."""

from __future__ import annotations

import pytest

from tests.unit.controller.fake_api import FakeAPI, make_node, make_pod
from webapp.api.resources import ENDPOINT_SLICES, ENDPOINTS, NODES, PODS, SERVICES
from webapp.controller.endpoints.endpoints_controller import EndpointsController
from webapp.controller.endpointslice.endpointslice import EndpointSliceController
from webapp.trace.facts import EndpointsChanged


@pytest.fixture
def api():
    world = FakeAPI()
    world.create(NODES, "", make_node("n1", **{"topology.kubernetes.io/zone": "zone-a"}))
    world.run(EndpointSliceController, EndpointsController)
    return world


def make_service(name="web", **spec):
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "default", "labels": {"team": "a"}},
        "spec": {
            "type": "ClusterIP",
            "clusterIP": "10.96.0.10",
            "selector": {"app": "web"},
            "ports": [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}],
            **spec,
        },
    }


def add_pod(api, name, ip, *, ready=True):
    api.run_pod(api.create(PODS, "default", make_pod(name, {"app": "web"})), ip=ip)
    if not ready:
        api.set_status(PODS, "default", name, conditions=[{"type": "Ready", "status": "False"}])


def endpoints_by_pod(api):
    return {
        endpoint["targetRef"]["name"]: endpoint
        for held in api.list(ENDPOINT_SLICES)
        for endpoint in held["endpoints"]
    }


def test_ready_pods_appear_in_a_slice(api):
    """A slice names its Service, the ports behind it, and each Pod with Node and zone."""
    api.create(SERVICES, "default", make_service())
    add_pod(api, "web-1", "10.244.0.5")

    api.sim.run_until_idle()

    [held] = api.list(ENDPOINT_SLICES)
    assert held["metadata"]["name"].startswith("web-")
    assert held["metadata"]["labels"] == {
        "team": "a",
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        "kubernetes.io/service-name": "web",
    }
    assert held["metadata"]["ownerReferences"][0]["kind"] == "Service"
    assert held["addressType"] == "IPv4"
    assert held["ports"] == [{"name": "http", "protocol": "TCP", "port": 80}]
    [endpoint] = held["endpoints"]
    assert endpoint["addresses"] == ["10.244.0.5"]
    assert endpoint["conditions"] == {"ready": True, "serving": True, "terminating": False}
    assert (endpoint["nodeName"], endpoint["zone"]) == ("n1", "zone-a")
    assert endpoint["targetRef"]["name"] == "web-1"


def test_endpoints_hold_the_same_addresses_in_subsets(api):
    """The older form: ready and not ready apart, ports by number and name."""
    api.create(SERVICES, "default", make_service())
    add_pod(api, "web-2", "10.244.0.12")
    add_pod(api, "web-1", "10.244.0.5")
    add_pod(api, "web-3", "10.244.0.7", ready=False)

    api.sim.run_until_idle()

    held = api.get(ENDPOINTS, "default", "web")
    [subset] = held["subsets"]
    assert [address["ip"] for address in subset["addresses"]] == ["10.244.0.5", "10.244.0.12"]
    assert [address["ip"] for address in subset["notReadyAddresses"]] == ["10.244.0.7"]
    assert subset["ports"] == [{"port": 80, "protocol": "TCP", "name": "http"}]
    assert "endpoints.kubernetes.io/last-change-trigger-time" in held["metadata"]["annotations"]


def test_a_pod_that_stops_is_terminating_but_still_serves(api):
    """Slices keep an ending Pod, not ready; Endpoints drop it."""
    api.create(SERVICES, "default", make_service())
    add_pod(api, "web-1", "10.244.0.5")
    api.sim.run_until_idle()

    api.delete(PODS, "default", "web-1")
    api.sim.run_until_idle()
    assert endpoints_by_pod(api)["web-1"]["conditions"] == {
        "ready": False,
        "serving": True,
        "terminating": True,
    }
    assert "subsets" not in api.get(ENDPOINTS, "default", "web")

    api.stop_pods()
    api.sim.run_until_idle()
    assert endpoints_by_pod(api) == {}


def test_pods_that_are_not_ready_can_be_published(api):
    """With publishNotReadyAddresses every address counts as ready."""
    api.create(SERVICES, "default", make_service(publishNotReadyAddresses=True, clusterIP="None"))
    add_pod(api, "web-1", "10.244.0.5", ready=False)

    api.sim.run_until_idle()

    assert endpoints_by_pod(api)["web-1"]["conditions"]["ready"]
    [held] = api.list(ENDPOINT_SLICES)
    assert held["metadata"]["labels"]["service.kubernetes.io/headless"] == ""


def test_a_named_port_that_a_pod_lacks_is_left_out(api):
    """A target port by name leads only to containers that declare it."""
    ports = [{"name": "x", "port": 80, "targetPort": "metrics", "protocol": "TCP"}]
    api.create(SERVICES, "default", make_service(ports=ports))
    add_pod(api, "web-1", "10.244.0.5")

    api.sim.run_until_idle()

    [held] = api.list(ENDPOINT_SLICES)
    assert held["ports"] == []
    assert "subsets" not in api.get(ENDPOINTS, "default", "web")


def test_more_than_a_hundred_pods_take_several_slices(api):
    """Each slice holds at most a hundred endpoints; each Pod is in exactly one."""
    api.create(SERVICES, "default", make_service())
    for number in range(230):
        add_pod(api, f"web-{number}", f"10.244.{number // 200}.{number % 200 + 1}")

    api.sim.run_until_idle()

    sizes = [len(held["endpoints"]) for held in api.list(ENDPOINT_SLICES)]
    assert sum(sizes) == len(endpoints_by_pod(api)) == 230
    assert max(sizes) <= 100


def test_a_service_without_selector_is_left_to_people(api):
    """Nothing is published for it."""
    api.create(SERVICES, "default", make_service(selector=None))
    add_pod(api, "web-1", "10.244.0.5")

    api.sim.run_until_idle()

    assert api.list(ENDPOINT_SLICES) == []
    assert api.list(ENDPOINTS) == []


def test_a_new_selector_changes_who_stands_behind(api):
    """The Service moves to other Pods."""
    api.create(SERVICES, "default", make_service())
    add_pod(api, "web-1", "10.244.0.5")
    api.sim.run_until_idle()

    api.patch(SERVICES, "default", "web", {"spec": {"selector": {"app": "other"}}})
    api.sim.run_until_idle()

    assert endpoints_by_pod(api) == {}


def test_changes_are_told_as_facts(api):
    """The page draws links by ready and not ready counts."""
    api.create(SERVICES, "default", make_service())
    add_pod(api, "web-1", "10.244.0.5")
    api.sim.run_until_idle()
    api.set_status(PODS, "default", "web-1", conditions=[{"type": "Ready", "status": "False"}])
    api.sim.run_until_idle()

    facts = [r.fact for r in api.recorder.records if isinstance(r.fact, EndpointsChanged)]
    assert [(fact.ready, fact.not_ready) for fact in facts] == [(1, 0), (0, 1)]


def test_endpoints_go_with_their_service(api):
    """Deleting a Service deletes its Endpoints; its slices are the garbage collector's."""
    api.create(SERVICES, "default", make_service())
    api.sim.run_until_idle()
    assert len(api.list(ENDPOINTS)) == 1

    api.delete(SERVICES, "default", "web")
    api.sim.run_until_idle()

    assert api.list(ENDPOINTS) == []
