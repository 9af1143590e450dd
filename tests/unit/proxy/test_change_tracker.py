"""Services and EndpointSlices as rules."""

from __future__ import annotations

from typing import Any

from webapp.network.rules import Endpoint, PortKey
from webapp.proxy.change_tracker import service_rules


def service(**spec: Any) -> Any:
    return {
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"clusterIP": "10.96.0.9", "ports": [{"port": 80, "targetPort": 8080}], **spec},
    }


def endpoints(**conditions_by_ip: dict[str, bool]) -> Any:
    return [
        {
            "metadata": {"name": "web-1", "namespace": "default"},
            "ports": [{"name": "", "port": 8080, "protocol": "TCP"}],
            "endpoints": [
                {"addresses": [ip.replace("_", ".")], "conditions": conditions, "nodeName": "n1"}
                for ip, conditions in conditions_by_ip.items()
            ],
        }
    ]


READY = {"ready": True, "serving": True, "terminating": False}
ENDING = {"ready": False, "serving": True, "terminating": True}


def test_a_cluster_ip_leads_to_ready_endpoints() -> None:
    """Endpoints that end are left out while others are ready."""
    rules = service_rules(service(), endpoints(**{"10_0_0_1": READY, "10_0_0_2": ENDING}))

    rule = rules[PortKey("10.96.0.9", 80, "TCP")]
    assert rule.endpoints == (Endpoint("10.0.0.1", 8080, "n1"),)


def test_ending_endpoints_serve_when_nobody_else_does() -> None:
    """Traffic is not cut off while the last Pod ends."""
    rules = service_rules(service(), endpoints(**{"10_0_0_2": ENDING}))

    assert len(rules[PortKey("10.96.0.9", 80, "TCP")].endpoints) == 1


def test_a_node_port_is_matched_on_any_machine() -> None:
    """Its rule has no address."""
    ports = [{"port": 80, "nodePort": 30080}]

    rules = service_rules(service(type="NodePort", ports=ports), endpoints(**{"10_0_0_1": READY}))

    assert list(rules) == [PortKey("10.96.0.9", 80, "TCP"), PortKey("", 30080, "TCP")]


def test_headless_and_external_name_services_have_no_rules() -> None:
    """They are DNS's business."""
    assert service_rules(service(clusterIP="None"), []) == {}
    assert service_rules(service(type="ExternalName", clusterIP=""), []) == {}
