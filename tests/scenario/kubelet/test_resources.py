"""Processor time and memory against requests and limits."""

from __future__ import annotations

from tests.factories import make_container, make_pod
from webapp.api.resources import POD_METRICS
from webapp.apimachinery.quantity import parse_quantity


def container_status(world, name="p"):
    """The first container's status."""
    return world.get("Pod", name)["status"]["containerStatuses"][0]


def use(world, kind, name="p"):
    """What the first container uses, in cores or bytes."""
    metrics = world.cluster.admin.get(POD_METRICS, "default", name)
    return float(parse_quantity(metrics["containers"][0]["usage"][kind]))


def limited(image, args=(), **limits):
    """A container with limits."""
    fields = {"args": list(args)} if args else {}
    return make_container("app", image, resources={"limits": limits}, **fields)


def test_a_demo_that_wants_two_processors_gets_its_limit(world):
    """The documentation's cpu-demo: -cpus 2 under a limit of one, throttled half of the time."""
    world.create(make_pod("p", containers=[limited("vish/stress", ["-cpus", "2"], cpu="1")]))
    world.run_for(seconds=60)

    assert use(world, "cpu") == 1.0


def test_a_demo_without_limit_gets_what_it_wants(world):
    """Two processors of the machine's four."""
    container = make_container("app", "vish/stress", args=["-cpus", "2"])
    world.create(make_pod("p", containers=[container]))
    world.run_for(seconds=60)

    assert use(world, "cpu") == 2.0


def test_a_program_that_takes_more_memory_than_its_limit_is_killed(world):
    """OOMKilled with 137, and again after each restart."""
    args = ["-mem-total", "250Mi", "-mem-alloc-size", "10Mi", "-mem-alloc-sleep", "100ms"]
    world.create(make_pod("p", containers=[limited("vish/stress", args, memory="100Mi")]))
    world.run_for(seconds=120)

    terminated = container_status(world)["lastState"]["terminated"]
    assert (terminated["reason"], terminated["exitCode"]) == ("OOMKilled", 137)
    assert container_status(world)["restartCount"] >= 2


def test_a_program_below_its_limit_holds_what_it_took(world):
    """150 MiB of 200."""
    args = ["--mem-total=150Mi", "--mem-alloc-size=10Mi", "--mem-alloc-sleep=100ms"]
    world.create(make_pod("p", containers=[limited("vish/stress", args, memory="200Mi")]))
    world.run_for(seconds=60)

    assert 150 <= use(world, "memory") / (1 << 20) < 160
    assert container_status(world)["restartCount"] == 0


def test_a_server_whose_limit_is_below_its_need_dies_while_it_comes_up(world):
    """mysql in 128 MiB."""
    container = limited("mysql:8", memory="128Mi")
    container["env"] = [{"name": "MYSQL_ROOT_PASSWORD", "value": "x"}]
    world.create(make_pod("p", containers=[container]))
    world.run_for(seconds=60)

    assert container_status(world)["lastState"]["terminated"]["reason"] == "OOMKilled"


def test_requests_that_wait_hold_memory_until_the_limit_is_broken(world):
    """A thousand expensive requests at once are more than the container can hold."""
    world.create(make_pod("p", containers=[limited("wordpress", cpu="200m", memory="128Mi")]))
    world.run_for(seconds=40)
    machine = world.cluster._machines.machine(world.get("Pod", "p")["spec"]["nodeName"])
    container = next(iter(machine.kubelet.workers.values())).observed.containers["app"]

    machine.runtime.take_requests(container, 10)
    assert container.running
    machine.runtime.take_requests(container, 1000)
    world.run_for(seconds=1)

    assert container.reason == "OOMKilled"


def test_requests_use_the_processor_up_to_the_limit(world):
    """What does not fit is answered later."""
    world.create(make_pod("p", containers=[limited("registry.k8s.io/hpa-example", cpu="500m")]))
    world.run_for(seconds=40)
    machine = world.cluster._machines.machine(world.get("Pod", "p")["spec"]["nodeName"])
    container = next(iter(machine.kubelet.workers.values())).observed.containers["app"]

    waits = []
    for _ in range(30):
        waits.append(machine.runtime.take_requests(container, 20))
        world.run_for(seconds=1)

    assert 0.49 < use(world, "cpu") <= 0.5
    assert waits[0] < waits[1] < waits[2]


def test_pod_level_memory_is_shared_by_all_containers(world):
    """The larger of two containers is ended once both together need too much."""
    sizes = {"large": "80Mi", "small": "40Mi"}
    containers = [
        make_container(name, "vish/stress", args=["-mem-total", size, "-mem-alloc-size", "1Mi"])
        for name, size in sizes.items()
    ]
    resources = {"limits": {"memory": "100Mi"}}
    world.create(make_pod("p", containers=containers, resources=resources, restartPolicy="Never"))
    world.run_for(seconds=60)

    states = {
        status["name"]: (status["state"].get("terminated") or {}).get("reason")
        for status in world.get("Pod", "p")["status"]["containerStatuses"]
    }
    assert states == {"large": "OOMKilled", "small": None}
