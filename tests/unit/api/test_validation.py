"""What the API server refuses, in upstream's words."""

from __future__ import annotations

from typing import Any

import pytest

from webapp.api.kinds import rules_for

LABEL_TEXT = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must "
    "start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for "
    "validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)


def make(spec: dict[str, Any], name: str = "web", **fields: Any) -> dict[str, Any]:
    """An object in the namespace default."""
    metadata = {"name": name, "namespace": "default", "uid": "u", "resourceVersion": "1"}
    return {"metadata": metadata, "spec": spec, **fields}


def problems_of(kind: str, obj: dict[str, Any], group: str = "") -> list[str]:
    """All that is wrong with an object, once defaulted."""
    rules = rules_for(group, kind)
    return [str(error) for error in rules.validate(rules.default(obj))]


def container(**fields: Any) -> dict[str, Any]:
    """A container named c."""
    return {"name": "c", "image": "nginx", **fields}


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        pytest.param({}, "spec.containers: Required value", id="no containers"),
        pytest.param(
            {"containers": [{"name": "c"}]},
            "spec.containers[0].image: Required value",
            id="no image",
        ),
        pytest.param(
            {"containers": [{"image": "nginx"}]},
            "spec.containers[0].name: Required value",
            id="no name",
        ),
        pytest.param(
            {"containers": [{"name": "My_App", "image": "nginx"}]},
            f'spec.containers[0].name: Invalid value: "My_App": {LABEL_TEXT}',
            id="name is no label",
        ),
        pytest.param(
            {"containers": [container(), container()]},
            'spec.containers[1].name: Duplicate value: "c"',
            id="same name twice",
        ),
        pytest.param(
            {"containers": [container()], "restartPolicy": "Sometimes"},
            'spec.restartPolicy: Unsupported value: "Sometimes": '
            'supported values: "Always", "Never", "OnFailure"',
            id="unknown restart policy",
        ),
        pytest.param(
            {"containers": [container(volumeMounts=[{"name": "x", "mountPath": "/x"}])]},
            'spec.containers[0].volumeMounts[0].name: Not found: "x"',
            id="mount without volume",
        ),
        pytest.param(
            {"containers": [container(ports=[{"containerPort": 70000}])]},
            "spec.containers[0].ports[0].containerPort: Invalid value: 70000: "
            "must be between 1 and 65535, inclusive",
            id="port out of range",
        ),
        pytest.param(
            {
                "containers": [
                    container(resources={"limits": {"cpu": "1"}, "requests": {"cpu": "2"}})
                ]
            },
            'spec.containers[0].resources.requests: Invalid value: "2": '
            "must be less than or equal to cpu limit of 1",
            id="request above limit",
        ),
        pytest.param(
            {"containers": [container(resources={"requests": {"cpus": "1"}})]},
            'spec.containers[0].resources.requests[cpus]: Invalid value: "cpus": '
            "must be a standard resource for containers",
            id="unknown resource",
        ),
        pytest.param(
            {"containers": [container(resources={"requests": {"cpu": "-1"}})]},
            'spec.containers[0].resources.requests[cpu]: Invalid value: "-1": '
            "must be greater than or equal to 0",
            id="negative request",
        ),
        pytest.param(
            {"containers": [container(livenessProbe={"periodSeconds": 5})]},
            "spec.containers[0].livenessProbe: Required value: must specify a handler type",
            id="probe without action",
        ),
        pytest.param(
            {"containers": [container(env=[{"name": "A=B", "value": "x"}])]},
            'spec.containers[0].env[0].name: Invalid value: "A=B": a valid environment variable '
            "name must consist only of printable ASCII characters other than '='",
            id="environment variable name",
        ),
        pytest.param(
            {"containers": [container()], "volumes": [{"name": "v", "secret": {}}]},
            "spec.volumes[0].secret.secretName: Required value",
            id="secret volume without name",
        ),
        pytest.param(
            {
                "containers": [container()],
                "initContainers": [container(name="i", livenessProbe={})],
            },
            "spec.initContainers[0].livenessProbe: Forbidden: "
            "may not be set for init containers without restartPolicy=Always",
            id="probe on init container",
        ),
        pytest.param(
            {"containers": [container()], "tolerations": [{"operator": "Equal"}]},
            'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when '
            '`key` is empty, which means "match all values and all keys"',
            id="toleration without key",
        ),
        pytest.param(
            {"containers": [container()], "activeDeadlineSeconds": 0},
            "spec.activeDeadlineSeconds: Invalid value: 0: "
            "must be between 1 and 2147483647, inclusive",
            id="no time at all",
        ),
        pytest.param(
            {
                "containers": [
                    container(ports=[{"containerPort": 80, "hostPort": 80}]),
                    container(name="d", ports=[{"containerPort": 81, "hostPort": 80}]),
                ]
            },
            'spec.containers[1].ports[0].hostPort: Duplicate value: "TCP//80"',
            id="host port twice",
        ),
    ],
)
def test_pod_is_refused(spec, problem):
    """Each mistake in a Pod has upstream's message, and only that one."""
    assert problems_of("Pod", make(spec)) == [problem]


def test_sidecar_may_have_probes():
    """An init container that keeps running is like any other container."""
    probe = {"httpGet": {"port": 80}}
    sidecar = container(name="s", restartPolicy="Always", startupProbe=probe)

    assert (
        problems_of("Pod", make({"containers": [container()], "initContainers": [sidecar]})) == []
    )


def changed_pod(**changes: Any) -> list[str]:
    """What is wrong with changing a stored Pod's spec."""
    rules = rules_for("", "Pod")
    old = rules.default(make({"containers": [container()]}))
    new = {**old, "spec": {**old["spec"], **changes}}
    return [str(error) for error in rules.validate_update(new, old)]


def test_pod_may_change_its_image():
    """The image is one of the few things that may change."""
    rules = rules_for("", "Pod")
    spec = rules.default(make({"containers": [container(image="nginx:1.28")]}))["spec"]

    spec["containers"][0]["imagePullPolicy"] = "Always"
    assert changed_pod(containers=spec["containers"]) == []


def test_pod_must_not_change_anything_else():
    """The refusal lists what may change, then what was tried."""
    assert changed_pod(hostNetwork=True) == [
        "spec: Forbidden: pod updates may not change fields other than "
        "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
        "`spec.tolerations` (only additions to existing tolerations),"
        "`spec.terminationGracePeriodSeconds` "
        "(allow it to be set to 1 if it was previously negative)\n+ spec.hostNetwork: true"
    ]


def test_pod_must_not_lose_containers():
    """Containers neither come nor go."""
    assert changed_pod(containers=[]) == [
        "spec.containers: Required value",
        "spec.containers: Forbidden: pod updates may not add or remove containers",
    ]


def test_pod_may_gain_tolerations():
    """Tolerations may be added."""
    assert changed_pod(tolerations=[{"operator": "Exists"}]) == []


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        pytest.param({}, "spec.ports: Required value", id="no ports"),
        pytest.param(
            {"ports": [{"port": 80}, {"port": 81, "name": "b"}]},
            "spec.ports[0].name: Required value",
            id="unnamed among several",
        ),
        pytest.param(
            {"ports": [{"port": 80, "nodePort": 30000}]},
            "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
            id="node port without the type",
        ),
        pytest.param(
            {"type": "ExternalName"}, "spec.externalName: Required value", id="external name"
        ),
        pytest.param(
            {"type": "Cluster", "ports": [{"port": 80}]},
            'spec.type: Unsupported value: "Cluster": supported values: '
            '"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
            id="unknown type",
        ),
    ],
)
def test_service_is_refused(spec, problem):
    """Each mistake in a Service has upstream's message."""
    assert problems_of("Service", make(spec)) == [problem]


def test_service_keeps_its_address():
    """A ClusterIP never changes."""
    rules = rules_for("", "Service")
    spec = {"ports": [{"port": 80}], "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"]}
    old = rules.default(make(spec))
    moved = {**old["spec"], "clusterIP": "10.0.0.2", "clusterIPs": ["10.0.0.2"]}

    errors = rules.validate_update({**old, "spec": moved}, old)

    assert [str(error) for error in errors] == [
        'spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set'
    ]


def deployment(**changes: Any) -> dict[str, Any]:
    """A Deployment of one container."""
    spec = {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [container()]},
        },
    }
    return make({**spec, **changes})


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        pytest.param({"selector": None}, "spec.selector: Required value", id="no selector"),
        pytest.param(
            {"selector": {"matchLabels": {"app": "other"}}},
            'spec.template.metadata.labels: Invalid value: {"app":"web"}: '
            "`selector` does not match template `labels`",
            id="selector misses the template",
        ),
        pytest.param(
            {"selector": {}},
            "spec.selector: Invalid value: {}: empty selector is invalid for deployment",
            id="empty selector",
        ),
        pytest.param(
            {"replicas": -1},
            "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
            id="negative replicas",
        ),
        pytest.param(
            {"strategy": {"type": "Recreate", "rollingUpdate": {}}},
            "spec.strategy.rollingUpdate: Forbidden: "
            "may not be specified when strategy `type` is 'Recreate'",
            id="recreate and rolling",
        ),
        pytest.param(
            {"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}},
            "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: "
            "may not be 0 when `maxSurge` is 0",
            id="nothing may move",
        ),
    ],
)
def test_deployment_is_refused(changes, problem):
    """Each mistake in a Deployment has upstream's message."""
    assert problems_of("Deployment", deployment(**changes), "apps") == [problem]


def test_deployment_keeps_its_selector():
    """Which Pods belong to a Deployment never changes."""
    rules = rules_for("apps", "Deployment")
    old = rules.default(deployment())
    selector = {"matchLabels": {"app": "web", "more": "x"}}

    errors = rules.validate_update({**old, "spec": {**old["spec"], "selector": selector}}, old)

    assert str(errors[-1]) == (
        'spec.selector: Invalid value: {"matchLabels":{"app":"web","more":"x"}}: field is immutable'
    )


def test_job_must_not_restart_always():
    """A Job's Pods end."""
    job = make({"template": {"spec": {"containers": [container()]}}})

    assert problems_of("Job", job, "batch") == [
        'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'
    ]


def test_cron_job_needs_five_fields():
    """A schedule has minute, hour, day, month and weekday."""
    template = {
        "spec": {"template": {"spec": {"containers": [container()], "restartPolicy": "Never"}}}
    }

    assert problems_of("CronJob", make({"schedule": "* *", "jobTemplate": template}), "batch") == [
        'spec.schedule: Invalid value: "* *": expected exactly 5 fields, found 2: [* *]'
    ]


def test_config_map_keys_and_size_are_checked():
    """Keys are file names; all values together stay below a mebibyte."""
    config_map = make({}, data={"a/b": ""})
    large = make({}, data={"a": "x" * (1024 * 1024 + 1)})

    assert problems_of("ConfigMap", config_map) == [
        'data[a/b]: Invalid value: "a/b": a valid config key must consist of alphanumeric '
        "characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used "
        "for validation is '[-._a-zA-Z0-9]+')"
    ]
    assert problems_of("ConfigMap", large) == [": Too long: may not be more than 1048576 bytes"]


def test_frozen_config_map_stays():
    """Nothing of it changes, not even that it is frozen."""
    rules = rules_for("", "ConfigMap")
    old = make({}, data={"a": "b"}, immutable=True)

    errors = rules.validate_update({**old, "data": {}, "immutable": False}, old)

    assert [str(error) for error in errors] == [
        "immutable: Forbidden: field is immutable when `immutable` is set",
        "data: Forbidden: field is immutable when `immutable` is set",
    ]


def test_tls_secret_needs_certificate_and_key():
    """A Secret's type names the keys it must have."""
    secret = make({}, type="kubernetes.io/tls")

    assert problems_of("Secret", secret) == [
        "data[tls.crt]: Required value",
        "data[tls.key]: Required value",
    ]


def test_role_binding_keeps_its_role():
    """What a binding grants never changes."""
    rules = rules_for("rbac.authorization.k8s.io", "RoleBinding")
    old = rules.default(make({}, roleRef={"kind": "Role", "name": "a"}))
    new = rules.default(make({}, roleRef={"kind": "Role", "name": "b"}))

    errors = [str(error) for error in rules.validate_update(new, old)]

    assert errors[0].endswith(": cannot change roleRef")


@pytest.mark.parametrize(
    ("group", "kind", "name", "is_fine"),
    [
        ("", "Pod", "web.example.com", True),
        ("", "Pod", "Web", False),
        ("", "Service", "1web", False),
        ("", "Namespace", "a.b", False),
        ("rbac.authorization.k8s.io", "ClusterRole", "system:Node", True),
        ("rbac.authorization.k8s.io", "ClusterRole", "a/b", False),
    ],
)
def test_names_follow_their_kinds_rule(group, kind, name, is_fine):
    """Subdomains, labels, RFC 1035 labels and path segments."""
    rules = rules_for(group, kind)

    assert (not rules.name_rule(name, False)) is is_fine


def test_metadata_is_checked_for_every_kind():
    """Names, namespaces, labels and owners of whatever object."""
    metadata = {
        "generateName": "x-",
        "labels": {"a b": "c"},
        "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p"}],
    }

    errors = [
        str(error)
        for error in rules_for("coordination.k8s.io", "Lease").validate({"metadata": metadata})
    ]

    assert errors[0] == "metadata.name: Required value: name or generateName is required"
    assert errors[1] == "metadata.namespace: Required value"
    assert errors[2].startswith('metadata.labels: Invalid value: "a b": name part must consist of')
    assert errors[3] == "metadata.ownerReferences[0].uid: Required value: must not be empty"


def test_identity_never_changes():
    """An object's UID stays."""
    rules = rules_for("", "ConfigMap")
    old = make({})
    new = {**old, "metadata": {**old["metadata"], "uid": "other"}}

    errors = rules.validate_update(new, old)

    assert [str(error) for error in errors] == [
        'metadata.uid: Invalid value: "other": field is immutable'
    ]
