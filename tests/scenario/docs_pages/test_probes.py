"""Tasks: liveness, readiness and startup probes; handlers for the container's life; termination messages."""

from __future__ import annotations

from tests.scenario.docs_pages.hands import (
    condition,
    container,
    events,
    execute,
    log,
    pod,
    run,
    sh,
    status,
)


def test_a_command_decides_over_life(world):
    """Healthy for 30 seconds; then three failures, a kill after 30 seconds, and a restart."""
    probe = {
        "exec": {"command": ["cat", "/tmp/healthy"]},
        "initialDelaySeconds": 5,
        "periodSeconds": 5,
    }
    script = "touch /tmp/healthy; sleep 30; rm -f /tmp/healthy; sleep 600"
    world.create(pod("live", sh(script, livenessProbe=probe)))
    world.run_for(seconds=30)
    assert not events(world, "live", "Unhealthy")

    world.run_for(seconds=62)
    message = "Liveness probe failed: cat: can't open '/tmp/healthy': No such file or directory"
    assert message in events(world, "live", "Unhealthy")[0]
    assert "Container c failed liveness probe, will be restarted" in events(
        world, "live", "Killing"
    )
    assert container(world, "live")["restartCount"] == 1


def test_an_http_answer_decides_over_life(world):
    """agnhost's liveness server answers 200 for ten seconds, then 500."""
    probe = {
        "httpGet": {
            "path": "/healthz",
            "port": 8080,
            "httpHeaders": [{"name": "Custom-Header", "value": "Awesome"}],
        },
        "initialDelaySeconds": 3,
        "periodSeconds": 3,
    }
    server = {
        "name": "liveness",
        "image": "registry.k8s.io/e2e-test-images/agnhost:2.40",
        "args": ["liveness"],
        "livenessProbe": probe,
    }
    run(world, pod("http", server), seconds=40)

    assert "Liveness probe failed: HTTP probe failed with statuscode: 500" in events(
        world, "http", "Unhealthy"
    )
    assert container(world, "http")["restartCount"] >= 1


def test_an_open_port_decides_over_life_and_readiness(world):
    """goproxy listens on 8080."""
    probe = {"tcpSocket": {"port": 8080}, "initialDelaySeconds": 15, "periodSeconds": 10}
    server = {
        "name": "goproxy",
        "image": "registry.k8s.io/goproxy:0.1",
        "ports": [{"containerPort": 8080}],
        "readinessProbe": probe,
        "livenessProbe": probe,
    }
    run(world, pod("tcp", server), seconds=60)

    assert condition(world, "tcp", "Ready")["status"] == "True"
    assert container(world, "tcp")["restartCount"] == 0


def test_etcd_answers_the_grpc_health_service(world):
    """The documentation's etcd; a port where nobody listens fails."""
    words = [
        "/usr/local/bin/etcd",
        "--data-dir",
        "/var/lib/etcd",
        "--listen-client-urls",
        "http://0.0.0.0:2379",
        "--advertise-client-urls",
        "http://127.0.0.1:2379",
    ]

    def etcd(port):
        return {
            "name": "etcd",
            "image": "registry.k8s.io/etcd:3.5.1-0",
            "command": words,
            "ports": [{"containerPort": 2379}],
            "livenessProbe": {"grpc": {"port": port}, "initialDelaySeconds": 10},
        }

    run(world, pod("good", etcd(2379)), pod("bad", etcd(2381)), seconds=60)

    assert container(world, "good")["restartCount"] == 0
    assert container(world, "bad")["restartCount"] == 1
    assert 'timeout: failed to connect service "' in events(world, "bad", "Unhealthy")[0]


def test_a_server_without_health_service_fails_a_grpc_probe(world):
    """nginx speaks HTTP only."""
    probe = {"grpc": {"port": 80}, "periodSeconds": 1}
    run(world, pod("web", {"name": "c", "image": "nginx", "readinessProbe": probe}), seconds=5)

    assert condition(world, "web", "Ready")["status"] == "False"
    assert "Readiness probe failed" in events(world, "web", "Unhealthy")[0]


def test_slow_starts_are_covered_by_the_startup_probe(world):
    """Liveness waits until the start has succeeded."""
    look = {"exec": {"command": ["cat", "/tmp/up"]}}
    server = sh(
        "sleep 25; touch /tmp/up; sleep 1d",
        startupProbe={**look, "failureThreshold": 30, "periodSeconds": 10},
        livenessProbe={**look, "periodSeconds": 1, "failureThreshold": 1},
    )
    run(world, pod("slow", server))
    world.run_for(seconds=20)
    assert container(world, "slow")["started"] is False

    world.run_for(seconds=20)
    assert container(world, "slow")["started"] is True
    assert container(world, "slow")["restartCount"] == 0


def test_a_start_that_never_succeeds_is_given_up(world):
    """After failureThreshold tries, whatever liveness would say."""
    server = sh(
        "trap 'exit 0' TERM; sleep 1d & wait",
        startupProbe={"exec": {"command": ["false"]}, "failureThreshold": 3, "periodSeconds": 2},
    )
    run(world, pod("never", server), seconds=15)

    assert "Container c failed startup probe, will be restarted" in events(
        world, "never", "Killing"
    )
    assert container(world, "never")["restartCount"] >= 1


def test_a_probe_may_have_a_grace_period_of_its_own(world):
    """A deaf container is killed after two seconds, not after the Pod's thirty."""
    probe = {
        "exec": {"command": ["false"]},
        "periodSeconds": 1,
        "failureThreshold": 1,
        "terminationGracePeriodSeconds": 2,
    }
    run(
        world,
        pod("deaf", sh("sleep 1d", livenessProbe=probe), terminationGracePeriodSeconds=3600),
        seconds=10,
    )

    assert container(world, "deaf")["restartCount"] >= 1
    assert container(world, "deaf")["lastState"]["terminated"]["exitCode"] == 137


def test_a_command_that_takes_too_long_fails_its_probe(world):
    """timeoutSeconds defaults to one."""
    probe = {"exec": {"command": ["sleep", "5"]}, "periodSeconds": 10}
    run(world, pod("lazy", sh("sleep 1d", readinessProbe=probe)), seconds=15)

    assert events(world, "lazy", "Unhealthy")[0].startswith(
        "Readiness probe failed: command timed out"
    )


def test_readiness_is_lost_and_won_again(world):
    """The Pod is never restarted for it."""
    probe = {"exec": {"command": ["cat", "/tmp/ready"]}, "periodSeconds": 2}
    run(world, pod("moody", sh("touch /tmp/ready; sleep 1d", readinessProbe=probe)), seconds=5)
    assert condition(world, "moody", "Ready")["status"] == "True"

    execute(world, "moody", "rm /tmp/ready")
    world.run_for(seconds=10)
    ready = condition(world, "moody", "Ready")
    assert (ready["status"], ready["reason"]) == ("False", "ContainersNotReady")
    assert ready["message"] == "containers with unready status: [c]"

    execute(world, "moody", "touch /tmp/ready")
    world.run_for(seconds=5)
    assert condition(world, "moody", "Ready")["status"] == "True"
    assert container(world, "moody")["restartCount"] == 0


def test_handlers_run_after_the_start_and_before_the_stop(world):
    """nginx leaves a message at its start and quits in order before it is killed."""
    lifecycle = {
        "postStart": {
            "exec": {
                "command": [
                    "/bin/sh",
                    "-c",
                    "echo Hello from the postStart handler > /usr/share/message",
                ]
            }
        },
        "preStop": {
            "exec": {
                "command": [
                    "/bin/sh",
                    "-c",
                    "nginx -s quit; while killall -0 nginx; do sleep 1; done",
                ]
            }
        },
    }
    run(world, pod("hooks", {"name": "c", "image": "nginx", "lifecycle": lifecycle}))
    assert execute(world, "hooks", "cat /usr/share/message") == "Hello from the postStart handler\n"

    world.delete("Pod", "hooks")
    world.run_for(seconds=5)
    assert world.get("Pod", "hooks") is None


def test_a_failing_post_start_handler_kills_its_container(world):
    """FailedPostStartHook says what the command answered."""
    hook = {"postStart": {"exec": {"command": ["sh", "-c", "echo no; exit 7"]}}}
    run(world, pod("bad", sh("sleep 1d", lifecycle=hook)), seconds=5)

    assert events(world, "bad", "FailedPostStartHook") == ["PostStartHook failed"]
    assert events(world, "bad", "Killing") == ["FailedPostStartHook"]
    world.run_for(seconds=40)
    assert (
        container(world, "bad")["restartCount"] >= 1
        or "waiting" in container(world, "bad")["state"]
    )


def test_http_handlers_ask_a_server(world):
    """One that answers, and one where nobody listens."""
    good = {"postStart": {"httpGet": {"path": "/", "port": 80}}}
    bad = {"postStart": {"httpGet": {"path": "/", "port": 81}}}
    run(
        world,
        pod("good", {"name": "c", "image": "nginx", "lifecycle": good}),
        pod("bad", {"name": "c", "image": "nginx", "lifecycle": bad}),
        seconds=3,
    )

    assert container(world, "good")["ready"] is True
    assert events(world, "bad", "FailedPostStartHook") == ["PostStartHook failed"]


def test_a_failing_pre_stop_handler_is_told(world):
    """The container is stopped all the same."""
    hook = {"preStop": {"exec": {"command": ["sh", "-c", "exit 3"]}}}
    run(world, pod("bye", sh("trap 'exit 0' TERM; sleep 1d & wait", lifecycle=hook)))
    world.delete("Pod", "bye")
    world.run_for(seconds=5)

    assert events(world, "bye", "FailedPreStopHook") == ["PreStopHook failed"]
    assert world.get("Pod", "bye") is None


def test_a_sleeping_handler_keeps_the_container_up(world):
    """preStop sleep, as an endpoint drains."""
    hook = {"preStop": {"sleep": {"seconds": 10}}}
    run(world, pod("drain", {"name": "c", "image": "nginx", "lifecycle": hook}))
    world.delete("Pod", "drain")

    world.run_for(seconds=8)
    assert "running" in container(world, "drain")["state"]
    world.run_for(seconds=5)
    assert world.get("Pod", "drain") is None


def test_what_a_container_leaves_behind_is_its_message(world):
    """A message file; a file of one's own; the end of the log."""
    run(
        world,
        pod(
            "file",
            sh("sleep 10 && echo Sleep expired > /dev/termination-log", image="debian"),
            restartPolicy="Never",
        ),
        pod(
            "own",
            sh("echo mine > /tmp/my-log", terminationMessagePath="/tmp/my-log"),
            restartPolicy="Never",
        ),
        pod(
            "tail",
            sh("echo one; echo two; exit 1", terminationMessagePolicy="FallbackToLogsOnError"),
            restartPolicy="Never",
        ),
        seconds=15,
    )

    messages = [
        container(world, name)["state"]["terminated"]["message"] for name in ("file", "own", "tail")
    ]
    assert messages == ["Sleep expired\n", "mine\n", "one\ntwo\n"]
    assert status(world, "file")["phase"] == "Succeeded"
    assert log(world, "tail") == "one\ntwo\n"
