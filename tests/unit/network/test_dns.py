"""Names inside the cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.kubelet.fake_api import FakeAPI
from webapp.api.resources import ENDPOINT_SLICES, SERVICES
from webapp.apimachinery.wire import UserInfo
from webapp.client.informer import InformerFactory
from webapp.client.rest import RESTClient
from webapp.network.dns import ClusterDNS

if TYPE_CHECKING:
    from webapp.sim.loop import Simulation


@pytest.fixture
def dns(sim: Simulation) -> ClusterDNS:
    """A name server that knows a Service and a headless one."""
    client = RESTClient(FakeAPI(sim), UserInfo("admin"), "test")
    informers = InformerFactory(client)
    dns = ClusterDNS(informers)
    informers.start()
    client.create(
        SERVICES, "shop", {"metadata": {"name": "web"}, "spec": {"clusterIP": "10.96.0.9"}}
    )
    client.create(SERVICES, "shop", {"metadata": {"name": "db"}, "spec": {"clusterIP": "None"}})
    endpoints = [
        {"addresses": ["10.244.0.3"], "hostname": "db-1", "conditions": {"ready": True}},
        {"addresses": ["10.244.0.2"], "hostname": "db-0", "conditions": {"ready": True}},
        {"addresses": ["10.244.0.4"], "hostname": "db-2", "conditions": {"ready": False}},
    ]
    labels = {"kubernetes.io/service-name": "db"}
    piece = {"metadata": {"name": "db-x", "labels": labels}, "endpoints": endpoints}
    client.create(ENDPOINT_SLICES, "shop", piece)
    sim.run_until_idle()
    return dns


@pytest.mark.parametrize(
    ("name", "addresses"),
    [
        pytest.param("web", ["10.96.0.9"], id="same namespace"),
        pytest.param("web.shop", ["10.96.0.9"], id="namespace named"),
        pytest.param("web.shop.svc.cluster.local.", ["10.96.0.9"], id="full name"),
        pytest.param("db", ["10.244.0.2", "10.244.0.3"], id="headless, ready only"),
        pytest.param("db-0.db", ["10.244.0.2"], id="member of a headless Service"),
        pytest.param("10-244-0-7.shop.pod", ["10.244.0.7"], id="pod by address"),
        pytest.param("nobody", [], id="unknown"),
        pytest.param("example.com", [], id="outside"),
    ],
)
def test_names_resolve_as_pods_write_them(dns: ClusterDNS, name: str, addresses: list[str]) -> None:
    """Through the search path of a Pod in namespace shop."""
    assert dns.lookup(name, "shop") == addresses


def test_another_namespace_has_to_be_named(dns: ClusterDNS) -> None:
    """The search path begins with one's own namespace."""
    assert dns.lookup("web", "default") == []
