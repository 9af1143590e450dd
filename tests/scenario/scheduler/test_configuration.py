"""In a whole cluster: the scheduler's configuration is changed while it runs."""

from tests.world import World
from webapp.api.resources import CONFIG_MAPS
from webapp.scheduler.live_configuration import KEY, config_map_manifest

HEAD = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n"
PACKING = HEAD + (
    "profiles:\n"
    "- schedulerName: default-scheduler\n"
    "- schedulerName: packer\n"
    "  plugins:\n"
    "    score: {disabled: [{name: '*'}], enabled: [{name: NodeResourcesFit}]}\n"
    "  pluginConfig:\n"
    "  - name: NodeResourcesFit\n"
    "    args: {scoringStrategy: {type: MostAllocated}}\n"
)


def pod(name, **spec):
    """A Pod that asks for some CPU."""
    resources = {"requests": {"cpu": "500m", "memory": "256Mi"}}
    container = {"name": "app", "image": "nginx", "resources": resources}
    metadata = {"name": name, "namespace": "default"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"containers": [container], **spec},
    }


def put(world, text):
    """Let the ConfigMap hold a text."""
    if world.get("ConfigMap", "kube-scheduler", "kube-system") is None:
        world.create(config_map_manifest(text))
    else:
        world.cluster.admin.patch(
            CONFIG_MAPS, "kube-system", "kube-scheduler", {"data": {KEY: text}}
        )
    world.run_for(seconds=2)


def nodes_of(world, *names):
    """Where Pods are."""
    return [world.get("Pod", name)["spec"].get("nodeName") for name in names]


def test_a_second_scheduler_name_is_served_as_soon_as_it_is_configured():
    """Its Pods wait untouched until then, and are packed onto one Node afterwards."""
    world = World()
    world.settle()
    names = [f"p{number}" for number in range(4)]
    world.create(*(pod(name, schedulerName="packer") for name in names))
    world.run_for(seconds=5)
    assert nodes_of(world, *names) == [None] * 4
    assert world.events("p0") == []

    put(world, PACKING)
    world.run_for(seconds=10)

    assert len(set(nodes_of(world, *names))) == 1
    assert None not in nodes_of(world, *names)
    assert world.events("kube-scheduler") == [
        "ConfigurationApplied: Scheduler configuration is in effect, "
        "profiles: default-scheduler, packer"
    ]


def test_a_configuration_with_mistakes_is_refused_whole_and_the_old_one_stays():
    """The Event names each line; Pods of both profiles are scheduled as before."""
    world = World()
    world.settle()
    put(world, PACKING)
    bad = PACKING.replace("MostAllocated", "MostAlocated") + "percentageOfNodesToScore: 101\n"
    put(world, bad)

    assert world.events("kube-scheduler")[-1] == (
        "ConfigurationRefused: Scheduler configuration refused, the one before stays in effect: "
        "line 10: profiles[1].pluginConfig[0].args.scoringStrategy.type: "
        'Unsupported value: "MostAlocated": supported values: "LeastAllocated", "MostAllocated", '
        '"RequestedToCapacityRatio"; line 11: percentageOfNodesToScore: '
        "Invalid value: 101: not in valid range [0-100]"
    )
    world.create(pod("a", schedulerName="packer"), pod("b", schedulerName="packer"), pod("c"))
    world.run_for(seconds=10)
    first, second, third = nodes_of(world, "a", "b", "c")
    assert first == second
    assert third


def test_without_its_config_map_the_scheduler_works_by_the_defaults_again():
    """Pods of the other profile wait."""
    world = World()
    world.settle()
    put(world, PACKING)
    world.cluster.admin.delete(CONFIG_MAPS, "kube-system", "kube-scheduler")
    world.run_for(seconds=2)
    world.create(pod("a", schedulerName="packer"), pod("b"))
    world.run_for(seconds=5)

    assert nodes_of(world, "a") == [None]
    assert nodes_of(world, "b") != [None]


def test_disabling_a_filter_takes_effect_at_once_for_a_pod_that_waits():
    """The taint is not looked at any more."""
    world = World(nodes=1)
    world.settle()
    taint = {"key": "dedicated", "value": "db", "effect": "NoSchedule"}
    world.patch("Node", "worker-1", {"spec": {"taints": [taint]}})
    world.run_for(seconds=1)
    world.create(pod("web"))
    world.run_for(seconds=2)
    assert nodes_of(world, "web") == [None]

    plugins = "multiPoint: {disabled: [{name: TaintToleration}]}"
    put(world, HEAD + f"profiles:\n- plugins: {{{plugins}}}\n")
    world.run_for(seconds=12)

    assert nodes_of(world, "web") == ["worker-1"]
