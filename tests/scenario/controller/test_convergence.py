"""Whatever is broken, scaled and deleted: once it heals, the cluster is what its objects ask for."""

from __future__ import annotations

import random

import pytest

from tests.factories import make_deployment
from tests.scenario.test_daemonset import make_daemon_set
from tests.scenario.test_job import make_job
from tests.scenario.test_node_failure import make_fault
from tests.scenario.test_statefulset import claim_template, make_stateful_set
from webapp.api.core.pods import is_pod_ready


def one_accident(world, chance, number):
    """Break a machine, delete a Pod, or change a size."""
    kind = chance.randrange(4)
    if kind == 0:
        fault = make_fault(
            chance.choice(["NodeDown", "KubeletDown"]), f"worker-{chance.randrange(1, 4)}"
        )
        fault["metadata"]["name"] = f"fault-{number}"
        fault["spec"]["duration"] = f"{chance.randrange(10, 600)}s"
        world.create(fault)
    elif kind == 1:
        pods = world.list("Pod")
        world.delete("Pod", chance.choice(pods)["metadata"]["name"])
    elif kind == 2:
        world.patch("Deployment", "api", {"spec": {"replicas": chance.randrange(1, 6)}})
    else:
        world.patch("StatefulSet", "db", {"spec": {"replicas": chance.randrange(1, 4)}})


@pytest.mark.parametrize("seed", range(6))
def test_the_cluster_converges_once_faults_heal(world, seed):
    """Counts are right, everything is Ready, no Pod is left over or doubled."""
    chance = random.Random(seed)
    world.create(
        make_deployment("api", replicas=3),
        make_daemon_set(),
        make_stateful_set("db", volumeClaimTemplates=[claim_template()]),
        make_job("work", completions=6, parallelism=2, backoffLimit=100),
    )
    world.run_for(seconds=30)
    for number in range(12):
        one_accident(world, chance, number)
        world.run_for(seconds=chance.randrange(1, 200))
    world.run_for(seconds=2400)

    live = world.list("Pod")
    assert not any("deletionTimestamp" in pod["metadata"] for pod in live)
    by_owner = {}
    for pod in live:
        [owner] = pod["metadata"]["ownerReferences"]
        by_owner.setdefault(owner["kind"], []).append(pod)
    job_pods = by_owner.pop("Job", [])
    assert all(is_pod_ready(pod) for pods in by_owner.values() for pod in pods)
    assert len(by_owner["ReplicaSet"]) == world.get("Deployment", "api")["spec"]["replicas"]
    assert len(by_owner["DaemonSet"]) == 3
    wanted = world.get("StatefulSet", "db")["spec"]["replicas"]
    names = sorted(pod["metadata"]["name"] for pod in by_owner["StatefulSet"])
    assert names == [f"db-{ordinal}" for ordinal in range(wanted)]
    status = world.get("Job", "work")["status"]
    assert status["succeeded"] == 6
    assert sum(pod["status"]["phase"] == "Succeeded" for pod in job_pods) <= 6
    assert all(not node["spec"].get("taints") for node in world.list("Node"))
