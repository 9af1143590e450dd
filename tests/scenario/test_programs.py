"""What containers do, seen through the API of a whole cluster."""

from __future__ import annotations

from typing import Any

from webapp.apimachinery.log_options import LogOptions


def make_pod(name: str, *containers: Any, **spec: Any) -> Any:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "labels": {"app": name}},
        "spec": {"containers": list(containers), **spec},
    }


def sh(script: str, name: str = "c", **fields: Any) -> Any:
    return {"name": name, "image": "busybox", "command": ["sh", "-c", script], **fields}


def make_config_map(name: str, **data: str) -> Any:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "default"},
        "data": data,
    }


def log(world: Any, name: str, container: str = "c") -> str:
    pod = world.get("Pod", name)
    chunks: list[bytes] = []
    answer = world.cluster._machines.container_log(
        pod["spec"]["nodeName"], pod, container, LogOptions()
    )
    answer.subscribe(lambda chunk: chunks.append(chunk) if chunk else None)
    return b"".join(chunks).decode()


def state(world: Any, name: str) -> Any:
    return world.get("Pod", name)["status"]["containerStatuses"][0]["state"]


def last_state(world: Any, name: str) -> Any:
    return world.get("Pod", name)["status"]["containerStatuses"][0]["lastState"]


def test_a_sidecar_writes_what_a_server_serves(world):
    """Two containers share an emptyDir; a third Pod reads the page through a Service."""
    mount = {"name": "html", "mountPath": "/usr/share/nginx/html"}
    writer = sh(
        "while true; do date > /pages/index.html; sleep 1; done",
        "writer",
        volumeMounts=[{"name": "html", "mountPath": "/pages"}],
    )
    server = {"name": "server", "image": "nginx", "volumeMounts": [mount]}
    world.create(make_pod("web", server, writer, volumes=[{"name": "html", "emptyDir": {}}]))
    world.create(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "web", "namespace": "default"},
            "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
        }
    )
    world.settle()
    world.run_for(seconds=3)

    world.create(make_pod("reader", sh("wget -qO- http://web; sleep 2; wget -qO- web.default")))
    world.settle()
    world.run_for(seconds=5)

    first, second = log(world, "reader").splitlines()
    assert first.endswith("UTC 2026")
    assert first < second


def test_an_empty_volume_hides_the_page_that_came_with_the_image(world):
    """nginx has nothing to show until somebody writes."""
    mount = {"name": "html", "mountPath": "/usr/share/nginx/html"}
    server = {"name": "server", "image": "nginx", "volumeMounts": [mount]}
    reader = sh("sleep 5; wget -qO- http://localhost; sleep 1d", "reader")
    world.create(make_pod("web", server, reader, volumes=[{"name": "html", "emptyDir": {}}]))
    world.settle()
    world.run_for(seconds=10)

    assert log(world, "web", "reader") == "wget: server returned error: HTTP/1.1 403 Forbidden\n"


def test_a_file_decides_over_liveness(world):
    """The documentation's exec probe: healthy for 30 s, then restarted."""
    probe = {
        "exec": {"command": ["cat", "/tmp/healthy"]},
        "initialDelaySeconds": 5,
        "periodSeconds": 5,
    }
    script = "touch /tmp/healthy; sleep 30; rm -f /tmp/healthy; sleep 600"
    world.create(make_pod("live", sh(script, livenessProbe=probe)))
    world.settle()

    world.run_for(seconds=20)
    assert not any("Unhealthy" in event for event in world.events("live"))

    world.run_for(seconds=25)
    message = "Liveness probe failed: cat: can't open '/tmp/healthy': No such file or directory"
    assert any(message in event for event in world.events("live"))
    world.run_for(seconds=40)
    status = world.get("Pod", "live")["status"]["containerStatuses"][0]
    assert (status["restartCount"], last_state(world, "live")["terminated"]["exitCode"]) == (1, 137)


def test_a_script_out_of_a_config_map_runs_and_its_values_change(world):
    """Mounted keys are files; a changed ConfigMap is seen after a minute or so."""
    script = "#!/bin/sh\nwhile true; do cat /etc/app/color; echo; sleep 30; done\n"
    world.create(make_config_map("app", color="red", **{"run.sh": script}))
    volume = {"name": "app", "configMap": {"name": "app", "defaultMode": 0o755}}
    container = {
        "name": "c",
        "image": "busybox",
        "command": ["/etc/app/run.sh"],
        "volumeMounts": [{"name": "app", "mountPath": "/etc/app"}],
    }
    world.create(make_pod("runner", container, volumes=[volume]))
    world.settle()
    world.patch("ConfigMap", "app", {"data": {"color": "blue"}})

    world.run_for(seconds=100)

    colors = log(world, "runner").split()
    assert (colors[0], colors[-1]) == ("red", "blue")


def test_a_command_that_is_not_in_the_image_cannot_be_started(world):
    """StartError with 128 and runc's words; the container waits with RunContainerError."""
    world.create(make_pod("typo", {"name": "c", "image": "busybox", "command": ["slep", "1"]}))
    world.settle()

    problem = 'exec: "slep": executable file not found in $PATH: unknown'
    waiting = state(world, "typo")["waiting"]
    ended = last_state(world, "typo")["terminated"]
    assert waiting["reason"] in ("RunContainerError", "CrashLoopBackOff")
    assert (ended["reason"], ended["exitCode"]) == ("StartError", 128)
    assert ended["message"].endswith(problem)


def test_more_memory_than_the_limit_is_an_oom_kill(world):
    """The documentation's memory-demo-2."""
    container = {
        "name": "c",
        "image": "polinux/stress",
        "command": ["stress"],
        "args": ["--vm", "1", "--vm-bytes", "250M", "--vm-hang", "1"],
        "resources": {"limits": {"memory": "100Mi"}, "requests": {"memory": "50Mi"}},
    }
    world.create(make_pod("greedy", container, restartPolicy="Never"))
    world.settle()
    world.run_for(seconds=5)

    ended = state(world, "greedy")["terminated"]
    assert (ended["reason"], ended["exitCode"]) == ("OOMKilled", 137)


def test_a_trap_ends_a_container_early_and_a_plain_shell_waits_for_the_kill(world):
    """With a handler the Pod is gone at once, without one after the grace period."""
    world.create(
        make_pod("polite", sh("trap 'exit 0' TERM; sleep 1d & wait")),
        make_pod("deaf", sh("sleep 1d")),
    )
    world.settle()
    world.delete("Pod", "polite")
    world.delete("Pod", "deaf")

    world.run_for(seconds=5)
    assert world.get("Pod", "polite") is None
    assert world.get("Pod", "deaf") is not None
    world.run_for(seconds=30)
    assert world.get("Pod", "deaf") is None


def test_hooks_run_inside_and_leave_their_files(world):
    """postStart is done before the container counts as started."""
    hook = {"postStart": {"exec": {"command": ["sh", "-c", "echo hello > /message"]}}}
    world.create(make_pod("hooked", sh("sleep 2; cat /message; sleep 1d", lifecycle=hook)))
    world.settle()
    world.run_for(seconds=3)

    assert log(world, "hooked") == "hello\n"


def test_a_termination_message_is_kept(world):
    """What is written to the message file shows in the status."""
    script = "echo the end > /dev/termination-log; exit 3"
    world.create(make_pod("last", sh(script), restartPolicy="Never"))
    world.settle()

    ended = state(world, "last")["terminated"]
    assert (ended["message"], ended["exitCode"]) == ("the end\n", 3)


def test_what_is_not_modelled_is_said_in_the_log(world):
    """Never silence."""
    world.create(make_pod("odd", sh("select x in a b; do :; done"), restartPolicy="Never"))
    world.settle()

    assert log(world, "odd") == "sh: select: not modelled by Podarium\n"
    assert state(world, "odd")["terminated"]["exitCode"] == 2


def test_environment_and_downward_api_reach_the_program(world):
    """Variables from values and fields; labels as a file."""
    env = [
        {"name": "WHO", "value": "me"},
        {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
    ]
    items = [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]
    container = sh(
        "echo $WHO $POD $(hostname); cat /info/labels; echo; echo x > /info/y",
        env=env,
        volumeMounts=[{"name": "info", "mountPath": "/info"}],
    )
    volumes = [{"name": "info", "downwardAPI": {"items": items}}]
    world.create(make_pod("named", container, volumes=volumes, restartPolicy="Never"))
    world.settle()

    assert log(world, "named").splitlines() == [
        "me named named",
        'app="named"',
        "sh: can't create /info/y: Read-only file system",
    ]


def test_services_are_in_the_environment(world):
    """Those of the Pod's namespace that exist when its container starts."""
    world.create(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "my-db", "namespace": "default"},
            "spec": {"ports": [{"name": "sql", "port": 5432}]},
        }
    )
    world.settle()
    script = "echo $MY_DB_SERVICE_PORT_SQL; env | grep -c MY_DB"
    world.create(
        make_pod("linked", sh(script), restartPolicy="Never"),
        make_pod("alone", sh(script), restartPolicy="Never", enableServiceLinks=False),
    )
    world.settle()

    assert log(world, "linked") == "5432\n8\n"
    assert log(world, "alone") == "\n0\n"
