"""Names inside the cluster, as the Kubernetes DNS specification has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.kubelet.fake_api import FakeAPI
from webapp.api.resources import ENDPOINT_SLICES, NAMESPACES, SERVICES
from webapp.apimachinery.wire import UserInfo
from webapp.client.informer import InformerFactory
from webapp.client.rest import RESTClient
from webapp.network.dns import NOERROR, NXDOMAIN, ClusterDNS, reverse_name, reversed_address

if TYPE_CHECKING:
    from webapp.sim.loop import Simulation

ZONE = "shop.svc.cluster.local"


@pytest.fixture
def dns(sim: Simulation) -> ClusterDNS:
    """A name server that knows Services of every kind."""
    client = RESTClient(FakeAPI(sim), UserInfo("admin"), "test")
    informers = InformerFactory(client)
    dns = ClusterDNS(informers)
    informers.start()
    client.create(NAMESPACES, "", {"metadata": {"name": "shop"}})
    ports = [{"name": "http", "port": 80}, {"name": "dns", "port": 53, "protocol": "UDP"}]
    specs = {
        "web": {"clusterIP": "10.96.0.9", "clusterIPs": ["10.96.0.9", "fd00::9"], "ports": ports},
        "db": {"clusterIP": "None", "ports": [{"name": "sql", "port": 5432}]},
        "empty": {"clusterIP": "None"},
        "ext": {"type": "ExternalName", "externalName": "example.com"},
        "alias": {"type": "ExternalName", "externalName": f"web.{ZONE}."},
        "gone": {"type": "ExternalName", "externalName": "nobody.invalid"},
        "ping": {"type": "ExternalName", "externalName": f"pong.{ZONE}"},
        "pong": {"type": "ExternalName", "externalName": f"ping.{ZONE}"},
        "self": {"type": "ExternalName", "externalName": f"self.{ZONE}"},
    }
    for name, spec in specs.items():
        client.create(SERVICES, "shop", {"metadata": {"name": name}, "spec": spec})
    endpoints = [
        {"addresses": ["10.244.0.3"], "hostname": "db-1", "conditions": {"ready": True}},
        {"addresses": ["10.244.0.2"], "conditions": {"ready": True}},
        {"addresses": ["10.244.0.4"], "hostname": "db-2", "conditions": {"ready": False}},
    ]
    labels = {"kubernetes.io/service-name": "db"}
    piece = {
        "metadata": {"name": "db-x", "labels": labels},
        "endpoints": endpoints,
        "ports": [{"name": "sql", "port": 5432, "protocol": "TCP"}],
    }
    client.create(ENDPOINT_SLICES, "shop", piece)
    sim.run_until_idle()
    return dns


@pytest.mark.parametrize(
    ("name", "type_", "data"),
    [
        pytest.param(f"web.{ZONE}", "A", ["10.96.0.9"], id="ClusterIP"),
        pytest.param(f"WEB.{ZONE}.", "A", ["10.96.0.9"], id="case and last dot"),
        pytest.param(f"web.{ZONE}", "AAAA", ["fd00::9"], id="IPv6"),
        pytest.param(f"db.{ZONE}", "A", ["10.244.0.2", "10.244.0.3"], id="headless, ready only"),
        pytest.param(f"db-1.db.{ZONE}", "A", ["10.244.0.3"], id="hostname"),
        pytest.param(f"10-244-0-2.db.{ZONE}", "A", ["10.244.0.2"], id="endpoint without one"),
        pytest.param("10-244-0-7.shop.pod.cluster.local", "A", ["10.244.0.7"], id="Pod"),
        pytest.param(f"_http._tcp.web.{ZONE}", "SRV", [f"0 100 80 web.{ZONE}"], id="SRV"),
        pytest.param(
            f"_dns._udp.web.{ZONE}", "SRV", [f"0 100 53 web.{ZONE}"], id="SRV by protocol"
        ),
        pytest.param(
            f"_sql._tcp.db.{ZONE}",
            "SRV",
            [f"0 50 5432 10-244-0-2.db.{ZONE}", f"0 50 5432 db-1.db.{ZONE}"],
            id="SRV of a headless Service",
        ),
        pytest.param("9.0.96.10.in-addr.arpa", "PTR", [f"web.{ZONE}"], id="PTR of a ClusterIP"),
        pytest.param(
            "3.0.244.10.in-addr.arpa", "PTR", [f"db-1.db.{ZONE}"], id="PTR of an endpoint"
        ),
        pytest.param(f"ext.{ZONE}", "CNAME", ["example.com"], id="CNAME"),
        pytest.param(f"ext.{ZONE}", "A", ["93.184.215.14"], id="through a CNAME to the outside"),
        pytest.param(f"alias.{ZONE}", "A", ["10.96.0.9"], id="through a CNAME inside"),
        pytest.param("example.com", "A", ["93.184.215.14"], id="outside"),
    ],
)
def test_records(dns: ClusterDNS, name: str, type_: str, data: list[str]) -> None:
    """All kinds that the specification names."""
    answer = dns.query(name, type_)

    assert (answer.rcode, answer.data(type_)) == (NOERROR, data)


@pytest.mark.parametrize(
    ("name", "type_", "rcode"),
    [
        pytest.param(f"nobody.{ZONE}", "A", NXDOMAIN, id="no such Service"),
        pytest.param("web.nowhere.svc.cluster.local", "A", NXDOMAIN, id="no such namespace"),
        pytest.param(f"empty.{ZONE}", "A", NXDOMAIN, id="headless without endpoints"),
        pytest.param(f"db-2.db.{ZONE}", "A", NXDOMAIN, id="a member that is not ready"),
        pytest.param(f"_smtp._tcp.web.{ZONE}", "SRV", NXDOMAIN, id="no such port"),
        pytest.param(f"_dns._tcp.web.{ZONE}", "SRV", NXDOMAIN, id="other protocol"),
        pytest.param("1.2.3.nowhere.pod.cluster.local", "A", NXDOMAIN, id="no Pod's name"),
        pytest.param("300-1-1-1.shop.pod.cluster.local", "A", NXDOMAIN, id="no address"),
        pytest.param(f"gone.{ZONE}", "A", NXDOMAIN, id="CNAME to nothing"),
        pytest.param("nobody.invalid", "A", NXDOMAIN, id="outside, unknown"),
        pytest.param("1.0.0.10.in-addr.arpa", "PTR", NXDOMAIN, id="nobody's address"),
        pytest.param("x..y", "A", NXDOMAIN, id="no name"),
        pytest.param("a" * 64 + f".{ZONE}", "A", NXDOMAIN, id="label too long"),
        pytest.param(f"db.{ZONE}", "AAAA", NOERROR, id="other types only"),
        pytest.param(ZONE, "A", NOERROR, id="a namespace"),
        pytest.param("svc.cluster.local", "A", NOERROR, id="a branch"),
        pytest.param(f"ping.{ZONE}", "A", NOERROR, id="ExternalNames in a circle"),
        pytest.param(f"self.{ZONE}", "A", NOERROR, id="ExternalName of itself"),
    ],
)
def test_names_that_lead_nowhere(dns: ClusterDNS, name: str, type_: str, rcode: str) -> None:
    """There is a difference between no name and no record of the type."""
    answer = dns.query(name, type_)

    assert (answer.rcode, answer.data(type_)) == (rcode, [])


def test_reverse_names_of_ipv6() -> None:
    """Reverse names of IPv6 addresses are read digit by digit."""
    assert reversed_address(reverse_name("fd00::9")) == "fd00::9"
    assert reversed_address("9.0.arpa.in-addr.arpa") == ""
