"""Tasks: security contexts, service accounts, shared process namespaces, Pods placed on Nodes."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode

from tests.scenario.docs_pages.hands import (
    condition,
    container,
    events,
    execute,
    log,
    mount,
    pod,
    run,
    sh,
    status,
)
from webapp.api.resources import NODES, PODS
from webapp.apimachinery.wire import Request


def test_a_pod_names_its_user_and_groups(world):
    """The first page of the task: ps, the volume's directory, a file made in it, id."""
    security = {
        "runAsUser": 1000,
        "runAsGroup": 3000,
        "fsGroup": 2000,
        "supplementalGroups": [4000],
    }
    demo = sh("sleep 1h", volumeMounts=[mount("vol", "/data/demo")])
    volumes = [{"name": "vol", "emptyDir": {}}]
    run(world, pod("demo", demo, securityContext=security, volumes=volumes))

    assert "    1 1000      0:00 sleep 1h" in execute(world, "demo", "ps")
    assert (
        execute(world, "demo", "ls -l /data")
        .splitlines()[1]
        .startswith("drwxrwsrwx    2 root     2000")
    )
    made = execute(world, "demo", "cd /data/demo; echo hello > testfile; ls -l").splitlines()[1]
    assert made.startswith("-rw-r--r--    1 1000     2000             6")
    assert execute(world, "demo", "id") == "uid=1000 gid=3000 groups=2000,3000,4000\n"


def test_a_containers_user_is_stronger_than_its_pods(world):
    """2000 instead of 1000."""
    own = sh("id -u", securityContext={"runAsUser": 2000, "allowPrivilegeEscalation": False})
    run(world, pod("own", own, securityContext={"runAsUser": 1000}, restartPolicy="Never"))

    assert log(world, "own") == "2000\n"


def test_what_belongs_to_root_cannot_be_changed(world):
    """Permission denied, as a C library says it; the shared temporary directory is free."""
    script = "echo x > /etc/passwd; mkdir /opt/a; touch /tmp/mine; rm /etc/hosts; ls /root; cat /etc/shadow2; chown 0 /tmp/mine"
    run(world, pod("plain", sh(script), securityContext={"runAsUser": 1000}, restartPolicy="Never"))

    assert log(world, "plain").splitlines() == [
        "sh: can't create /etc/passwd: Permission denied",
        "mkdir: can't create directory '/opt/a': Permission denied",
        "rm: can't remove '/etc/hosts': Permission denied",
        "ls: can't open '/root': Permission denied",
        "cat: can't open '/etc/shadow2': No such file or directory",
        "chown: /tmp/mine: Operation not permitted",
    ]


def test_a_secret_may_be_for_its_group_only(world):
    """defaultMode 0400 becomes 0440 with an fsGroup, which the container's user is in."""
    world.create(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "s", "namespace": "default"},
            "stringData": {"k": "v"},
        }
    )
    reader = sh("cat /s/k; ls -lL /s/k", volumeMounts=[mount("s", "/s")])
    volumes = [{"name": "s", "secret": {"secretName": "s", "defaultMode": 0o400}}]
    run(
        world,
        pod(
            "in",
            reader,
            volumes=volumes,
            securityContext={"runAsUser": 1000, "fsGroup": 2000},
            restartPolicy="Never",
        ),
    )
    run(
        world,
        pod(
            "out",
            reader,
            volumes=volumes,
            securityContext={"runAsUser": 1000},
            restartPolicy="Never",
        ),
    )

    assert log(world, "in").startswith("v-r--r-----    1 root     2000")
    assert "Permission denied" in log(world, "out")


def test_capabilities_show_in_proc(world):
    """The bits of the task's third and fourth Pod."""
    more = {"capabilities": {"add": ["NET_ADMIN", "SYS_TIME"]}}
    run(
        world,
        pod("three", sh("grep CapPrm /proc/1/status"), restartPolicy="Never"),
        pod("four", sh("grep CapPrm /proc/1/status", securityContext=more), restartPolicy="Never"),
    )

    assert log(world, "three") == "CapPrm:\t00000000a80425fb\n"
    assert log(world, "four") == "CapPrm:\t00000000aa0435fb\n"


def test_a_read_only_root_leaves_volumes_writable(world):
    """readOnlyRootFilesystem."""
    script = "echo x > /file; echo y > /scratch/file; cat /scratch/file"
    locked = sh(
        script,
        securityContext={"readOnlyRootFilesystem": True},
        volumeMounts=[mount("v", "/scratch")],
    )
    run(world, pod("ro", locked, volumes=[{"name": "v", "emptyDir": {}}], restartPolicy="Never"))

    assert log(world, "ro") == "sh: can't create /file: Read-only file system\ny\n"


def test_an_image_that_runs_as_root_is_refused(world):
    """runAsNonRoot is checked before the container is made."""
    run(world, pod("root", {"name": "c", "image": "nginx"}, securityContext={"runAsNonRoot": True}))
    run(
        world,
        pod(
            "named",
            {"name": "c", "image": "curlimages/curl", "args": ["x"]},
            securityContext={"runAsNonRoot": True},
        ),
    )
    run(
        world,
        pod(
            "free",
            {"name": "c", "image": "nginxinc/nginx-unprivileged"},
            securityContext={"runAsNonRoot": True},
        ),
    )

    waiting = container(world, "root")["state"]["waiting"]
    assert waiting["reason"] == "CreateContainerConfigError"
    uid = world.get("Pod", "root")["metadata"]["uid"]
    assert (
        waiting["message"]
        == f'container has runAsNonRoot and image will run as root (pod: "root_default({uid})", container: c)'
    )
    assert (
        "non-numeric user (curl_user)" in container(world, "named")["state"]["waiting"]["message"]
    )
    assert container(world, "free")["ready"] is True


def test_a_pod_reaches_the_api_with_its_accounts_token(world):
    """Token, certificate and namespace are mounted; the token is one that the API server accepts."""
    run(world, pod("asker", sh("sleep 1d")))
    directory = "/var/run/secrets/kubernetes.io/serviceaccount"

    assert execute(world, "asker", f"ls {directory}").split() == ["ca.crt", "namespace", "token"]
    assert execute(world, "asker", f"cat {directory}/namespace") == "default"
    assert execute(world, "asker", f"head -1 {directory}/ca.crt") == "-----BEGIN CERTIFICATE-----\n"
    token = execute(world, "asker", f"cat {directory}/token")
    claims = json.loads(urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["sub"] == "system:serviceaccount:default:default"
    assert claims["kubernetes.io"]["pod"]["name"] == "asker"
    answer = world.cluster.handle(
        Request("GET", "/api/v1/namespaces/default/pods", {}, {"authorization": f"Bearer {token}"})
    )
    assert answer.status_code == 403
    assert 'User "system:serviceaccount:default:default" cannot list resource "pods"' in str(
        answer.body
    )


def test_a_pod_may_do_without_a_token(world):
    """automountServiceAccountToken: false."""
    run(
        world,
        pod(
            "bare",
            sh("ls /var/run/secrets"),
            automountServiceAccountToken=False,
            restartPolicy="Never",
        ),
    )

    assert "No such file" in log(world, "bare")


def test_a_token_for_somebody_else_is_projected(world):
    """The audience is vault's; it lasts two hours."""
    source = {
        "serviceAccountToken": {
            "path": "vault-token",
            "expirationSeconds": 7200,
            "audience": "vault",
        }
    }
    nginx = {
        "name": "nginx",
        "image": "nginx",
        "volumeMounts": [mount("vault", "/var/run/secrets/tokens")],
    }
    run(world, pod("nginx", nginx, volumes=[{"name": "vault", "projected": {"sources": [source]}}]))

    token = execute(world, "nginx", "cat /var/run/secrets/tokens/vault-token")
    claims = json.loads(urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["aud"] == ["vault"]
    assert claims["exp"] - claims["iat"] == 7200
    world.run_for(seconds=7000)
    assert execute(world, "nginx", "cat /var/run/secrets/tokens/vault-token") != token


def test_containers_that_share_processes_see_and_signal_one_another(world):
    """The sandbox is process 1; a shell reloads nginx and reads its files."""
    shell = {
        "name": "shell",
        "image": "busybox:1.28",
        "stdin": True,
        "tty": True,
        "securityContext": {"capabilities": {"add": ["SYS_PTRACE"]}},
    }
    run(world, pod("nginx", {"name": "nginx", "image": "nginx"}, shell, shareProcessNamespace=True))

    rows = [line.split(None, 3) for line in execute(world, "nginx", "ps", "shell").splitlines()[1:]]
    seen = {row[3]: (row[0], row[1]) for row in rows}
    assert seen["/pause"] == ("1", "65535")
    master = seen["nginx: master process nginx -g daemon off;"][0]
    assert seen["nginx: worker process"][1] == "101"
    workers = {row[0] for row in rows if "worker" in row[3]}

    execute(world, "nginx", f"kill -HUP {master}", "shell")
    after = execute(world, "nginx", "ps", "shell").splitlines()
    assert workers.isdisjoint({line.split()[0] for line in after if "worker" in line})
    configuration = execute(
        world, "nginx", f"head /proc/{master}/root/etc/nginx/nginx.conf", "shell"
    )
    assert configuration.startswith("\nuser  nginx;\nworker_processes  auto;")

    execute(world, "nginx", f"kill {master}", "shell")
    world.run_for(seconds=5)
    assert container(world, "nginx", "nginx")["restartCount"] == 1


def test_without_sharing_each_container_is_alone(world):
    """Two shells, each process 1."""
    run(world, pod("alone", sh("sleep 1h", "a"), sh("sleep 2h", "b")))

    assert "sleep 2h" not in execute(world, "alone", "ps", "a")
    assert "1 root      0:00 sleep 1h" in execute(world, "alone", "ps", "a")


def test_a_debugger_sees_the_processes_of_its_target(world):
    """``kubectl debug --target``: an ephemeral container beside one without a shell."""
    run(
        world,
        pod("demo", {"name": "demo", "image": "registry.k8s.io/pause:3.1"}, restartPolicy="Never"),
    )
    found = world.get("Pod", "demo")
    debugger = {
        "name": "debugger",
        "image": "busybox:1.28",
        "stdin": True,
        "tty": True,
        "targetContainerName": "demo",
    }
    spec = {**found["spec"], "ephemeralContainers": [debugger]}
    world.cluster.admin.update(PODS, {**found, "spec": spec}, subresource="ephemeralcontainers")
    world.settle()

    assert container(world, "demo", "debugger")["state"]["running"]
    seen = execute(world, "demo", "ps", "debugger")
    assert "/pause" in seen
    assert "sh" in seen


def test_labels_of_nodes_choose_where_a_pod_runs(world):
    """nodeSelector, required and preferred affinity, and nodeName."""
    world.cluster.admin.patch(NODES, "", "worker-3", {"metadata": {"labels": {"disktype": "ssd"}}})
    nginx = {"name": "nginx", "image": "nginx"}
    terms = [{"matchExpressions": [{"key": "disktype", "operator": "In", "values": ["ssd"]}]}]
    required = {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}
        }
    }
    preferred = {
        "nodeAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [
                {"weight": 1, "preference": terms[0]}
            ]
        }
    }
    run(
        world,
        pod("selected", nginx, nodeSelector={"disktype": "ssd"}),
        pod("required", nginx, affinity=required),
        pod("preferred", nginx, affinity=preferred),
        pod("named", nginx, nodeName="worker-2"),
        pod("nowhere", nginx, nodeSelector={"disktype": "tape"}),
    )

    where = {
        name: world.get("Pod", name)["spec"].get("nodeName")
        for name in ("selected", "required", "preferred", "named")
    }
    assert where == {
        "selected": "worker-3",
        "required": "worker-3",
        "preferred": "worker-3",
        "named": "worker-2",
    }
    assert condition(world, "nowhere", "PodScheduled")["reason"] == "Unschedulable"
    assert (
        "didn't match Pod's node affinity/selector"
        in events(world, "nowhere", "FailedScheduling")[0]
    )
    assert status(world, "nowhere")["phase"] == "Pending"
