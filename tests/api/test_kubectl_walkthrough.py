"""The walk-through: what a presenter types, with kubectl of several versions against one server."""

from __future__ import annotations

import pytest

from tests.api.conftest import eventually
from tests.api.manifests import DEPLOYMENT_AND_SERVICE, POD, TALKER

pytestmark = pytest.mark.api


def phase(kubectl, name):
    return kubectl.json("get", "pod", name)["status"].get("phase")


def test_applied_pod_runs_on_a_node_with_an_address(kubectl):
    """apply creates the Pod, a second apply changes nothing, and it comes to run."""
    assert kubectl("apply", "-f", "-", manifest=POD) == "pod/web created\n"
    assert kubectl("apply", "-f", "-", manifest=POD) == "pod/web unchanged\n"

    kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=30s")

    pod = kubectl.json("get", "pod", "web")
    assert pod["status"]["phase"] == "Running"
    assert pod["spec"]["nodeName"].startswith("worker-")
    wide = kubectl("get", "pods", "-o", "wide").splitlines()
    assert wide[0].split()[:6] == ["NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP"]
    assert wide[1].split()[:4] == ["web", "1/1", "Running", "0"]
    assert pod["status"]["podIP"] in wide[1]


def test_get_watch_prints_the_pods_changes(kubectl):
    """``get -w`` shows each change of the Pod as a row of one table."""
    kubectl("apply", "-f", "-", manifest=POD)
    kubectl("wait", "--for=condition=Ready", "pod", "--all", "--timeout=30s")
    watch = kubectl.start("get", "pods", "-w")
    try:
        rows = []
        for line in watch.stdout:
            rows.append(line.split())
            if "Running" in line:
                kubectl("delete", "pod", "--all", "--wait=false")
            if "Terminating" in line:
                break
    finally:
        watch.terminate()
        watch.wait()
        watch.stdout.close()

    assert rows[0][:3] == ["NAME", "READY", "STATUS"]
    assert [row[2] for row in rows[1:3]] == ["Running", "Terminating"]


def test_describe_tells_the_events(kubectl):
    """describe shows conditions, the container, and the events of the Pod's way."""
    # An image of its own, which no Node has pulled yet.
    kubectl("apply", "-f", "-", manifest=POD.replace("nginx:1.27", f"{kubectl.namespace}:1.0"))
    kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=30s")

    text = kubectl("describe", "pod", "web")

    assert "Successfully assigned" in text
    for reason in ("Scheduled", "Pulling", "Pulled", "Created", "Started"):
        assert reason in text
    assert "Ready             True" in text or "Ready                       True" in text


def test_describe_knows_nodes_services_and_deployments(kubectl):
    """describe works for what a presenter shows besides Pods."""
    kubectl("apply", "-f", "-", manifest=DEPLOYMENT_AND_SERVICE)
    kubectl("rollout", "status", "deployment/web", "--timeout=30s")

    assert "Ready" in kubectl("describe", "node", "worker-1")
    assert "Endpoints:" in kubectl("describe", "service", "web")
    deployment = kubectl("describe", "deployment", "web")
    assert "3 desired | 3 updated | 3 total | 3 available | 0 unavailable" in deployment


def test_deployment_scales_updates_and_rolls_back(kubectl):
    """scale, set image, rollout status, history and undo, as in every workshop."""
    kubectl("apply", "-f", "-", manifest=DEPLOYMENT_AND_SERVICE)
    assert "successfully rolled out" in kubectl(
        "rollout", "status", "deployment/web", "--timeout=30s"
    )

    assert kubectl("scale", "deployment/web", "--replicas=5") == "deployment.apps/web scaled\n"
    kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    assert kubectl.json("get", "deployment", "web")["status"]["readyReplicas"] == 5

    kubectl("set", "image", "deployment/web", "nginx=nginx:1.28")
    kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    history = kubectl("rollout", "history", "deployment/web").splitlines()
    assert [line.split()[0] for line in history[2:] if line] == ["1", "2"]

    assert "rolled back" in kubectl("rollout", "undo", "deployment/web")
    kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    deployment = kubectl.json("get", "deployment", "web")
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == "nginx:1.27"


def test_service_has_the_ready_pods_as_endpoints(kubectl):
    """A Service gets an address and an endpoint for each ready Pod."""
    kubectl("apply", "-f", "-", manifest=DEPLOYMENT_AND_SERVICE)
    kubectl("rollout", "status", "deployment/web", "--timeout=30s")

    def ready_endpoints():
        slices = kubectl.json("get", "endpointslices", "-l", "kubernetes.io/service-name=web")
        endpoints = [e for item in slices["items"] for e in item["endpoints"] or ()]
        return sorted(e["addresses"][0] for e in endpoints if e["conditions"]["ready"])

    pods = kubectl.json("get", "pods", "-l", "app=web")["items"]
    expected = sorted(pod["status"]["podIP"] for pod in pods)
    assert eventually(lambda: ready_endpoints() == expected)
    assert kubectl.json("get", "service", "web")["spec"]["clusterIP"].startswith("10.")


def test_logs_show_what_the_container_printed(kubectl):
    """logs of a finished container, and of one by its Deployment's name."""
    kubectl("apply", "-f", "-", manifest=TALKER)
    eventually(lambda: phase(kubectl, "talker") == "Succeeded")

    assert kubectl("logs", "talker") == "hello from the tank\n"


def test_deleted_pod_is_gone(kubectl):
    """delete waits until the Pod has ended."""
    kubectl("apply", "-f", "-", manifest=POD)
    kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=30s")

    assert 'pod "web" deleted' in kubectl("delete", "pod", "web")

    missing = kubectl.run("get", "pod", "web")
    assert missing.code == 1
    assert missing.err == 'Error from server (NotFound): pods "web" not found\n'


def test_explain_prints_fields_and_enumerations(kubectl):
    """explain reads OpenAPI: a field with its values, and a whole kind."""
    field = kubectl("explain", "pod.spec.restartPolicy")
    assert "ENUM" in field
    assert "OnFailure" in field

    tree = kubectl("explain", "pod", "--recursive")
    assert "imagePullPolicy" in tree
    assert "topologySpreadConstraints" in tree
    assert "desiredReplicas" not in tree
    assert "speed" in kubectl("explain", "clock.spec")


def test_api_resources_list_short_names_and_groups(kubectl):
    """api-resources comes from discovery."""
    listed = kubectl("api-resources", "--no-headers").splitlines()
    by_name = {line.split()[0]: line for line in listed if "metrics.k8s.io" not in line}

    assert by_name["pods"].split() == ["pods", "po", "v1", "true", "Pod"]
    assert by_name["deployments"].split() == [
        "deployments",
        "deploy",
        "apps/v1",
        "true",
        "Deployment",
    ]
    assert "clocks" in by_name
    assert "apps/v1" in kubectl("api-versions").splitlines()


def test_admin_may_do_everything(kubectl):
    """auth can-i answers yes for the local admin, and no for a user without roles."""
    assert kubectl("auth", "can-i", "create", "pods") == "yes\n"

    refused = kubectl.run("auth", "can-i", "create", "pods", "--as", "ada")
    assert (refused.code, refused.out) == (1, "no\n")


def test_user_without_roles_is_forbidden_in_kubernetes_words(kubectl):
    """RBAC judges who is impersonated."""
    refused = kubectl.run("get", "pods", "--as", "ada")

    assert refused.code == 1
    assert refused.err == (
        'Error from server (Forbidden): pods is forbidden: User "ada" cannot list resource "pods"'
        f' in API group "" in the namespace "{kubectl.namespace}"\n'
    )


def test_server_side_apply_conflicts_are_told(kubectl):
    """Two managers of one field: the second is told who owns it, and may force."""
    first = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: one}\n"
    second = first.replace("one", "two")
    kubectl("apply", "--server-side", "--field-manager=ada", "-f", "-", manifest=first)

    conflict = kubectl.run(
        "apply", "--server-side", "--field-manager=bob", "-f", "-", manifest=second
    )
    assert 'conflict with "ada": .data.a' in conflict.err

    kubectl(
        "apply",
        "--server-side",
        "--field-manager=bob",
        "--force-conflicts",
        "-f",
        "-",
        manifest=second,
    )
    assert kubectl.json("get", "configmap", "c")["data"] == {"a": "two"}


def test_typed_create_commands_work(kubectl):
    """create deployment, configmap and secret send protobuf from 1.32 on."""
    kubectl("create", "configmap", "c", "--from-literal=a=b")
    kubectl("create", "secret", "generic", "s", "--from-literal=password=geheim")
    kubectl("create", "deployment", "d", "--image=nginx", "--replicas=2")
    kubectl("rollout", "status", "deployment/d", "--timeout=30s")

    assert kubectl.json("get", "configmap", "c")["data"] == {"a": "b"}
    assert kubectl.json("get", "secret", "s")["data"] == {"password": "Z2VoZWlt"}
    kubectl("expose", "deployment", "d", "--port=80")
    assert kubectl.json("get", "service", "d")["spec"]["selector"] == {"app": "d"}


def test_label_annotate_and_patch(kubectl):
    """The small edits."""
    kubectl("apply", "-f", "-", manifest=POD)
    kubectl("label", "pod", "web", "tier=front")
    kubectl("annotate", "pod", "web", "note=seen")
    kubectl(
        "patch",
        "pod",
        "web",
        "--type=json",
        "-p",
        '[{"op":"remove","path":"/metadata/labels/tier"}]',
    )

    metadata = kubectl.json("get", "pod", "web")["metadata"]
    assert metadata["labels"] == {"app": "web"}
    assert metadata["annotations"]["note"] == "seen"


def test_diff_and_dry_run_change_nothing(kubectl):
    """A dry run on the server answers like the real thing and stores nothing."""
    printed = kubectl("apply", "--dry-run=server", "-f", "-", manifest=POD)
    assert printed == "pod/web created (server dry run)\n"
    assert kubectl.run("get", "pod", "web").code == 1


def test_nodes_are_ready(kubectl):
    """The three Nodes joined before anybody asked."""
    rows = [line.split() for line in kubectl("get", "nodes", "--no-headers").splitlines()]
    assert [(row[0], row[1]) for row in rows] == [(f"worker-{n}", "Ready") for n in (1, 2, 3)]


def test_cordoned_node_gets_no_pods(kubectl):
    """cordon shows in the node's status; uncordon takes it back."""
    kubectl("cordon", "worker-3")
    try:
        assert "Ready,SchedulingDisabled" in kubectl("get", "node", "worker-3")
    finally:
        kubectl("uncordon", "worker-3")


def test_version_names_the_product(kubectl):
    """``kubectl version`` shows which Kubernetes is simulated, and that it is."""
    assert "v1.36.0+podarium" in kubectl("version")
