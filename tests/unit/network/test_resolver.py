"""What a Pod's ``/etc/resolv.conf`` says, and which names it leads to."""

from __future__ import annotations

from typing import Any

import pytest

from webapp.network.resolver import ResolverConfig, pod_resolver

CLUSTER = "search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n"
NODE = "nameserver 192.0.2.53\n"


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        pytest.param({}, CLUSTER, id="ClusterFirst"),
        pytest.param({"hostNetwork": True}, NODE, id="a machine's network"),
        pytest.param(
            {"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"}, CLUSTER, id="WithHostNet"
        ),
        pytest.param({"dnsPolicy": "Default"}, NODE, id="Default"),
        pytest.param(
            {
                "dnsPolicy": "None",
                "dnsConfig": {
                    "nameservers": ["192.0.2.1"],
                    "searches": ["ns1.svc.cluster-domain.example", "my.dns.search.suffix"],
                    "options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}],
                },
            },
            "search ns1.svc.cluster-domain.example my.dns.search.suffix\n"
            "nameserver 192.0.2.1\noptions ndots:2 edns0\n",
            id="None, as in the documentation",
        ),
        pytest.param(
            {"dnsConfig": {"options": [{"name": "ndots", "value": "1"}], "searches": ["corp"]}},
            CLUSTER.replace("ndots:5", "ndots:1").replace(
                "cluster.local\nname", "cluster.local corp\nname"
            ),
            id="merged",
        ),
    ],
)
def test_resolv_conf(spec: Any, text: str) -> None:
    """By dnsPolicy and dnsConfig."""
    assert pod_resolver("shop", spec).text == text


def test_ndots_decides_what_is_tried_first() -> None:
    """With five dots needed, even example.com is tried with every suffix first."""
    config = ResolverConfig(("10.96.0.10",), ("a.b", "b"), ("ndots:2",))

    assert config.candidates("web") == ["web.a.b", "web.b", "web"]
    assert config.candidates("www.example.com") == [
        "www.example.com",
        "www.example.com.a.b",
        "www.example.com.b",
    ]
    assert config.candidates("web.") == ["web"]


def test_patience_grows_with_servers() -> None:
    """Five seconds, twice, each server."""
    assert ResolverConfig(("a", "b")).patience_ms == 20_000
    assert ResolverConfig(("a",), (), ("timeout:1", "attempts:3")).patience_ms == 3_000
