"""Tolerations, node affinity, and where daemons belong."""

from __future__ import annotations

import pytest

from webapp.controller.daemon.placement import daemon_tolerations, place
from webapp.controller.node_fit import matches_node_affinity, tolerates

TAINT = {"key": "gpu", "value": "yes", "effect": "NoSchedule"}


@pytest.mark.parametrize(
    ("toleration", "covers"),
    [
        pytest.param({"operator": "Exists"}, True, id="everything"),
        pytest.param({"key": "gpu", "operator": "Exists"}, True, id="key"),
        pytest.param({"key": "gpu", "value": "yes"}, True, id="value"),
        pytest.param({"key": "gpu", "value": "no"}, False, id="other value"),
        pytest.param({"key": "disk", "operator": "Exists"}, False, id="other key"),
        pytest.param({"operator": "Exists", "effect": "NoExecute"}, False, id="other effect"),
    ],
)
def test_a_toleration_covers_a_taint(toleration, covers):
    """By key, value and effect; what is left empty covers all."""
    assert tolerates(toleration, TAINT) is covers


def node(taints=(), **labels):
    return {"metadata": {"name": "n1", "labels": labels}, "spec": {"taints": list(taints)}}


@pytest.mark.parametrize(
    ("expression", "matches"),
    [
        pytest.param({"key": "zone", "operator": "In", "values": ["a"]}, True, id="in"),
        pytest.param({"key": "zone", "operator": "NotIn", "values": ["a"]}, False, id="not in"),
        pytest.param({"key": "rack", "operator": "NotIn", "values": ["a"]}, True, id="missing"),
        pytest.param({"key": "rack", "operator": "DoesNotExist"}, True, id="does not exist"),
        pytest.param({"key": "cores", "operator": "Gt", "values": ["8"]}, True, id="greater"),
        pytest.param({"key": "zone", "operator": "Lt", "values": ["8"]}, False, id="no number"),
    ],
)
def test_node_affinity_reads_labels(expression, matches):
    """Every operator of a node selector."""
    terms = [{"matchExpressions": [expression]}]
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    spec = {"affinity": {"nodeAffinity": required}}
    assert matches_node_affinity(spec, node(zone="a", cores="16")) is matches


@pytest.mark.parametrize(
    ("effect", "expected"),
    [
        pytest.param("PreferNoSchedule", (True, True), id="a preference does not matter"),
        pytest.param("NoSchedule", (False, True), id="what is there may stay"),
        pytest.param("NoExecute", (False, False), id="nobody may stay"),
    ],
)
def test_taints_decide_whether_daemons_come_and_stay(effect, expected):
    """NoSchedule keeps new ones away, NoExecute drives out."""
    taint = {"key": "gpu", "value": "yes", "effect": effect}
    assert place({"spec": {}}, node([taint])) == expected


def test_daemons_on_the_host_network_do_not_wait_for_it():
    """They are what sets it up."""
    keys = [item["key"] for item in daemon_tolerations({"hostNetwork": True})]
    assert keys[-1] == "node.kubernetes.io/network-unavailable"
