"""kube-controller-manager: which controllers run, built from one context and started together.

The cluster makes one :class:`ControllerManager` and starts it once the API server answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.scheme import BUILTIN_KINDS
from webapp.controller.context import ControllerContext
from webapp.controller.cronjob.cronjob_controllerv2 import CronJobController
from webapp.controller.customresourcedefinition.crd_controller import (
    CustomResourceDefinitionController,
)
from webapp.controller.daemon.daemon_controller import DaemonSetController
from webapp.controller.deployment.deployment_controller import DeploymentController
from webapp.controller.disruption.disruption import DisruptionController
from webapp.controller.endpoints.endpoints_controller import EndpointsController
from webapp.controller.endpointslice.endpointslice import EndpointSliceController
from webapp.controller.endpointslicemirroring.endpointslicemirroring_controller import (
    EndpointSliceMirroringController,
)
from webapp.controller.garbagecollector.garbage_collector import GarbageCollector
from webapp.controller.gateway.gateway_controller import GatewayController
from webapp.controller.ingress.ingress_status import IngressStatusController
from webapp.controller.job.job_controller import JobController
from webapp.controller.namespace.namespace_controller import NamespaceController
from webapp.controller.nodeipam.node_ipam import NodeIpamController
from webapp.controller.nodelifecycle.node_lifecycle import NodeLifecycleController
from webapp.controller.persistentvolume.pv_controller import PersistentVolumeController
from webapp.controller.podautoscaler.horizontal import HorizontalController
from webapp.controller.podgc.pod_gc import PodGCController
from webapp.controller.replicaset.replica_set import ReplicaSetController
from webapp.controller.replication.replication_controller import ReplicationManager
from webapp.controller.resourcequota.resource_quota_controller import ResourceQuotaController
from webapp.controller.service.service_controller import ServiceController
from webapp.controller.serviceaccount.root_ca_publisher import RootCACertPublisher
from webapp.controller.serviceaccount.serviceaccounts_controller import ServiceAccountsController
from webapp.controller.statefulset.stateful_set import StatefulSetController
from webapp.controller.tainteviction.taint_eviction import TaintEvictionController
from webapp.controller.ttlafterfinished.ttlafterfinished_controller import (
    TTLAfterFinishedController,
)
from webapp.controller.volumeexpand.expand_controller import ExpandController
from webapp.controller.volumeprotection.pv_protection import PVProtectionController
from webapp.controller.volumeprotection.pvc_protection import PVCProtectionController

if TYPE_CHECKING:
    from webapp.apimachinery.scheme import ResourceInfo
    from webapp.client.informer import InformerFactory
    from webapp.client.rest import RESTClient
    from webapp.controller.controller import Controller
    from webapp.sim.loop import Simulation
    from webapp.sim.rng import RandomStreams
    from webapp.trace.recorder import Recorder

CONTROLLERS: tuple[type[Controller], ...] = (
    CronJobController,
    CustomResourceDefinitionController,
    DaemonSetController,
    DeploymentController,
    DisruptionController,
    EndpointSliceController,
    EndpointSliceMirroringController,
    EndpointsController,
    ExpandController,
    GarbageCollector,
    GatewayController,
    HorizontalController,
    IngressStatusController,
    JobController,
    NamespaceController,
    NodeIpamController,
    NodeLifecycleController,
    PVCProtectionController,
    PVProtectionController,
    PersistentVolumeController,
    PodGCController,
    ReplicaSetController,
    ReplicationManager,
    ResourceQuotaController,
    RootCACertPublisher,
    ServiceAccountsController,
    ServiceController,
    StatefulSetController,
    TTLAfterFinishedController,
    TaintEvictionController,
)
"""All controllers, sorted, one a line."""


class ControllerManager:
    """Runs the controllers.

    Attributes:
        controllers: Name → controller.
    """

    def __init__(
        self,
        sim: Simulation,
        streams: RandomStreams,
        recorder: Recorder,
        client: RESTClient,
        informers: InformerFactory,
        *,
        resources: tuple[ResourceInfo, ...] = BUILTIN_KINDS,
        root_ca: str = "",
    ) -> None:
        self._informers = informers
        context = ControllerContext(
            sim, streams, recorder, client, informers, resources=resources, root_ca=root_ca
        )
        self.controllers = {kind.name: kind(context) for kind in CONTROLLERS}

    def start(self) -> None:
        """List and watch, then begin."""
        self._informers.start()
        for controller in self.controllers.values():
            controller.start()
