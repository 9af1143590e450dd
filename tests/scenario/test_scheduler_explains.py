"""In a whole cluster: what the scheduler refuses it explains, and cordons are obeyed."""

from webapp.api.resources import NODES, PODS
from webapp.apimachinery.wire import UserInfo
from webapp.cluster.cluster import Cluster
from webapp.cluster.config import ClusterConfig

ADMIN = UserInfo("admin", ("system:masters",))


def _pod(name, cpu):
    container = {"name": "app", "image": "nginx", "resources": {"requests": {"cpu": cpu}}}
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"containers": [container]},
    }


def test_a_pod_waits_for_an_uncordon_and_the_explanation_shows_each_attempt():
    """Refused everywhere at first, bound to the one Node that opens."""
    cluster = Cluster(ClusterConfig(seed=1))
    client = cluster.client_for(ADMIN, "kubectl")
    cluster.sim.run_until_idle()
    names = [node["metadata"]["name"] for node in client.list(NODES)]
    for name in names:
        client.patch(NODES, "", name, {"spec": {"unschedulable": True}})
    cluster.sim.run_until_idle()  # the scheduler has heard of the cordons

    client.create(PODS, "default", _pod("web", "100m"))
    cluster.sim.run_until_idle()
    message = client.get(PODS, "default", "web")["status"]["conditions"][0]["message"]
    assert message == (
        "0/3 nodes are available: 3 node(s) were unschedulable. no new claims to deallocate, preemption: "
        "0/3 nodes are available: 3 Preemption is not helpful for scheduling."
    )

    uid = client.get(PODS, "default", "web")["metadata"]["uid"]
    assert cluster.scheduler.explain(uid).to_json()["wouldFit"] == [
        {"change": "uncordon the Node", "nodes": names, "count": 3}
    ]

    client.patch(NODES, "", names[1], {"spec": {"unschedulable": None}})
    cluster.sim.run_for(5000)

    pod = client.get(PODS, "default", "web")
    assert pod["spec"]["nodeName"] == names[1]
    attempts = cluster.scheduler.explain(pod["metadata"]["uid"]).to_json()["attempts"]
    # In between the Node is uncordoned while its taint has not been taken away yet.
    assert [attempt["chosen"] for attempt in attempts] == ["", "", names[1]]
    assert "1 node(s) had untolerated taint(s)" in attempts[1]["message"]
    assert {node["reason"] for node in attempts[0]["nodes"]} == {"node(s) were unschedulable"}
