"""A scheduler configuration is taken whole, or refused whole with the lines of its mistakes."""

import pytest

from tests.unit.scheduler.builders import make_node, make_pod
from webapp.scheduler.cache import Cache
from webapp.scheduler.config import DEFAULT_PLUGINS, SchedulerConfiguration
from webapp.scheduler.config_file import ConfigurationError, parse_configuration
from webapp.scheduler.diagnosis import Attempt
from webapp.scheduler.framework.interface import Handle
from webapp.scheduler.framework.types import PodInfo
from webapp.scheduler.schedule_pod import Algorithm
from webapp.sim.rng import RandomStreams

HEAD = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n"
PACKING = HEAD + (
    "profiles:\n"
    "- plugins:\n"
    "    score: {disabled: [{name: '*'}], enabled: [{name: NodeResourcesFit, weight: 5}]}\n"
    "  pluginConfig:\n"
    "  - name: NodeResourcesFit\n"
    "    args: {scoringStrategy: "
)


def scores(config, *pods, cpus=("4", "4", "8")):
    """Sums by Node for the last Pod, after the others were bound to the Nodes in turn."""
    cache = Cache()
    for number, cpu in enumerate(cpus):
        cache.add_node(make_node(f"n{number}", cpu, "8Gi"))
    framework = config.profiles[0].build(Handle(None, cache.nodes))
    *bound, last = [PodInfo(make_pod(f"p{n}", cpu)) for n, cpu in enumerate(pods)]
    for number, pod in enumerate(bound):
        cache.assume_pod(pod, f"n{number}")
    stream = RandomStreams(1).stream("tie-break")
    result = Algorithm(cache, stream).schedule_pod(framework, last)
    return [node.total for node in Attempt(1, 0, cache.nodes.names, result).nodes()]


def test_an_empty_configuration_is_the_default_one():
    """Nothing given, nothing changed."""
    assert parse_configuration(HEAD) == SchedulerConfiguration()


def test_most_allocated_prefers_the_fuller_node():
    """Bin packing: 5 times the mean of CPU and memory in use."""
    config = parse_configuration(PACKING + "{type: MostAllocated}}\n")

    # CPU 50 %, 25 % and 12 % with the Pod; memory (by default requests) 4 %, 2 % and 2 %.
    assert scores(config, "1", "1") == [5 * 27, 5 * 13, 5 * 7]


def test_requested_to_capacity_ratio_follows_its_shape():
    """0 at no use, 10 at full use, for CPU alone: the share in use, in tens."""
    strategy = (
        "{type: RequestedToCapacityRatio, resources: [{name: cpu, weight: 3}],"
        " requestedToCapacityRatio: {shape: [{utilization: 0, score: 0},"
        " {utilization: 100, score: 10}]}}}\n"
    )

    assert scores(parse_configuration(PACKING + strategy), "1", "1") == [250, 125, 60]


def test_a_falling_shape_prefers_the_emptier_node():
    """Flat beyond its last point."""
    strategy = (
        "{type: RequestedToCapacityRatio, resources: [{name: cpu, weight: 1}],"
        " requestedToCapacityRatio: {shape: [{utilization: 20, score: 10},"
        " {utilization: 40, score: 5}]}}}\n"
    )

    assert scores(parse_configuration(PACKING + strategy), "1", "1") == [250, 440, 500]


def test_plugins_are_disabled_and_weighted_in_place():
    """Order stays; a plugin may be off at one point only."""
    text = HEAD + (
        "percentageOfNodesToScore: 30\n"
        "podMaxBackoffSeconds: 20\n"
        "profiles:\n"
        "- schedulerName: mine\n"
        "  plugins:\n"
        "    multiPoint: {disabled: [{name: ImageLocality}], enabled: [{name: NodeAffinity, weight: 7}]}\n"
        "    score: {disabled: [{name: TaintToleration}]}\n"
        "- schedulerName: other\n"
    )

    config = parse_configuration(text)

    mine, other = config.profiles
    names = [entry.name for entry in DEFAULT_PLUGINS if entry.name != "ImageLocality"]
    assert [entry.name for entry in mine.plugins] == names
    assert dict(mine.plugins)["NodeAffinity"] == 7
    assert "TaintToleration" not in dict(mine.points["score"])
    assert other.plugins == DEFAULT_PLUGINS
    assert (config.percentage_of_nodes_to_score, config.pod_max_backoff_ms) == (30, 20_000)


def test_arguments_reach_their_plugins():
    """Each plugin's own names for them."""
    text = HEAD + (
        "profiles:\n"
        "- pluginConfig:\n"
        "  - {name: InterPodAffinity, args: {hardPodAffinityWeight: 5}}\n"
        "  - {name: DefaultPreemption, args: {minCandidateNodesAbsolute: 3}}\n"
        "  - name: PodTopologySpread\n"
        "    args:\n"
        "      defaultingType: List\n"
        "      defaultConstraints:\n"
        "      - {maxSkew: 1, topologyKey: rack, whenUnsatisfiable: DoNotSchedule}\n"
        "  - {name: NodeResourcesFit, args: {ignoredResourceGroups: [example.com]}}\n"
    )

    options = parse_configuration(text).profiles[0].options

    assert options["InterPodAffinity"]["hard_weight"] == 5
    assert options["DefaultPreemption"] == {"least_percentage": 10, "least_candidates": 3}
    assert options["PodTopologySpread"]["defaults"] == (("rack", 1, "DoNotSchedule"),)
    assert options["NodeResourcesFit"]["ignored_groups"] == {"example.com"}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("profile: []\n", 'line 3: profile: unknown field "profile"'),
        (
            "profiles:\n- plugins:\n    score:\n      enabled:\n      - {name: Magic}\n",
            'line 7: profiles[0].plugins.score.enabled[0].name: Invalid value: "Magic": no such plugin',
        ),
        (
            "profiles:\n- pluginConfig:\n  - name: InterPodAffinity\n    args:\n"
            "      hardPodAffinityWeight: 101\n",
            "line 7: profiles[0].pluginConfig[0].args.hardPodAffinityWeight: "
            "Invalid value: 101: not in valid range [0-100]",
        ),
        (
            "percentageOfNodesToScore: 200\n",
            "line 3: percentageOfNodesToScore: Invalid value: 200: not in valid range [0-100]",
        ),
        (
            "profiles:\n- schedulerName: a\n- schedulerName: a\n",
            'line 5: profiles[1].schedulerName: Duplicate value: "a"',
        ),
        (
            "profiles:\n- plugins: {preFilter: {disabled: [{name: NodeResourcesFit}]}}\n",
            'line 4: profiles[0].plugins.filter: Invalid value: "NodeResourcesFit": '
            "needs preFilter as well",
        ),
        ("profiles: [\n", "line 4: expected the node content, but found '<stream end>'"),
    ],
)
def test_mistakes_are_named_with_their_lines(body, problem):
    """So that the old configuration can stay and the new one be mended."""
    with pytest.raises(ConfigurationError) as raised:
        parse_configuration(HEAD + body)

    assert str(raised.value) == problem


def test_all_mistakes_are_told_at_once():
    """In order of lines."""
    with pytest.raises(ConfigurationError) as raised:
        parse_configuration("kind: Pod\npodInitialBackoffSeconds: -1\n")

    assert [line for line, _ in raised.value.problems] == [1, 1, 2]
