"""In a whole cluster: what the API server refuses of scheduling's fields, and what waits instead."""

import pytest

from tests.world import World
from webapp.apimachinery.status import StatusError

SELECTOR = {"matchLabels": {"app": "web"}}
NOT_HELPFUL = (
    "no new claims to deallocate, preemption: "
    "0/3 nodes are available: 3 Preemption is not helpful for scheduling."
)


@pytest.fixture
def world():
    """Three Nodes without zones."""
    world = World()
    world.settle()
    return world


def pod(name, requests=None, **spec):
    """A Pod labelled app=web, hash=1."""
    container = {"name": "app", "image": "nginx"}
    if requests:
        container["resources"] = {"requests": requests}
    metadata = {
        "name": name,
        "namespace": "default",
        "labels": {"app": "web", "hash": "1"},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"containers": [container], **spec},
    }


def required(kind, **term):
    """Affinity with one required term."""
    terms = [{"topologyKey": "zone", **term}]
    return {"affinity": {kind: {"requiredDuringSchedulingIgnoredDuringExecution": terms}}}


def spread(**fields):
    """One hard constraint."""
    constraint = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}
    return {"topologySpreadConstraints": [{**constraint, "labelSelector": SELECTOR, **fields}]}


def preferred(weight):
    """A preference for Nodes."""
    preference = {"matchExpressions": [{"key": "disk", "operator": "Exists"}]}
    terms = [{"weight": weight, "preference": preference}]
    return {
        "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": terms}}
    }


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        pytest.param(
            {"requests": {"cpu": "1.5.2"}},
            "quantities must match the regular expression",
            id="a quantity that is no number",
        ),
        pytest.param(
            preferred(-1),
            "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: "
            "Invalid value: -1: must be in the range 1-100",
            id="a negative weight",
        ),
        pytest.param(
            required(
                "podAffinity",
                labelSelector={"matchExpressions": [{"key": "a", "operator": "Like"}]},
            ),
            'labelSelector.matchExpressions[0].operator: Invalid value: "Like": '
            "not a valid selector operator",
            id="an operator that is none",
        ),
        pytest.param(
            spread(maxSkew=0),
            "topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero",
            id="no skew at all",
        ),
        pytest.param(
            spread(matchLabelKeys=["app"]),
            'matchLabelKeys[0]: Invalid value: "app": exists in both matchLabelKeys and '
            "labelSelector",
            id="a label key that the selector has",
        ),
        pytest.param(
            required("podAffinity", matchLabelKeys=["hash"]),
            "matchLabelKeys: Forbidden: must not be specified when labelSelector is not set",
            id="label keys without a selector",
        ),
        pytest.param(
            required(
                "podAffinity",
                labelSelector=SELECTOR,
                matchLabelKeys=["hash"],
                mismatchLabelKeys=["hash"],
            ),
            "exists in both matchLabelKeys and mismatchLabelKeys",
            id="a label that must match and must not",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_path(world, spec, text):
    """Nothing is stored."""
    with pytest.raises(StatusError) as refusal:
        world.create(pod("bad", **spec))

    assert text in refusal.value.message
    assert world.get("Pod", "bad") is None


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        pytest.param(
            spread(),
            "3 node(s) didn't match pod topology spread constraints (missing required label)",
            id="spread over a label that no Node has",
        ),
        pytest.param(
            required("podAffinity", labelSelector={"matchLabels": {"app": "db"}}),
            "3 node(s) didn't match pod affinity rules",
            id="affinity by a label that no Node has",
        ),
        pytest.param({"requests": {"cpu": "1k"}}, "3 Insufficient cpu", id="more CPU than any has"),
        pytest.param(
            {"requests": {"example.com/gpu": "1"}, "nodeSelector": {}},
            "3 Insufficient example.com/gpu",
            id="a device that no Node has",
        ),
        pytest.param(
            {"nodeSelector": {"disk": "ssd"}},
            "3 node(s) didn't match Pod's node affinity/selector",
            id="a label that no Node has",
        ),
        pytest.param(
            {"nodeName": "", "schedulerName": "default-scheduler", "nodeSelector": {"a": "b"}},
            "3 node(s) didn't match Pod's node affinity/selector",
            id="an empty Node name",
        ),
    ],
)
def test_what_no_node_can_satisfy_waits_with_upstreams_words(world, spec, reason):
    """The Pod is stored and waits; evicting others would not help."""
    spec = dict(spec)
    one = pod("lost", spec.pop("requests", None), **spec)
    for container in one["spec"]["containers"]:
        resources = container.get("resources")
        if resources:
            resources["limits"] = {
                name: amount for name, amount in resources["requests"].items() if "/" in name
            }
    world.create(one)
    world.run_for(seconds=1)

    conditions = world.get("Pod", "lost")["status"]["conditions"]
    assert conditions[0]["reason"] == "Unschedulable"
    assert conditions[0]["message"] == f"0/3 nodes are available: {reason}. {NOT_HELPFUL}"


def test_label_keys_become_part_of_the_stored_selector(world):
    """With the Pod's own values; keys that it lacks add nothing."""
    keys = {"labelSelector": SELECTOR, "matchLabelKeys": ["hash", "missing"]}
    apart = required("podAntiAffinity", labelSelector={}, mismatchLabelKeys=["hash"])
    world.create(pod("web", **spread(**keys), **apart))

    spec = world.get("Pod", "web")["spec"]
    (constraint,) = spec["topologySpreadConstraints"]
    assert constraint["labelSelector"] == {
        "matchLabels": {"app": "web"},
        "matchExpressions": [{"key": "hash", "operator": "In", "values": ["1"]}],
    }
    assert constraint["matchLabelKeys"] == ["hash", "missing"]
    anti = spec["affinity"]["podAntiAffinity"]
    (term,) = anti["requiredDuringSchedulingIgnoredDuringExecution"]
    assert term["labelSelector"] == {
        "matchExpressions": [{"key": "hash", "operator": "NotIn", "values": ["1"]}]
    }
