"""What happens to an object between the request and the store."""

from __future__ import annotations

from typing import Any

from webapp.api.kinds import rules_for


def stored_deployment() -> dict[str, Any]:
    """A Deployment as stored, with status."""
    metadata = {
        "name": "web",
        "namespace": "default",
        "generation": 3,
        "resourceVersion": "7",
        "uid": "u",
    }
    return {"metadata": metadata, "spec": {"replicas": 1}, "status": {"replicas": 1}}


def test_new_object_starts_without_status_at_generation_one():
    """Only the system writes status; counting begins."""
    rules = rules_for("apps", "Deployment")
    obj = {
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {},
        "status": {"replicas": 9},
    }

    created = rules.prepare_for_create(obj)

    assert "status" not in created
    assert created["metadata"]["generation"] == 1


def test_update_keeps_the_status_and_counts_changes_of_the_spec():
    """The main resource does not touch status; a new spec is a new generation."""
    rules = rules_for("apps", "Deployment")
    old = stored_deployment()

    new = rules.prepare_for_update({**old, "spec": {"replicas": 2}, "status": {}}, old)

    assert new["status"] == {"replicas": 1}
    assert new["metadata"]["generation"] == 4


def test_update_of_labels_is_no_new_generation():
    """Metadata is not what the generation counts."""
    rules = rules_for("apps", "Deployment")
    old = stored_deployment()
    metadata = {**old["metadata"], "labels": {"a": "b"}, "generation": 99}

    new = rules.prepare_for_update({**old, "metadata": metadata}, old)

    assert new["metadata"]["generation"] == 3


def test_status_update_changes_status_only():
    """The spec stays as stored."""
    rules = rules_for("apps", "Deployment")
    old = stored_deployment()

    new = rules.prepare_for_status_update(
        {**old, "spec": {"replicas": 5}, "status": {"replicas": 2}}, old
    )

    assert new["spec"] == {"replicas": 1}
    assert new["status"] == {"replicas": 2}
    assert new["metadata"]["generation"] == 3


def test_new_pod_is_pending_with_its_qos_class():
    """A Pod's first status."""
    rules = rules_for("", "Pod")
    pod = rules.default({"metadata": {"name": "a"}, "spec": {"containers": [{"name": "a"}]}})

    assert rules.prepare_for_create(pod)["status"] == {"phase": "Pending", "qosClass": "BestEffort"}


def test_gated_pod_says_so_from_the_start():
    """A Pod with scheduling gates has the condition that kubectl shows."""
    rules = rules_for("", "Pod")
    spec = {"containers": [{"name": "a"}], "schedulingGates": [{"name": "example.com/wait"}]}

    created = rules.prepare_for_create({"metadata": {"name": "a"}, "spec": spec})

    condition = created["status"]["conditions"][0]
    assert (condition["type"], condition["reason"]) == ("PodScheduled", "SchedulingGated")


def test_new_namespace_is_active_and_held_by_its_finalizer():
    """The namespace controller empties it before it may go."""
    rules = rules_for("", "Namespace")

    created = rules.prepare_for_create(rules.default({"metadata": {"name": "team"}}))

    assert created["spec"] == {"finalizers": ["kubernetes"]}
    assert created["status"] == {"phase": "Active"}
    assert created["metadata"]["labels"] == {"kubernetes.io/metadata.name": "team"}


def test_node_brings_its_status_along():
    """Kubelets register with capacity; what is allocatable follows from it."""
    rules = rules_for("", "Node")
    node = {"metadata": {"name": "n1"}, "status": {"capacity": {"memory": "1024Mi"}}}

    created = rules.prepare_for_create(rules.default(node))

    assert created["status"]["allocatable"] == {"memory": "1Gi"}
