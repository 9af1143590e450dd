"""Concepts: a Pod's life, init containers, sidecars, ephemeral containers; tasks: debugging running Pods."""

from __future__ import annotations

import pytest

from tests.scenario.docs_pages.hands import (
    condition,
    container,
    events,
    log,
    mount,
    pod,
    run,
    sh,
    status,
)
from webapp.api.core.pods import kubectl_status


def service(name, port=80):
    """A Service without Pods."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"ports": [{"protocol": "TCP", "port": port}]},
    }


def shown(world, name):
    """The word in the STATUS column."""
    return kubectl_status(world.get("Pod", name))


def test_init_containers_wait_for_services_one_after_the_other(world):
    """The documentation's myapp: two Services, each waited for by name."""
    where = "$(cat /var/run/secrets/kubernetes.io/serviceaccount/namespace).svc.cluster.local"

    def waits(name):
        return sh(
            f"until nslookup {name}.{where}; do echo waiting for {name}; sleep 2; done",
            f"init-{name}",
            "busybox:1.28",
        )

    app = sh("echo The app is running! && sleep 3600", "app", "busybox:1.28")
    run(world, pod("myapp", app, initContainers=[waits("myservice"), waits("mydb")]), seconds=10)
    assert shown(world, "myapp") == "Init:0/2"
    assert "waiting for myservice" in log(world, "myapp", "init-myservice")
    assert container(world, "myapp", "app")["state"]["waiting"]["reason"] == "PodInitializing"
    assert (
        condition(world, "myapp", "Initialized")["message"]
        == "containers with incomplete status: [init-myservice init-mydb]"
    )

    run(world, service("myservice"), seconds=10)
    assert shown(world, "myapp") == "Init:1/2"

    run(world, service("mydb", 9377), seconds=10)
    assert shown(world, "myapp") == "Running"
    assert log(world, "myapp", "app") == "The app is running!\n"
    ended = [
        item["state"]["terminated"]["reason"]
        for item in status(world, "myapp")["initContainerStatuses"]
    ]
    assert ended == ["Completed", "Completed"]


def test_an_init_container_fetches_a_page_for_the_app(world):
    """Configure Pod initialization, with a Service of the cluster as the source."""
    run(
        world,
        pod("info", {"name": "c", "image": "nginx"}),
        {**service("info"), "spec": {"selector": {"app": "info"}, "ports": [{"port": 80}]}},
    )
    install = {
        "name": "install",
        "image": "busybox",
        "command": ["wget", "-O", "/work-dir/index.html", "http://info"],
        "volumeMounts": [mount("w", "/work-dir")],
    }
    server = {
        "name": "nginx",
        "image": "nginx",
        "volumeMounts": [mount("w", "/usr/share/nginx/html")],
    }
    run(
        world,
        pod("init-demo", server, initContainers=[install], volumes=[{"name": "w", "emptyDir": {}}]),
    )

    assert container(world, "init-demo", "install")["state"]["terminated"]["exitCode"] == 0
    assert shown(world, "init-demo") == "Running"


@pytest.mark.parametrize(
    ("policy", "word"),
    [
        ("Always", "Init:CrashLoopBackOff"),
        ("OnFailure", "Init:CrashLoopBackOff"),
        ("Never", "Init:Error"),
    ],
)
def test_a_failing_init_container_keeps_the_app_from_starting(world, policy, word):
    """Retried unless the policy is Never, which fails the Pod."""
    run(
        world,
        pod(
            "stuck",
            sh("sleep 1d", "app"),
            initContainers=[sh("exit 1", "init")],
            restartPolicy=policy,
        ),
        seconds=30,
    )

    assert shown(world, "stuck") == word
    assert status(world, "stuck")["phase"] == ("Failed" if policy == "Never" else "Pending")
    assert "running" not in container(world, "stuck", "app")["state"]


def test_a_sidecar_starts_before_and_stops_after_the_app(world):
    """A log shipper follows what the app writes, to its last line."""
    volumes, mounts = [{"name": "data", "emptyDir": {}}], [mount("data", "/opt")]
    app = sh(
        "trap 'echo last >> /opt/logs.txt; exit 0' TERM; while true; do echo logging >> /opt/logs.txt; sleep 1; done",
        "myapp",
        "alpine:latest",
        volumeMounts=mounts,
    )
    shipper = sh(
        "tail -F /opt/logs.txt",
        "logshipper",
        "alpine:latest",
        restartPolicy="Always",
        volumeMounts=mounts,
    )
    run(
        world,
        pod("app", app, initContainers=[shipper], volumes=volumes, terminationGracePeriodSeconds=8),
        seconds=5,
    )

    first, second = container(world, "app", "logshipper"), container(world, "app", "myapp")
    assert first["state"]["running"]["startedAt"] <= second["state"]["running"]["startedAt"]
    assert "logging" in log(world, "app", "logshipper")
    world.delete("Pod", "app")
    world.run_for(seconds=3)
    assert "running" in container(world, "app", "logshipper")["state"]
    assert "terminated" in container(world, "app", "myapp")["state"]
    assert log(world, "app", "logshipper").endswith("last\n")


def test_a_sidecars_startup_probe_gates_the_app(world):
    """The configuration is there before the app reads it."""
    volumes, mounts = [{"name": "config", "emptyDir": {}}], [mount("config", "/config")]
    probe = {"exec": {"command": ["test", "-f", "/config/app.conf"]}, "periodSeconds": 2}
    sidecar = sh(
        "sleep 3; echo greeting=hello > /config/app.conf; while true; do sleep 3600; done",
        "sidecar",
        restartPolicy="Always",
        startupProbe=probe,
        volumeMounts=mounts,
    )
    app = sh("cat /config/app.conf; while true; do sleep 3600; done", "app", volumeMounts=mounts)
    run(world, pod("gated", app, initContainers=[sidecar], volumes=volumes), seconds=15)

    assert log(world, "gated", "app") == "greeting=hello\n"
    assert container(world, "gated", "app")["restartCount"] == 0


def test_a_sidecar_that_ends_is_started_again_and_lets_the_pod_end(world):
    """Whatever the Pod's policy; the app's end is the Pod's end."""
    sidecar = sh("sleep 3; exit 1", "side", restartPolicy="Always")
    run(
        world,
        pod("job", sh("sleep 20", "work"), initContainers=[sidecar], restartPolicy="Never"),
        seconds=25,
    )

    assert container(world, "job", "side")["restartCount"] >= 1
    assert status(world, "job")["phase"] == "Succeeded"


@pytest.mark.parametrize(
    ("policy", "code", "phase", "restarts"),
    [
        ("Always", 0, "Running", True),
        ("OnFailure", 0, "Succeeded", False),
        ("OnFailure", 1, "Running", True),
        ("Never", 1, "Failed", False),
        ("Never", 0, "Succeeded", False),
    ],
)
def test_policy_and_exit_code_decide_over_the_phase(world, policy, code, phase, restarts):
    """The table of the Pod lifecycle."""
    run(world, pod("p", sh(f"exit {code}"), restartPolicy=policy), seconds=30)

    assert status(world, "p")["phase"] == phase
    assert (container(world, "p")["restartCount"] > 0) is restarts


def test_restarts_are_spaced_ten_twenty_forty_seconds(world):
    """CrashLoopBackOff names the present delay."""
    run(world, pod("p", sh("exit 1")), seconds=100)

    message = container(world, "p")["state"]["waiting"]["message"]
    assert message.startswith("back-off 1m20s restarting failed container=c pod=p_default(")
    assert container(world, "p")["restartCount"] == 4


def test_rules_of_a_container_decide_by_exit_code(world):
    """restartPolicyRules: 42 is tried again though the Pod never restarts."""
    rules = [{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}]
    again = sh("exit 42", restartPolicy="Never", restartPolicyRules=rules)
    once = sh("exit 1", restartPolicy="Never", restartPolicyRules=rules)
    run(
        world,
        pod("again", again, restartPolicy="Never"),
        pod("once", once, restartPolicy="Never"),
        seconds=30,
    )

    assert container(world, "again")["restartCount"] >= 1
    assert status(world, "once")["phase"] == "Failed"


def test_a_readiness_gate_holds_the_pod_back(world):
    """Ready only once somebody sets the Pod's own condition."""
    run(
        world,
        pod(
            "gated",
            {"name": "c", "image": "nginx"},
            readinessGates=[{"conditionType": "www.example.com/feature-1"}],
        ),
    )
    assert condition(world, "gated", "ContainersReady")["status"] == "True"
    ready = condition(world, "gated", "Ready")
    assert (ready["status"], ready["reason"]) == ("False", "ReadinessGatesNotReady")


def test_all_conditions_of_a_running_pod_are_true(world):
    """In the order of becoming true, with times."""
    run(world, pod("p", {"name": "c", "image": "nginx"}))

    found = {item["type"]: item["status"] for item in status(world, "p")["conditions"]}
    assert found == dict.fromkeys(
        ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"),
        "True",
    )


def test_a_command_that_is_missing_is_an_event_and_a_state(world):
    """StartError with 128; a shell that does not find its command ends with 127."""
    run(
        world,
        pod("typo", {"name": "c", "image": "busybox", "command": ["slep", "1"]}),
        pod("inner", sh("slep 1"), restartPolicy="Never"),
        seconds=3,
    )

    text = 'exec: "slep": executable file not found in $PATH: unknown'
    assert container(world, "typo")["lastState"]["terminated"]["message"].endswith(text)
    assert events(world, "typo", "Failed")[0].endswith(text)
    assert container(world, "inner")["state"]["terminated"]["exitCode"] == 127
    assert log(world, "inner") == "sh: slep: not found\n"


def test_two_servers_cannot_have_the_same_port(world):
    """Containers of a Pod share one localhost: the second nginx fails."""
    run(
        world,
        pod("twins", {"name": "one", "image": "nginx"}, {"name": "two", "image": "nginx"}),
        seconds=20,
    )

    assert container(world, "twins", "one")["ready"] is True
    second = container(world, "twins", "two")
    assert second["lastState"]["terminated"]["exitCode"] == 1
    assert "bind() to 0.0.0.0:80 failed (98: Address already in use)" in log(world, "twins", "two")
    assert second["restartCount"] >= 1


def test_pi_is_printed(world):
    """The documentation's Job: two thousand digits out of perl."""
    words = ["perl", "-Mbignum=bpi", "-wle", "print bpi(2000)"]
    run(
        world,
        pod("pi", {"name": "pi", "image": "perl:5.34.0", "command": words}, restartPolicy="Never"),
        seconds=30,
    )

    assert log(world, "pi").startswith("3.14159265358979323846264338327950288419716939937510582")
    assert len(log(world, "pi").strip()) == 2001
    assert status(world, "pi")["phase"] == "Succeeded"


def test_databases_are_asked_by_their_own_tools(world):
    """Probes and scripts of the databases' images."""
    mysql = {
        "name": "c",
        "image": "mysql:8",
        "env": [{"name": "MYSQL_ROOT_PASSWORD", "value": "x"}],
        "readinessProbe": {
            "exec": {"command": ["sh", "-c", "mysqladmin ping -uroot -p$MYSQL_ROOT_PASSWORD"]}
        },
    }
    postgres = {
        "name": "c",
        "image": "postgres",
        "env": [{"name": "POSTGRES_PASSWORD", "value": "x"}],
        "readinessProbe": {
            "exec": {"command": ["sh", "-c", "pg_isready -U postgres -h localhost"]},
            "periodSeconds": 1,
        },
    }
    redis = {
        "name": "c",
        "image": "redis",
        "readinessProbe": {"exec": {"command": ["sh", "-c", "redis-cli ping | grep PONG"]}},
    }
    mongo = {
        "name": "c",
        "image": "mongo",
        "readinessProbe": {"exec": {"command": ["mongosh", "--eval", "db.adminCommand('ping')"]}},
    }
    run(
        world,
        pod("mysql", mysql),
        pod("postgres", postgres),
        pod("redis", redis),
        pod("mongo", mongo),
        seconds=40,
    )

    for name in ("mysql", "postgres", "redis", "mongo"):
        assert condition(world, name, "Ready")["status"] == "True", name
    assert "no response" in events(world, "postgres", "Unhealthy")[0]
