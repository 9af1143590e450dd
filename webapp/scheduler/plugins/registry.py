"""Plugin names and what makes them from a :class:`Handle` and options, sorted, one a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.scheduler.plugins.balanced_allocation import NodeResourcesBalancedAllocation
from webapp.scheduler.plugins.default_binder import DefaultBinder
from webapp.scheduler.plugins.default_preemption import DefaultPreemption
from webapp.scheduler.plugins.dynamic_resources import DynamicResources
from webapp.scheduler.plugins.image_locality import ImageLocality
from webapp.scheduler.plugins.inter_pod_affinity import InterPodAffinity
from webapp.scheduler.plugins.node_affinity import NodeAffinity
from webapp.scheduler.plugins.node_name import NodeName
from webapp.scheduler.plugins.node_ports import NodePorts
from webapp.scheduler.plugins.node_resources_fit import NodeResourcesFit
from webapp.scheduler.plugins.node_unschedulable import NodeUnschedulable
from webapp.scheduler.plugins.node_volume_limits import NodeVolumeLimits
from webapp.scheduler.plugins.pod_topology_spread import PodTopologySpread
from webapp.scheduler.plugins.queue_sort import PrioritySort
from webapp.scheduler.plugins.scheduling_gates import SchedulingGates
from webapp.scheduler.plugins.taint_toleration import TaintToleration
from webapp.scheduler.plugins.volume_binding import VolumeBinding
from webapp.scheduler.plugins.volume_restrictions import VolumeRestrictions
from webapp.scheduler.plugins.volume_zone import VolumeZone

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.scheduler.framework.interface import Plugin

REGISTRY: dict[str, Callable[..., Plugin]] = {
    DefaultBinder.name: lambda handle: DefaultBinder(handle.client),
    DefaultPreemption.name: DefaultPreemption,
    DynamicResources.name: lambda _: DynamicResources(),
    ImageLocality.name: lambda _: ImageLocality(),
    InterPodAffinity.name: lambda handle, **options: InterPodAffinity(handle.listers, **options),
    NodeAffinity.name: lambda _: NodeAffinity(),
    NodeName.name: lambda _: NodeName(),
    NodePorts.name: lambda _: NodePorts(),
    NodeResourcesBalancedAllocation.name: lambda _: NodeResourcesBalancedAllocation(),
    NodeResourcesFit.name: lambda _, **options: NodeResourcesFit(**options),
    NodeUnschedulable.name: lambda _: NodeUnschedulable(),
    NodeVolumeLimits.name: NodeVolumeLimits,
    PodTopologySpread.name: lambda handle, **options: PodTopologySpread(handle.listers, **options),
    PrioritySort.name: lambda _: PrioritySort(),
    SchedulingGates.name: lambda _: SchedulingGates(),
    TaintToleration.name: lambda _: TaintToleration(),
    VolumeBinding.name: VolumeBinding,
    VolumeRestrictions.name: VolumeRestrictions,
    VolumeZone.name: VolumeZone,
}

PLUGIN_CLASSES: dict[str, type[Plugin]] = {
    plugin.name: plugin
    for plugin in (
        DefaultBinder,
        DefaultPreemption,
        DynamicResources,
        ImageLocality,
        InterPodAffinity,
        NodeAffinity,
        NodeName,
        NodePorts,
        NodeResourcesBalancedAllocation,
        NodeResourcesFit,
        NodeUnschedulable,
        NodeVolumeLimits,
        PodTopologySpread,
        PrioritySort,
        SchedulingGates,
        TaintToleration,
        VolumeBinding,
        VolumeRestrictions,
        VolumeZone,
    )
}
