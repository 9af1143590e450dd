"""Tasks: ConfigMaps and Secrets in variables and volumes, the downward API, commands and arguments."""

from __future__ import annotations

import pytest

from tests.scenario.docs_pages.hands import (
    container,
    data,
    events,
    execute,
    log,
    mount,
    pod,
    run,
    sh,
    status,
)


def once(world, name, script, *objects, volumes=None, **fields):
    """Run a script once and give what it printed."""
    spec = {"volumes": volumes} if volumes else {}
    run(world, *objects, pod(name, sh(script, **fields), restartPolicy="Never", **spec))
    return log(world, name)


def test_single_keys_become_variables_that_commands_may_use(world):
    """``$(NAME)`` is filled in before the shell sees it."""
    env = [
        {"name": "LEVEL", "valueFrom": {"configMapKeyRef": {"name": "special", "key": "how"}}},
        {"name": "KIND", "valueFrom": {"configMapKeyRef": {"name": "special", "key": "type"}}},
    ]
    special = data("ConfigMap", "special", how="very", type="charm")

    assert once(world, "keys", "echo $(LEVEL) $(KIND)", special, env=env) == "very charm\n"


def test_a_whole_config_map_becomes_variables(world):
    """envFrom, with a prefix for a Secret's."""
    sources = [{"configMapRef": {"name": "all"}}, {"prefix": "S_", "secretRef": {"name": "more"}}]
    text = once(
        world,
        "env",
        "env | grep -E '^(LEVEL|S_)' | sort",
        data("ConfigMap", "all", LEVEL="very"),
        data("Secret", "more", USER="me"),
        envFrom=sources,
    )

    assert text == "LEVEL=very\nS_USER=me\n"


def test_keys_become_files_with_paths_and_modes(world):
    """items and defaultMode; the directory shows links."""
    volumes = [
        {
            "name": "v",
            "configMap": {
                "name": "v",
                "defaultMode": 0o400,
                "items": [{"key": "a", "path": "deep/keys"}],
            },
        }
    ]
    text = once(
        world,
        "files",
        "ls /etc/v; cat /etc/v/deep/keys; ls -l /etc/v/deep/",
        data("ConfigMap", "v", a="1\n", b="2"),
        volumes=volumes,
        volumeMounts=[mount("v", "/etc/v")],
    ).splitlines()

    assert text[:2] == ["deep", "1"]
    assert text[-1].startswith("-r--------")


def test_a_changed_config_map_reaches_its_files_but_not_variables_or_sub_paths(world):
    """After the kubelet's sync period and its cache's time."""
    script = "while true; do echo $(cat /v/k) $K $(cat /one); sleep 10; done"
    env = [{"name": "K", "valueFrom": {"configMapKeyRef": {"name": "v", "key": "k"}}}]
    mounts = [mount("v", "/v"), mount("v", "/one", subPath="k")]
    volumes = [{"name": "v", "configMap": {"name": "v"}}]
    run(
        world,
        data("ConfigMap", "v", k="old"),
        pod("live", sh(script, env=env, volumeMounts=mounts), volumes=volumes),
    )
    world.patch("ConfigMap", "v", {"data": {"k": "new"}})
    world.run_for(seconds=150)

    lines = log(world, "live").splitlines()
    assert (lines[0], lines[-1]) == ("old old old", "new old old")
    assert 2 <= lines.index("new old old") <= 13


def test_what_is_optional_may_be_missing(world):
    """No variable, and an empty directory."""
    env = [
        {
            "name": "K",
            "valueFrom": {"configMapKeyRef": {"name": "no", "key": "k", "optional": True}},
        }
    ]
    volumes = [{"name": "v", "configMap": {"name": "no", "optional": True}}]
    text = once(
        world, "calm", "echo [$K]; ls /v", env=env, volumes=volumes, volumeMounts=[mount("v", "/v")]
    )

    assert text == "[]\n"


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        ({"configMapKeyRef": {"name": "none", "key": "k"}}, 'configmap "none" not found'),
        ({"secretKeyRef": {"name": "none", "key": "k"}}, 'secret "none" not found'),
        (
            {"configMapKeyRef": {"name": "some", "key": "k"}},
            "couldn't find key k in ConfigMap default/some",
        ),
    ],
)
def test_a_missing_key_keeps_the_container_from_being_made(world, ref, message):
    """CreateContainerConfigError, until it is there."""
    env = [{"name": "K", "valueFrom": ref}]
    run(world, data("ConfigMap", "some", a="b"), pod("stuck", sh("sleep 1d", env=env)), seconds=30)

    waiting = container(world, "stuck")["state"]["waiting"]
    assert (waiting["reason"], waiting["message"]) == ("CreateContainerConfigError", message)
    assert f"Error: {message}" in events(world, "stuck", "Failed")
    assert status(world, "stuck")["phase"] == "Pending"


def test_a_missing_config_map_keeps_the_volume_from_being_mounted(world):
    """FailedMount, and it goes on once somebody makes it."""
    volumes = [{"name": "v", "configMap": {"name": "late"}}]
    run(
        world,
        pod(
            "wait",
            sh("cat /v/k", volumeMounts=[mount("v", "/v")]),
            volumes=volumes,
            restartPolicy="Never",
        ),
        seconds=5,
    )
    assert (
        events(world, "wait", "FailedMount")[0]
        == 'MountVolume.SetUp failed for volume "v" : configmap "late" not found'
    )

    run(world, data("ConfigMap", "late", k="here\n"), seconds=130)
    assert log(world, "wait") == "here\n"


def test_a_missing_key_of_a_volume_is_said_too(world):
    """Only keys that exist can be named by items."""
    volumes = [{"name": "v", "configMap": {"name": "v", "items": [{"key": "no", "path": "p"}]}}]
    run(
        world,
        data("ConfigMap", "v", k="x"),
        pod("p", sh("true", volumeMounts=[mount("v", "/v")]), volumes=volumes),
        seconds=5,
    )

    assert events(world, "p", "FailedMount")[0] == (
        'MountVolume.SetUp failed for volume "v" : configmap references non-existent config key: no'
    )


def test_a_secret_is_kept_in_files(world):
    """The documentation's user name and password."""
    volumes = [{"name": "s", "secret": {"secretName": "test-secret"}}]
    nginx = {
        "name": "c",
        "image": "nginx",
        "volumeMounts": [mount("s", "/etc/secret-volume", readOnly=True)],
    }
    run(
        world,
        data("Secret", "test-secret", username="my-app", password="39528$vdg7Jb"),
        pod("s", nginx, volumes=volumes),
    )

    assert execute(world, "s", "ls /etc/secret-volume") == "password\nusername\n"
    assert execute(world, "s", "cat /etc/secret-volume/password") == "39528$vdg7Jb"
    assert "Read-only file system" in execute(world, "s", "echo x > /etc/secret-volume/username")


def test_command_and_arguments_replace_the_images_own(world):
    """printenv with two names."""
    words = {
        "name": "c",
        "image": "debian",
        "command": ["printenv"],
        "args": ["HOSTNAME", "KUBERNETES_PORT"],
    }
    run(world, pod("command-demo", words, restartPolicy="OnFailure"))

    assert log(world, "command-demo") == "command-demo\ntcp://10.96.0.1:443\n"
    assert status(world, "command-demo")["phase"] == "Succeeded"


def test_variables_may_use_those_before_them(world):
    """A later one stays as it is written; two dollars escape."""
    env = [
        {"name": "PORT", "value": "80"},
        {"name": "IP", "value": "172.17.0.1"},
        {"name": "UNCHANGED", "value": "$(PROTOCOL)://$(IP):$(PORT)"},
        {"name": "PROTOCOL", "value": "https"},
        {"name": "ADDRESS", "value": "$(PROTOCOL)://$(IP):$(PORT)"},
        {"name": "ESCAPED", "value": "$$(PROTOCOL)://$(IP):$(PORT)"},
    ]
    text = once(
        world,
        "env",
        "printenv UNCHANGED ADDRESS ESCAPED || for v in UNCHANGED ADDRESS ESCAPED; do printenv $v; done",
        env=env,
    )

    assert text.split() == [
        "$(PROTOCOL)://172.17.0.1:80",
        "https://172.17.0.1:80",
        "$(PROTOCOL)://172.17.0.1:80",
    ]


def test_fields_of_the_pod_become_variables(world):
    """Name, namespace, node, addresses, account, and a container's resources."""

    def field(name, path):
        return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}

    def resource(name, path, **more):
        return {"name": name, "valueFrom": {"resourceFieldRef": {"resource": path, **more}}}

    env = [
        field("A", "spec.nodeName"),
        field("B", "metadata.namespace"),
        field("C", "status.podIP"),
        field("D", "spec.serviceAccountName"),
        field("E", "metadata.labels['app']"),
        field("I", "status.hostIP"),
        resource("F", "requests.cpu"),
        resource("G", "limits.cpu", divisor="1m"),
        resource("H", "requests.memory"),
        resource("J", "limits.memory", containerName="c", divisor="1Mi"),
        resource("K", "limits.ephemeral-storage"),
    ]
    wish = {
        "requests": {"memory": "32Mi", "cpu": "125m"},
        "limits": {"memory": "64Mi", "cpu": "250m"},
    }
    text = once(world, "d", "echo $A $B $C $D $E $F $G $H $J", env=env, resources=wish)

    found = world.get("Pod", "d")
    assert text.split() == [
        found["spec"]["nodeName"],
        "default",
        found["status"]["podIP"],
        "default",
        "d",
        "1",
        "250",
        "33554432",
        "64",
    ]


def test_without_a_limit_the_nodes_room_is_told(world):
    """limits.cpu and limits.memory of a container without them are the Node's."""
    env = [{"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}]
    node = world.get("Node", "worker-1")["status"]["allocatable"]["cpu"]

    assert once(world, "free", "echo $CPU", env=env) == f"{node}\n"


def test_labels_and_annotations_are_files_that_follow(world):
    """The downward API's volume is refreshed after a change."""
    items = [
        {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}},
        {"path": "annotations", "fieldRef": {"fieldPath": "metadata.annotations"}},
        {
            "path": "mem",
            "resourceFieldRef": {
                "containerName": "c",
                "resource": "requests.memory",
                "divisor": "1Mi",
            },
        },
    ]
    script = "while true; do if [[ -e /etc/podinfo/labels ]]; then echo -en '\\n\\n'; cat /etc/podinfo/labels; fi; sleep 5; done;"
    reader = sh(
        script,
        resources={"requests": {"memory": "32Mi"}},
        volumeMounts=[mount("podinfo", "/etc/podinfo")],
    )
    run(world, pod("info", reader, volumes=[{"name": "podinfo", "downwardAPI": {"items": items}}]))
    world.patch("Pod", "info", {"metadata": {"labels": {"zone": "us-est-coast"}}})
    world.run_for(seconds=150)

    assert log(world, "info").startswith('\n\napp="info"')
    assert 'app="info"\nzone="us-est-coast"\n' in log(world, "info")
    assert execute(world, "info", "cat /etc/podinfo/mem; ls -l /etc/podinfo").startswith("32")


def test_variables_may_come_from_a_file_that_an_init_container_wrote(world):
    """fileKeyRef: the container itself does not mount the volume."""
    setup = sh(
        "echo \"DB_ADDRESS='address'\nREST_ENDPOINT='endpoint'\" > /data/config.env",
        "setup",
        volumeMounts=[mount("config", "/data")],
    )
    ref = {"path": "config.env", "volumeName": "config", "key": "DB_ADDRESS", "optional": False}
    use = sh("env | grep DB_", env=[{"name": "DB_ADDRESS", "valueFrom": {"fileKeyRef": ref}}])
    volumes = [{"name": "config", "emptyDir": {}}]
    run(
        world,
        pod("envfile", use, initContainers=[setup], volumes=volumes, restartPolicy="Never"),
        seconds=5,
    )

    assert log(world, "envfile") == "DB_ADDRESS=address\n"
