"""What the API server fills in."""

from __future__ import annotations

from typing import Any

import pytest

from webapp.api.kinds import rules_for

CONTAINER = {"name": "web", "image": "nginx:1.27"}


def make_pod(**spec: Any) -> dict[str, Any]:
    """A Pod as people write it."""
    metadata = {"name": "web", "namespace": "default"}
    return {"metadata": metadata, "spec": {"containers": [CONTAINER], **spec}}


def defaulted_pod(**spec: Any) -> dict[str, Any]:
    """A Pod's spec as the API server gives it back."""
    result: dict[str, Any] = rules_for("", "Pod").default(make_pod(**spec))["spec"]
    return result


def defaulted(group: str, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    """Another kind's spec as the API server gives it back."""
    obj = {"metadata": {"name": "web", "namespace": "default"}, "spec": spec}
    result: dict[str, Any] = rules_for(group, kind).default(obj)["spec"]
    return result


def test_pod_gets_all_that_it_leaves_out():
    """A Pod with one container and nothing else is filled in as by a real API server."""
    spec = defaulted_pod()

    assert {key: value for key, value in spec.items() if key != "containers"} == {
        "dnsPolicy": "ClusterFirst",
        "enableServiceLinks": True,
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "terminationGracePeriodSeconds": 30,
    }
    assert spec["containers"] == [
        {
            **CONTAINER,
            "imagePullPolicy": "IfNotPresent",
            "resources": {},
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
        }
    ]


def test_what_is_filled_in_already_stays_the_same_object():
    """Pods of one template are cheap: nothing is copied when there is nothing to add."""
    rules = rules_for("", "Pod")
    pod = rules.default(make_pod(volumes=[{"name": "data"}]))

    assert rules.default(pod) is pod


def test_the_given_object_is_never_changed():
    """Defaults go into a copy."""
    pod = make_pod()
    rules_for("", "Pod").default(pod)

    assert pod == make_pod()


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("nginx:1.27", "IfNotPresent"),
        ("localhost:5000/nginx", "Always"),
        ("nginx@sha256:0123", "IfNotPresent"),
    ],
)
def test_pull_policy_follows_the_tag(image, policy):
    """Only ``latest``, said or meant, is pulled always."""
    spec = defaulted_pod(containers=[{"name": "web", "image": image}])

    assert spec["containers"][0]["imagePullPolicy"] == policy


def test_requests_follow_from_limits_in_pods_but_not_in_templates():
    """A limit without a request is the request; templates stay as they were written."""
    container = {**CONTAINER, "resources": {"limits": {"cpu": 0.5, "memory": "1024Mi"}}}
    canonical = {"cpu": "500m", "memory": "1Gi"}

    pod = defaulted_pod(containers=[container])
    deployment = defaulted(
        "apps", "Deployment", {"template": {"spec": {"containers": [container]}}}
    )

    assert pod["containers"][0]["resources"] == {"limits": canonical, "requests": canonical}
    template = deployment["template"]["spec"]
    assert template["containers"][0]["resources"] == {"limits": canonical}
    assert "enableServiceLinks" not in template


def test_probe_gets_its_numbers():
    """A probe needs only its action."""
    probe = {"httpGet": {"port": 80}}
    spec = defaulted_pod(containers=[{**CONTAINER, "readinessProbe": probe}])

    assert spec["containers"][0]["readinessProbe"] == {
        "failureThreshold": 3,
        "httpGet": {"path": "/", "port": 80, "scheme": "HTTP"},
        "periodSeconds": 10,
        "successThreshold": 1,
        "timeoutSeconds": 1,
    }


def test_volume_sources_get_their_modes():
    """A volume without a source is an empty directory; files are readable."""
    spec = defaulted_pod(
        volumes=[
            {"name": "a"},
            {"name": "b", "configMap": {"name": "c"}},
            {"name": "d", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}},
        ]
    )

    assert spec["volumes"][0] == {"name": "a", "emptyDir": {}}
    assert spec["volumes"][1]["configMap"]["defaultMode"] == 0o644
    projected = spec["volumes"][2]["projected"]
    assert projected["sources"][0]["serviceAccountToken"]["expirationSeconds"] == 3600


def test_deployment_rolls_by_quarters():
    """A Deployment's strategy, history and deadline."""
    spec = defaulted("apps", "Deployment", {})

    assert spec == {
        "progressDeadlineSeconds": 600,
        "replicas": 1,
        "revisionHistoryLimit": 10,
        "strategy": {
            "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
            "type": "RollingUpdate",
        },
    }


def test_recreate_strategy_gets_no_rolling_update():
    """Another strategy stays without numbers it does not use."""
    spec = defaulted("apps", "Deployment", {"strategy": {"type": "Recreate"}})

    assert spec["strategy"] == {"type": "Recreate"}


def test_zero_replicas_stay_zero():
    """Zero is a wish, not a gap."""
    assert defaulted("apps", "Deployment", {"replicas": 0})["replicas"] == 0


def test_service_gets_type_affinity_and_target_ports():
    """A Service with one port."""
    spec = defaulted("", "Service", {"ports": [{"port": 80}]})

    assert spec == {
        "internalTrafficPolicy": "Cluster",
        "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
        "sessionAffinity": "None",
        "type": "ClusterIP",
    }


def test_secret_takes_plain_texts_into_its_data():
    """``stringData`` is written only; the stored Secret has it encoded."""
    secret = {"metadata": {"name": "s", "namespace": "d"}, "stringData": {"a": "b"}}

    stored = rules_for("", "Secret").default(secret)

    assert stored["data"] == {"a": "Yg=="}
    assert stored["type"] == "Opaque"
    assert "stringData" not in stored


def test_network_policy_types_follow_from_its_rules():
    """Egress rules make it a policy for both directions."""
    assert defaulted("networking.k8s.io", "NetworkPolicy", {})["policyTypes"] == ["Ingress"]
    both = defaulted("networking.k8s.io", "NetworkPolicy", {"egress": [{}]})
    assert both["policyTypes"] == ["Ingress", "Egress"]


def test_job_runs_once_unless_told_otherwise():
    """A Job's completions, parallelism and back-off."""
    spec = defaulted("batch", "Job", {})

    assert (spec["completions"], spec["parallelism"], spec["backoffLimit"]) == (1, 1, 6)
    assert "completions" not in defaulted("batch", "Job", {"parallelism": 3})


def test_new_job_selects_its_pods_by_its_uid():
    """The selector and the template's labels carry the Job's UID."""
    rules = rules_for("batch", "Job")
    metadata = {"name": "pi", "namespace": "default", "uid": "u-1"}
    job = rules.prepare_for_create(rules.default({"metadata": metadata, "spec": {"template": {}}}))

    key = "batch.kubernetes.io/controller-uid"
    assert job["spec"]["selector"]["matchLabels"] == {key: "u-1"}
    labels = job["spec"]["template"]["metadata"]["labels"]
    assert labels["job-name"] == "pi"
    assert labels[key] == "u-1"


def test_limit_range_defaults_follow_from_its_bounds():
    """The greatest amount is the default limit and request."""
    limit = {"type": "Container", "max": {"cpu": "1"}, "min": {"cpu": "100m"}}

    spec = defaulted("", "LimitRange", {"limits": [limit]})

    assert spec["limits"][0]["default"] == {"cpu": "1"}
    assert spec["limits"][0]["defaultRequest"] == {"cpu": "1"}
