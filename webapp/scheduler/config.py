"""Which profiles a scheduler serves, with which plugins and weights.

Models:
    pkg/scheduler/apis/config/types.go KubeSchedulerConfiguration
    pkg/scheduler/apis/config/v1/default_plugins.go getDefaultPlugins
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from webapp.scheduler.framework.runtime import Framework
from webapp.scheduler.plugins.registry import REGISTRY
from webapp.sim.latency import Latency

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webapp.scheduler.framework.interface import Handle

DEFAULT_SCHEDULER_NAME = "default-scheduler"

CYCLE_LATENCY = Latency(1.5, 0.35)
BIND_LATENCY = Latency(4.0, 0.35, 2)


class PluginEntry(NamedTuple):
    """An enabled plugin; the weight counts for score plugins only."""

    name: str
    weight: int = 0


DEFAULT_PLUGINS = (
    PluginEntry("SchedulingGates"),
    PluginEntry("PrioritySort"),
    PluginEntry("NodeUnschedulable"),
    PluginEntry("NodeName"),
    PluginEntry("TaintToleration", 3),
    PluginEntry("NodeAffinity", 2),
    PluginEntry("NodePorts"),
    PluginEntry("NodeResourcesFit", 1),
    PluginEntry("VolumeRestrictions"),
    PluginEntry("NodeVolumeLimits"),
    PluginEntry("VolumeBinding"),
    PluginEntry("VolumeZone"),
    PluginEntry("PodTopologySpread", 2),
    PluginEntry("InterPodAffinity", 2),
    PluginEntry("DynamicResources"),
    PluginEntry("DefaultPreemption"),
    PluginEntry("NodeResourcesBalancedAllocation", 1),
    PluginEntry("ImageLocality", 1),
    PluginEntry("DefaultBinder"),
)
"""Upstream's order."""


POINTS = (
    "preEnqueue",
    "queueSort",
    "preFilter",
    "filter",
    "postFilter",
    "preScore",
    "score",
    "reserve",
    "permit",
    "preBind",
    "bind",
    "postBind",
)
"""The extension points, as the configuration names them."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How Pods with a certain ``schedulerName`` are scheduled.

    Attributes:
        scheduler_name: The name.
        plugins: Enabled plugins in order.
        points: Extension point → plugins used there, where that differs from ``plugins``.
        options: Plugin → keyword arguments of what makes it.
        percentage_of_nodes_to_score: As in the configuration, for this profile; 0 takes its value.
    """

    scheduler_name: str = DEFAULT_SCHEDULER_NAME
    plugins: tuple[PluginEntry, ...] = DEFAULT_PLUGINS
    points: Mapping[str, tuple[PluginEntry, ...]] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    percentage_of_nodes_to_score: int = 0

    def build(self, handle: Handle) -> Framework:
        """The framework that runs this profile."""
        entries = {entry.name: entry for entry in self.plugins}
        for used in self.points.values():
            for entry in used:
                entries.setdefault(entry.name, entry)
        made = {name: REGISTRY[name](handle, **self.options.get(name, {})) for name in entries}
        plugins = [(made[name], entry.weight) for name, entry in entries.items()]
        everywhere = [(made[entry.name], entry.weight) for entry in self.plugins]
        points = dict.fromkeys(POINTS, everywhere)
        for point, used in self.points.items():
            points[point] = [(made[entry.name], entry.weight) for entry in used]
        return Framework(self.scheduler_name, handle, plugins, points)


@dataclass(frozen=True, slots=True)
class SchedulerConfiguration:
    """Everything that can be set.

    Attributes:
        profiles: One a scheduler name.
        percentage_of_nodes_to_score: How many Nodes that fit are looked for; 0 adapts to the size
            of the cluster, 100 looks at all.
        pod_initial_backoff_ms: Shortest back-off of a Pod that did not fit.
        pod_max_backoff_ms: Longest one.
        cycle_latency: How long one scheduling cycle takes.
        bind_latency: How long one binding cycle takes.
    """

    profiles: tuple[Profile, ...] = (Profile(),)
    percentage_of_nodes_to_score: int = 0
    pod_initial_backoff_ms: int = 1000
    pod_max_backoff_ms: int = 10_000
    cycle_latency: Latency = CYCLE_LATENCY
    bind_latency: Latency = BIND_LATENCY
