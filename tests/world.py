"""A whole seeded cluster in virtual time, with the few verbs that scenario tests need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.api import resources
from webapp.apimachinery.status import NotFound
from webapp.cluster.cluster import Cluster
from webapp.cluster.config import ClusterConfig

if TYPE_CHECKING:
    from collections.abc import Callable

START_MS = 1_790_000_000_000
RESOURCES = {
    "ConfigMap": resources.CONFIG_MAPS,
    "ControllerRevision": resources.CONTROLLER_REVISIONS,
    "CronJob": resources.CRON_JOBS,
    "DaemonSet": resources.DAEMON_SETS,
    "Deployment": resources.DEPLOYMENTS,
    "EndpointSlice": resources.ENDPOINT_SLICES,
    "Event": resources.EVENTS,
    "Fault": resources.FAULTS,
    "HorizontalPodAutoscaler": resources.HORIZONTAL_POD_AUTOSCALERS,
    "Ingress": resources.INGRESSES,
    "IngressClass": resources.INGRESS_CLASSES,
    "Job": resources.JOBS,
    "LimitRange": resources.LIMIT_RANGES,
    "Namespace": resources.NAMESPACES,
    "NetworkPolicy": resources.NETWORK_POLICIES,
    "Node": resources.NODES,
    "PersistentVolume": resources.PERSISTENT_VOLUMES,
    "PersistentVolumeClaim": resources.PERSISTENT_VOLUME_CLAIMS,
    "Pod": resources.PODS,
    "PodDisruptionBudget": resources.POD_DISRUPTION_BUDGETS,
    "ReplicaSet": resources.REPLICA_SETS,
    "ReplicationController": resources.REPLICATION_CONTROLLERS,
    "ResourceQuota": resources.RESOURCE_QUOTAS,
    "Secret": resources.SECRETS,
    "Service": resources.SERVICES,
    "ServiceAccount": resources.SERVICE_ACCOUNTS,
    "StatefulSet": resources.STATEFUL_SETS,
    "StorageClass": resources.STORAGE_CLASSES,
    "Traffic": resources.TRAFFICS,
}
CLUSTER_SCOPED = {"Fault", "IngressClass", "Namespace", "Node", "PersistentVolume", "StorageClass"}


class World:
    """A cluster with admin's hands on it.

    Attributes:
        cluster: The cluster itself.
    """

    def __init__(self, *, seed: int = 0, nodes: int = 3, **config: Any) -> None:
        self.cluster = Cluster(
            ClusterConfig(seed=seed, start_ms=START_MS, nodes=nodes, speed=None, **config)
        )

    def create(self, *objects: Any) -> None:
        """Create objects, one after the other."""
        for obj in objects:
            namespace = obj["metadata"].get("namespace", "")
            self.cluster.admin.create(RESOURCES[obj["kind"]], namespace, obj)

    def get(self, kind: str, name: str, namespace: str = "default") -> Any:
        """An object, or ``None``."""
        try:
            return self.cluster.admin.get(
                RESOURCES[kind], "" if kind in CLUSTER_SCOPED else namespace, name
            )
        except NotFound:
            return None

    def resource(self, kind: str) -> Any:
        """The resource of a kind, for requests without a verb here."""
        return RESOURCES[kind]

    def list(self, kind: str, **selectors: str) -> Any:
        """Objects of a kind."""
        return self.cluster.admin.list(RESOURCES[kind], **selectors)

    def patch(self, kind: str, name: str, patch: Any) -> None:
        """Merge-patch an object."""
        namespace = "" if kind in CLUSTER_SCOPED else "default"
        self.cluster.admin.patch(RESOURCES[kind], namespace, name, patch)

    def delete(self, kind: str, name: str, **options: Any) -> None:
        """Delete an object."""
        namespace = "" if kind in CLUSTER_SCOPED else "default"
        self.cluster.admin.delete(RESOURCES[kind], namespace, name, **options)

    def settle(self) -> None:
        """Run until nothing is in progress."""
        self.cluster.sim.run_until_idle()

    def run_for(self, *, seconds: float) -> None:
        """Let virtual time pass."""
        self.cluster.sim.run_for(round(seconds * 1000))

    def watch(self, *, seconds: float, check: Callable[[], None]) -> None:
        """Let virtual time pass; ``check`` the world after every revision of it."""
        sim, cluster = self.cluster.sim, self.cluster
        end_ms, revision = sim.now_ms + round(seconds * 1000), cluster.revision
        sim.schedule(round(seconds * 1000), lambda _: None, background=True)
        while sim.now_ms < end_ms and sim.step():
            if cluster.revision != revision:
                revision = cluster.revision
                check()

    def facts(self, *kinds: type) -> Any:
        """Facts of these kinds, in order."""
        return [
            record.fact
            for record in self.cluster.recorder.records
            if isinstance(record.fact, kinds)
        ]

    def events(self, name: str) -> list[str]:
        """``reason: message`` of the Kubernetes Events about an object, in order of writing."""
        events = self.list("Event", field_selector=f"involvedObject.name={name}")
        ordered = sorted(events, key=lambda event: int(event["metadata"]["resourceVersion"]))
        return [f"{event['reason']}: {event['message']}" for event in ordered]
