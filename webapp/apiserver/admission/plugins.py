"""The plugins of this API server, in upstream's order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apiserver.admission.default_tolerations import DefaultTolerationSeconds
from webapp.apiserver.admission.limit_ranger import LimitRanger
from webapp.apiserver.admission.namespace_lifecycle import NamespaceLifecycle
from webapp.apiserver.admission.priority import PriorityPlugin
from webapp.apiserver.admission.resource_quota import ResourceQuota
from webapp.apiserver.admission.role_escalation import RoleEscalation
from webapp.apiserver.admission.runtime_class import RuntimeClassPlugin
from webapp.apiserver.admission.service_account import ServiceAccountPlugin
from webapp.apiserver.admission.storage import (
    DefaultStorageClass,
    PersistentVolumeClaimResize,
    StorageObjectInUseProtection,
)
from webapp.apiserver.admission.taint_nodes import TaintNodesByCondition

if TYPE_CHECKING:
    from webapp.apiserver.admission.plugin import AdmissionPlugin
    from webapp.apiserver.cacher import Cacher
    from webapp.apiserver.storage import Storage
    from webapp.sim.loop import Simulation
    from webapp.sim.rng import RandomStreams


def make_plugins(
    storage: Storage, cacher: Cacher, streams: RandomStreams, sim: Simulation
) -> list[AdmissionPlugin]:
    """New plugins, one of each."""
    return [
        NamespaceLifecycle(storage),
        LimitRanger(storage),
        ServiceAccountPlugin(storage, streams),
        TaintNodesByCondition(),
        PriorityPlugin(storage, cacher),
        RuntimeClassPlugin(storage),
        DefaultTolerationSeconds(),
        DefaultStorageClass(storage),
        StorageObjectInUseProtection(),
        PersistentVolumeClaimResize(storage),
        ResourceQuota(storage, sim),
        RoleEscalation(storage, cacher),
    ]
