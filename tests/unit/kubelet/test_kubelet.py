"""A kubelet with its runtime around a bare API server: Pods from bound to gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.kubelet.conftest import World, container
from webapp.api.resources import CONFIG_MAPS, NODES, PODS
from webapp.apimachinery.status import BadRequest

if TYPE_CHECKING:
    from webapp.sim.loop import Simulation


def sh(script: str) -> dict[str, object]:
    return container(image="busybox:1.36", command=["sh", "-c", script])


def test_a_bound_pod_runs_and_is_ready(world: World) -> None:
    """Sandbox, address, pull, create, start, status: in this order, each a fact."""
    world.run()

    status = world.pod()["status"]
    assert (status["phase"], status["podIP"], status["hostIP"]) == (
        "Running",
        "10.244.0.2",
        "10.0.0.11",
    )
    assert world.condition("Ready")["status"] == "True"
    assert world.status()["image"] == "docker.io/library/nginx:latest"
    steps = [fact for fact in world.facts() if fact != "StatusReported"]
    assert steps == [
        "PodAccepted",
        "SandboxCreated",
        "AddressAssigned",
        "ImagePullStarted",
        "ImagePulled",
        "ContainerCreated",
        "ContainerStarted",
        "PodReady",
    ]


def test_events_read_as_upstreams(world: World) -> None:
    """Pulling, Pulled with times and size, Created, Started."""
    world.run()

    reasons = [reason for _, reason, _ in world.events()]
    pulled = next(message for _, reason, message in world.events() if reason == "Pulled")
    assert reasons == ["Pulling", "Pulled", "Created", "Started"]
    assert pulled.startswith('Successfully pulled image "nginx" in ')
    assert pulled.endswith(" bytes.")


def test_a_present_image_is_not_pulled_again(world: World) -> None:
    """With IfNotPresent the second Pod finds the image."""
    world.run("first")
    world.run("second")

    message = 'Container image "nginx" already present on machine and can be accessed by the pod'
    assert ("Normal", "Pulled", message) in world.events()
    assert world.facts().count("ImagePullStarted") == 1


def test_pulls_of_one_node_happen_one_at_a_time(world: World) -> None:
    """A small image waits behind a large one, and says so."""
    world.create("large", containers=[container(image="golang:1.25")])
    world.sim.run_for(700)
    world.create("small", containers=[container(image="busybox")])
    world.sim.run_until_idle()

    message = next(text for _, reason, text in world.events() if '"busybox" in' in text)
    alone, waiting = message.split(" in ")[1].split(" including")[0].split(" (")
    assert float(waiting.rstrip("s")) > 2 > float(alone.removesuffix("ms")) / 1000


def test_a_tag_that_does_not_exist_backs_off(world: World) -> None:
    """ErrImagePull turns into ImagePullBackOff with the cause in its message."""
    world.run(containers=[container(image="nginx:1.161")])

    waiting = world.status()["state"]["waiting"]
    assert waiting["reason"] == "ImagePullBackOff"
    assert waiting["message"].startswith('Back-off pulling image "nginx:1.161": ErrImagePull: ')
    assert ("Warning", "Failed", "Error: ErrImagePull") in world.events()


def test_an_image_that_must_not_be_pulled_is_missed(world: World) -> None:
    """Pull policy Never and no image: ErrImageNeverPull."""
    world.run(containers=[{**container(), "imagePullPolicy": "Never"}])

    assert world.status()["state"]["waiting"] == {
        "reason": "ErrImageNeverPull",
        "message": 'Container image "nginx" is not present with pull policy of Never',
    }


def test_an_impossible_image_name_is_invalid(world: World) -> None:
    """Upper case breaks the grammar of references."""
    world.run(containers=[container(image="Nginx")])

    assert world.status()["state"]["waiting"]["reason"] == "InvalidImageName"


def test_a_crashing_container_backs_off_longer_and_longer(world: World) -> None:
    """The first restart is immediate, then 10 s, 20 s, 40 s; the Pod stays Running."""
    world.run(containers=[sh("echo bye; exit 3")])

    waiting = world.status()["state"]["waiting"]
    assert waiting["reason"] == "CrashLoopBackOff"
    assert waiting["message"] == "back-off 10s restarting failed container=c pod=p_default(uid-p)"
    assert world.status()["lastState"]["terminated"]["exitCode"] == 3
    assert world.pod()["status"]["phase"] == "Running"
    assert world.status()["restartCount"] == 1

    world.sim.run_for(60_000)

    assert "back-off 40s" in world.status()["state"]["waiting"]["message"]


def test_a_crash_loop_leaves_the_world_idle(world: World) -> None:
    """Waiting for a restart is not work in progress."""
    world.run(containers=[sh("exit 1")])

    assert world.sim.is_idle
    assert world.sim.pending_count > 0


def test_a_pod_that_never_restarts_succeeds(world: World) -> None:
    """Its status says Completed, its address is free again, its log stays."""
    world.run(restartPolicy="Never", containers=[sh("echo done")])
    world.sim.run_for(1_000)

    assert world.pod()["status"]["phase"] == "Succeeded"
    assert world.condition("Ready")["reason"] == "PodCompleted"
    assert world.status()["state"]["terminated"]["reason"] == "Completed"
    assert "SandboxRemoved" in world.facts()
    assert world.log() == "done\n"


def test_a_pod_that_never_restarts_fails(world: World) -> None:
    """A non-zero exit code is the end: phase Failed, reason Error."""
    world.run(restartPolicy="Never", containers=[sh("exit 7")])
    world.sim.run_for(1_000)

    assert world.pod()["status"]["phase"] == "Failed"
    assert world.status()["state"]["terminated"]["exitCode"] == 7


def test_init_containers_come_first(world: World) -> None:
    """The app waits with PodInitializing until the init container has succeeded."""
    init = container("init", "busybox", command=["sleep", "5"])
    world.run(initContainers=[init])

    assert world.pod()["status"]["phase"] == "Pending"
    assert world.status()["state"]["waiting"]["reason"] == "PodInitializing"
    assert world.condition("Initialized")["reason"] == "ContainersNotInitialized"

    world.sim.run_for(8_000)

    assert world.pod()["status"]["phase"] == "Running"
    assert world.status(container_name="init")["state"]["terminated"]["reason"] == "Completed"


def test_a_server_ends_in_order_when_its_pod_is_deleted(world: World) -> None:
    """SIGTERM, exit 0, final status, then the Pod vanishes and its address is free."""
    world.run()
    world.delete()
    world.sim.run_until_idle()

    assert not world.exists()
    assert ("Normal", "Killing", "Stopping container c") in world.events()
    facts = world.facts()
    assert (
        facts.index("ContainerStopping")
        < facts.index("ContainerExited")
        < facts.index("SandboxRemoved")
    )


def test_a_sleeper_is_killed_at_the_end_of_its_grace_period(world: World) -> None:
    """``sleep`` as process 1 ignores SIGTERM: 30 seconds, then 137."""
    world.run(containers=[container(image="busybox", command=["sleep", "3600"])])
    begun_ms = world.sim.now_ms
    world.delete()
    world.sim.run_until_idle()

    assert not world.exists()
    assert 30_000 <= world.sim.now_ms - begun_ms < 31_500
    exited = [
        item.fact
        for item in world.recorder.records
        if type(item.fact).__name__ == "ContainerExited"
    ]
    assert exited[-1].exit_code == 137


def test_a_second_delete_shortens_the_grace_period(world: World) -> None:
    """Deleting again with one second of grace kills a second later."""
    world.run(containers=[container(image="busybox", command=["sleep", "3600"])])
    begun_ms = world.sim.now_ms
    world.delete()
    world.sim.run_for(5_000)
    world.delete(grace=1)
    world.sim.run_until_idle()

    assert not world.exists()
    assert world.sim.now_ms - begun_ms < 8_000


def test_sidecars_end_after_the_app(world: World) -> None:
    """The app is stopped first, the sidecar once the app has ended."""
    side = container("side", "redis", restartPolicy="Always")
    world.run(initContainers=[side])
    world.delete()
    world.sim.run_until_idle()

    stopped = [
        item.fact.container
        for item in world.recorder.records
        if type(item.fact).__name__ == "ContainerStopping"
    ]
    assert stopped == ["c", "side"]


def test_a_pre_stop_sleep_delays_the_signal(world: World) -> None:
    """The hook's seconds pass before SIGTERM."""
    world.run(containers=[container(lifecycle={"preStop": {"sleep": {"seconds": 5}}})])
    begun_ms = world.sim.now_ms
    world.delete()
    world.sim.run_until_idle()

    assert 5_000 <= world.sim.now_ms - begun_ms < 6_500


def test_deleting_during_a_pull_does_not_wait_for_it(world: World) -> None:
    """A pull is given up; the Pod is gone long before it would have ended."""
    world.create(containers=[container(image="rust")])
    world.sim.run_for(1_500)
    begun_ms = world.sim.now_ms
    world.delete()
    world.sim.run_for(1_000)

    assert not world.exists()
    assert world.sim.now_ms - begun_ms == 1_000
    world.sim.run_until_idle()
    assert "ContainerStarted" not in world.facts()


def test_a_pod_deleted_outright_is_still_ended(world: World) -> None:
    """Grace 0 removes the object at once; the containers end all the same."""
    world.run()
    world.delete(grace=0)
    assert not world.exists()

    world.sim.run_until_idle()

    assert world.facts()[-2:] == ["ContainerExited", "SandboxRemoved"]


def test_a_pod_too_large_for_the_node_is_rejected(world: World) -> None:
    """Phase Failed, reason OutOfcpu, and nothing is started."""
    world.run(containers=[container(resources={"requests": {"cpu": "5"}})])

    status = world.pod()["status"]
    assert (status["phase"], status["reason"]) == ("Failed", "OutOfcpu")
    assert status["message"].startswith("Pod was rejected: Node didn't have enough resource: cpu")
    assert world.facts()[0] == "PodRejected"
    assert "SandboxCreated" not in world.facts()


def test_a_missing_config_map_keeps_the_pod_waiting(world: World) -> None:
    """FailedMount until somebody creates it."""
    volume = {"name": "conf", "configMap": {"name": "settings"}}
    world.run(volumes=[volume])
    message = 'MountVolume.SetUp failed for volume "conf" : configmap "settings" not found'
    assert ("Warning", "FailedMount", message) in world.events()

    config_map = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "settings"}}
    world.client.create(CONFIG_MAPS, "default", config_map)
    world.sim.run_for(10_000)

    assert world.pod()["status"]["phase"] == "Running"


def test_a_missing_secret_key_is_a_configuration_error(world: World) -> None:
    """CreateContainerConfigError in upstream's words."""
    ref = {"secretKeyRef": {"name": "db", "key": "password"}}
    world.run(containers=[container(env=[{"name": "PASSWORD", "valueFrom": ref}])])

    assert world.status()["state"]["waiting"] == {
        "reason": "CreateContainerConfigError",
        "message": 'secret "db" not found',
    }


def test_a_database_without_its_password_crashes(world: World) -> None:
    """postgres says what it misses and ends with 1."""
    world.run(containers=[container(image="postgres:17")])
    world.sim.run_for(2_000)

    assert world.status()["lastState"]["terminated"]["exitCode"] == 1
    assert "superuser password is not specified" in world.log(previous=True)


def test_a_readiness_probe_holds_ready_back(world: World) -> None:
    """Not ready before the probe's delay, ready after it."""
    probe = {"httpGet": {"path": "/", "port": 80}, "initialDelaySeconds": 5}
    world.create(containers=[container(readinessProbe=probe)])
    world.sim.run_for(4_000)
    assert world.condition("Ready")["message"] == "containers with unready status: [c]"

    world.sim.run_until_idle()

    assert world.condition("Ready")["status"] == "True"
    assert "ProbeResultChanged" in world.facts()


def test_a_readiness_probe_on_a_wrong_port_never_succeeds(world: World) -> None:
    """Unhealthy Events with the connection's error; the world is idle in between."""
    world.run(containers=[container(readinessProbe={"tcpSocket": {"port": 81}})])
    world.sim.run_for(30_000)

    message = "Readiness probe failed: dial tcp 10.244.0.2:81: connect: connection refused"
    assert ("Warning", "Unhealthy", message) in world.events()
    assert world.condition("Ready")["status"] == "False"
    assert world.sim.is_idle


def test_a_failing_liveness_probe_restarts_the_container(world: World) -> None:
    """The documentation's example: a file that vanishes after 30 seconds."""
    probe = {
        "exec": {"command": ["cat", "/tmp/healthy"]},
        "initialDelaySeconds": 5,
        "periodSeconds": 5,
    }
    script = "touch /tmp/healthy; sleep 30; rm -f /tmp/healthy; sleep 600"
    world.run(terminationGracePeriodSeconds=1, containers=[{**sh(script), "livenessProbe": probe}])
    world.sim.run_for(25_000)
    assert world.status()["restartCount"] == 0

    world.sim.run_for(30_000)

    assert world.status()["restartCount"] == 1
    killing = "Container c failed liveness probe, will be restarted"
    assert ("Normal", "Killing", killing) in world.events()


def test_a_command_that_is_not_modelled_says_so_and_runs_on(world: World) -> None:
    """One clear line in the log, and a running container."""
    world.run(containers=[container(image="python:3.13", command=["python", "-c", "print(1)"])])

    assert world.status()["state"]["running"]
    assert world.log() == "podarium: this command is not modelled: python -c print(1)\n"


def test_logs_of_a_container_that_has_not_started_are_refused(world: World) -> None:
    """The answer names the reason for which it waits."""
    world.run(containers=[container(image="nginx:1.161")])

    with pytest.raises(BadRequest, match="is waiting to start: trying and failing to pull image"):
        world.log()


def test_deleting_the_node_makes_its_machine_vanish(world: World) -> None:
    """Nothing of the machine acts any more; its Pods stay as they were last seen."""
    world.run(containers=[sh("while true; do date; sleep 1; done")])
    world.client.delete(NODES, "", "n1")
    world.sim.run_until_idle()
    facts = len(world.recorder.records)
    world.sim.run_for(60_000)

    assert world.machines.names() == []
    assert world.pod()["status"]["phase"] == "Running"
    assert len(world.recorder.records) == facts


def test_a_node_becomes_ready_and_keeps_what_its_manifest_says(world: World) -> None:
    """Capacity from the manifest is honoured, the rest is filled in."""
    world.add_node("big", capacity={"cpu": "64"})

    status = world.client.get(NODES, "", "big")["status"]
    assert (status["allocatable"]["cpu"], status["allocatable"]["memory"]) == ("64", "8Gi")
    assert status["addresses"][0] == {"type": "InternalIP", "address": "10.0.0.12"}
    ready = status["conditions"][-1]
    assert (ready["type"], ready["status"], ready["reason"]) == ("Ready", "True", "KubeletReady")


def test_a_plain_pod_costs_three_status_writes(world: World) -> None:
    """Accepted, sandbox ready, running: what happens in between is not written."""
    before = len(world.api.writes)
    world.run()

    writes = [
        write for write in world.api.writes[before:] if write == ("PUT", "pods/default/p/status")
    ]
    assert len(writes) == 3


def test_the_same_seed_gives_the_same_run(world: World) -> None:
    """Facts, times and ids repeat."""
    other = World(type(world.sim)(world.sim.clock.start_ms))
    other.add_node()
    for each in (world, other):
        each.run(containers=[sh("exit 1")])
        each.sim.run_for(100_000)

    assert list(world.recorder.records) == list(other.recorder.records)
    assert world.client.list(PODS) == other.client.list(PODS)


def test_each_step_is_caused_by_the_one_before(world: World) -> None:
    """From Ready back to the kubelet's acceptance there is one chain of facts."""
    world.run()

    records = {record.seq: record for record in world.recorder.records}
    record = next(item for item in records.values() if type(item.fact).__name__ == "PodReady")
    chain = []
    while record.cause:
        record = records[record.cause]
        chain.append(type(record.fact).__name__)
    assert chain == [
        "ContainerStarted",
        "ContainerCreated",
        "ImagePulled",
        "ImagePullStarted",
        "AddressAssigned",
        "SandboxCreated",
        "PodAccepted",
    ]


def test_a_pod_past_its_active_deadline_fails(world: World) -> None:
    """DeadlineExceeded, and its containers are ended."""
    world.run(activeDeadlineSeconds=60)
    world.sim.run_for(62_000)

    status = world.pod()["status"]
    assert (status["phase"], status["reason"]) == ("Failed", "DeadlineExceeded")
    assert "SandboxRemoved" in world.facts()


def test_a_termination_message_reaches_the_status(world: World) -> None:
    """What was written to /dev/termination-log, or else the log's end of a failed container."""
    world.run(
        "told", restartPolicy="Never", containers=[sh("echo why > /dev/termination-log; exit 1")]
    )
    silent = {**sh("echo last words; exit 1"), "terminationMessagePolicy": "FallbackToLogsOnError"}
    world.run("silent", restartPolicy="Never", containers=[silent])
    world.sim.run_for(1_000)

    assert world.status("told")["state"]["terminated"]["message"] == "why\n"
    assert world.status("silent")["state"]["terminated"]["message"] == "last words\n"


def test_a_node_without_free_addresses_cannot_make_a_sandbox(world: World) -> None:
    """FailedCreatePodSandBox until another Pod gives its address back."""
    node = {
        "kind": "Node",
        "apiVersion": "v1",
        "metadata": {"name": "tiny"},
        "spec": {"podCIDR": "10.244.9.0/30"},
    }
    world.client.create(NODES, "", node)
    world.sim.run_until_idle()
    world.run("first", nodeName="tiny")
    world.run("second", nodeName="tiny")
    assert world.events()[-1][1] == "FailedCreatePodSandBox"

    world.delete("first")
    world.sim.run_for(30_000)

    assert world.pod("second")["status"]["podIP"] == "10.244.9.2"


def test_a_new_image_restarts_the_container_without_back_off(world: World) -> None:
    """The definition changed: the container is ended and begun anew."""
    world.run()
    world.client.patch(
        PODS, "default", "p", {"spec": {"containers": [container(image="nginx:1.29")]}}
    )
    world.sim.run_until_idle()

    assert world.status()["image"] == "docker.io/library/nginx:1.29"
    assert world.status()["restartCount"] == 1
    killing = "Container c definition changed, will be restarted"
    assert ("Normal", "Killing", killing) in world.events()


def test_pulls_that_nobody_waits_for_any_more_are_not_begun(world: World) -> None:
    """The queue goes on with the next Pod's image."""
    world.create("large", containers=[container(image="golang:1.25")])
    world.sim.run_for(700)
    world.create("gone", containers=[container(image="rust")])
    world.sim.run_for(700)
    world.delete("gone")
    world.sim.run_until_idle()

    pulled = [
        record.fact.image
        for record in world.recorder.records
        if type(record.fact).__name__ == "ImagePullStarted"
    ]
    assert pulled == ["golang:1.25"]


def test_a_failing_init_container_backs_off(world: World) -> None:
    """The Pod stays Pending, its init container in CrashLoopBackOff."""
    world.run(initContainers=[{**sh("exit 1"), "name": "init"}])

    assert world.status(container_name="init")["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert world.pod()["status"]["phase"] == "Pending"


def test_without_a_network_plugin_only_host_network_pods_run(sim: Simulation) -> None:
    """The Node stays NotReady; other Pods wait with NetworkNotReady."""
    bare = World(sim, plugin="none")
    bare.add_node()
    bare.run("host", hostNetwork=True)
    bare.run("other")

    ready = bare.client.get(NODES, "", "n1")["status"]["conditions"][-1]
    assert (ready["status"], ready["reason"]) == ("False", "KubeletNotReady")
    assert bare.pod("host")["status"]["podIP"] == bare.pod("host")["status"]["hostIP"]
    assert bare.pod("other")["status"]["phase"] == "Pending"
    assert bare.events()[-1][1] == "NetworkNotReady"


def test_a_probe_that_asks_a_database_succeeds_once_it_is_up(world: World) -> None:
    """``pg_isready`` is not modelled, whether the server listens is."""
    probe = {"exec": {"command": ["pg_isready"]}, "periodSeconds": 1}
    env = [{"name": "POSTGRES_PASSWORD", "value": "x"}]
    world.run(containers=[container(image="postgres:17", env=env, readinessProbe=probe)])
    assert world.condition("Ready")["status"] == "False"

    world.sim.run_for(5_000)

    assert world.condition("Ready")["status"] == "True"


def test_a_hook_that_is_not_modelled_does_no_harm(world: World) -> None:
    """postStart and preStop commands beyond the simple ones count as done."""
    hooks = {
        "postStart": {"exec": {"command": ["mkdir", "/x"]}},
        "preStop": {"exec": {"command": ["nginx", "-s", "quit"]}},
    }
    world.run(containers=[container(lifecycle=hooks)])
    assert world.condition("Ready")["status"] == "True"

    world.delete()
    world.sim.run_until_idle()

    assert not world.exists()
