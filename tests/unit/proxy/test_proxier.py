"""kube-proxies following Services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.kubelet.fake_api import FakeAPI
from webapp.api.resources import ENDPOINT_SLICES, SERVICES
from webapp.apimachinery.wire import UserInfo
from webapp.client.informer import InformerFactory
from webapp.client.rest import RESTClient
from webapp.network.dataplane import DataPlane
from webapp.network.dns import ClusterDNS
from webapp.proxy.proxier import Proxier
from webapp.sim.rng import RandomStreams
from webapp.trace.facts import RulesSynced
from webapp.trace.recorder import Recorder

if TYPE_CHECKING:
    from webapp.sim.loop import Simulation


def test_every_node_follows_a_new_service(sim: Simulation) -> None:
    """After its delay each Node routes to the endpoints, once told; names resolve."""
    client = RESTClient(FakeAPI(sim), UserInfo("admin"), "test")
    informers = InformerFactory(client)
    plane, recorder, streams = (
        DataPlane(RandomStreams(1).stream("d")),
        Recorder(sim.clock),
        RandomStreams(1),
    )
    proxier = Proxier(sim, recorder, streams.stream("p"), informers, plane)
    dns = ClusterDNS(informers)
    informers.start()
    for number, node in enumerate(("n1", "n2", "n3")):
        plane.join(node, f"10.0.0.{number}")
        proxier.add(node)
    client.create(
        SERVICES,
        "shop",
        {"metadata": {"name": "web"}, "spec": {"clusterIP": "10.96.0.9", "ports": [{"port": 80}]}},
    )
    piece = {
        "metadata": {"name": "web-1", "labels": {"kubernetes.io/service-name": "web"}},
        "ports": [{"port": 80}],
        "endpoints": [{"addresses": ["10.244.0.2"], "conditions": {"ready": True}}],
    }
    client.create(ENDPOINT_SLICES, "shop", piece)
    sim.run_until_idle()

    assert {plane.route(node, "10.96.0.9", 80).ip for node in ("n1", "n2", "n3")} == {"10.244.0.2"}
    synced = [item.fact for item in recorder.records if isinstance(item.fact, RulesSynced)]
    assert sorted(fact.node for fact in synced) == ["n1", "n2", "n3"]
    assert (synced[0].services, synced[0].endpoints) == (1, 1)
    assert dns.query("web.shop.svc.cluster.local").data("A") == ["10.96.0.9"]
