"""Step 8: sandbox and IP, images, then init containers, sidecars and app containers in order."""

from tests.factories import make_container, make_pod
from webapp.trace.facts import AddressAssigned, ContainerExited, ContainerStarted, SandboxCreated


def three_stage_pod():
    """An init container, a sidecar and an app container."""
    return make_pod(
        "web",
        initContainers=[
            make_container(
                "migrate", "busybox:1.36", command=["sh", "-c", "echo migrating; sleep 2"]
            ),
            make_container("proxy", "redis:8", restartPolicy="Always"),
        ],
        containers=[make_container("app")],
    )


def test_containers_start_in_order_inside_one_sandbox(world):
    """Init runs to its end, then the sidecar starts, then the app."""
    world.create(three_stage_pod())
    world.run_for(seconds=30)

    told = [
        (type(fact).__name__, getattr(fact, "container", ""))
        for fact in world.facts(SandboxCreated, AddressAssigned, ContainerStarted, ContainerExited)
    ]

    assert told == [
        ("SandboxCreated", ""),
        ("AddressAssigned", ""),
        ("ContainerStarted", "migrate"),
        ("ContainerExited", "migrate"),
        ("ContainerStarted", "proxy"),
        ("ContainerStarted", "app"),
    ]
    started = [fact.role for fact in world.facts(ContainerStarted)]
    assert started == ["init", "sidecar", "app"]


def test_the_pods_ip_comes_out_of_its_nodes_range(world):
    """Each Node has its own /24."""
    world.create(make_pod("web"))
    world.settle()

    pod = world.get("Pod", "web")
    node = world.get("Node", pod["spec"]["nodeName"])

    assert pod["status"]["podIP"].rsplit(".", 1)[0] == node["spec"]["podCIDR"].rsplit(".", 1)[0]
