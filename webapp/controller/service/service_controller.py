"""The service controller of a cloud: an address for each Service of the type LoadBalancer, after a while.

Services enter through the informer; their finalizer, ``status.loadBalancer`` and Events leave through the
API. The load balancers themselves are rules of the data plane.

Models:
    staging/src/k8s.io/cloud-provider/controllers/service/controller.go syncLoadBalancerIfNeeded, needsUpdate
    staging/src/k8s.io/cloud-provider/service/helpers/helper.go LoadBalancerCleanupFinalizer
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from webapp.api.resources import SERVICES
from webapp.apimachinery.meta import namespaced_name
from webapp.controller.controller import Controller
from webapp.controller.load_balancers import addresses_of
from webapp.sim.latency import Latency

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.context import ControllerContext

FINALIZER = "service.kubernetes.io/load-balancer-cleanup"
POOL = ip_network("172.18.255.0/24")
FIRST_HOST = 1
CREATION_LATENCY = Latency(6_000, 0.3, 2_000)
"""Until a cloud has made a load balancer."""
FAILED_RETRY_MS = 5_000
LONGEST_RETRY_MS = 300_000


class ServiceController(Controller):
    """Reconciles load balancers; keys are ``namespace/name`` of Services."""

    name = "service-lb-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._events = context.events("service-controller")
        self._stream = context.streams.stream("cloud/load-balancers")
        self._due_ms: dict[str, int] = {}
        self._failures: dict[str, int] = {}
        self._taken: dict[str, str] = {}
        self._services = context.informers.informer(SERVICES)
        self._services.add_handler(
            on_add=self._on_service,
            on_update=lambda _, new: self._on_service(new),
            on_delete=self._on_delete,
        )

    def sync(self, key: str) -> None:
        """Make, keep or take away the load balancer of one Service."""
        service = self._services.get(key)
        if service is None:
            return
        if not _wants_balancer(service):
            self._take_away(key, service)
            return
        if addresses_of(service):
            self._due_ms.pop(key, None)
            return
        due_ms = self._due_ms.get(key)
        if due_ms is None:
            self._begin(key, service)
        elif due_ms <= self.sim.now_ms:
            self._finish(key, service)
        else:
            self.enqueue_after(key, due_ms - self.sim.now_ms, background=False)

    def _begin(self, key: str, service: JSONObject) -> None:
        self._events.event(service, "Normal", "EnsuringLoadBalancer", "Ensuring load balancer")
        finalizers = service["metadata"].get("finalizers") or []
        if FINALIZER not in finalizers:
            self._patch(service, {"metadata": {"finalizers": [*finalizers, FINALIZER]}})
        delay_ms = CREATION_LATENCY.draw(self._stream)
        self._due_ms[key] = self.sim.now_ms + delay_ms
        self.enqueue_after(key, delay_ms, background=False)

    def _finish(self, key: str, service: JSONObject) -> None:
        wanted = service["spec"].get("loadBalancerIP") or ""
        address, problem = self._choose(key, wanted)
        if problem:
            self._fail(key, service, problem)
            return
        self._due_ms.pop(key, None)
        self._failures.pop(key, None)
        self._taken[address] = key
        ingress = [{"ip": address, "ipMode": "VIP"}]
        self._patch(service, {"status": {"loadBalancer": {"ingress": ingress}}}, "status")
        self._events.event(service, "Normal", "EnsuredLoadBalancer", "Ensured load balancer")
        self.acted(service, f"gave the load balancer the address {address}")

    def _choose(self, key: str, wanted: str) -> tuple[str, str]:
        """An address of the pool, or why there is none."""
        if wanted:
            if not _is_in_pool(wanted):
                return "", f"the requested address {wanted} is not in the pool {POOL}"
            if self._taken.get(wanted, key) != key:
                return "", f"the requested address {wanted} is used by {self._taken[wanted]}"
            return wanted, ""
        for number in range(FIRST_HOST, POOL.num_addresses - 1):
            address = str(POOL[number])
            if self._taken.get(address, key) == key:
                return address, ""
        return "", f"no address of the pool {POOL} is free"

    def _fail(self, key: str, service: JSONObject, problem: str) -> None:
        message = f"Error syncing load balancer: failed to ensure load balancer: {problem}"
        self._events.event(service, "Warning", "SyncLoadBalancerFailed", message)
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        delay_ms = min(FAILED_RETRY_MS << min(failures - 1, 10), LONGEST_RETRY_MS)
        self._due_ms[key] = self.sim.now_ms + delay_ms
        self.enqueue_after(key, delay_ms)

    def _take_away(self, key: str, service: JSONObject) -> None:
        """Take back what a Service does not want any more, or may not keep as it ends."""
        self._due_ms.pop(key, None)
        self._failures.pop(key, None)
        finalizers = service["metadata"].get("finalizers") or []
        if FINALIZER not in finalizers:
            return
        self._events.event(service, "Normal", "DeletingLoadBalancer", "Deleting load balancer")
        if addresses_of(service):
            self._patch(service, {"status": {"loadBalancer": {"ingress": None}}}, "status")
        rest = [name for name in finalizers if name != FINALIZER]
        self._patch(service, {"metadata": {"finalizers": rest or None}})
        self._give_back(key)
        self._events.event(service, "Normal", "DeletedLoadBalancer", "Deleted load balancer")

    def _give_back(self, key: str) -> None:
        for address in [address for address, owner in self._taken.items() if owner == key]:
            del self._taken[address]

    def _patch(self, service: JSONObject, patch: JSONObject, subresource: str = "") -> None:
        metadata = service["metadata"]
        self.client.patch(
            SERVICES, metadata["namespace"], metadata["name"], patch, subresource=subresource
        )

    def _on_service(self, service: JSONObject) -> None:
        key = namespaced_name(service)
        if _is_ours(service):
            for address in addresses_of(service):
                self._taken[address] = key
        elif FINALIZER not in (service["metadata"].get("finalizers") or ()):
            return
        self.enqueue(key)

    def _on_delete(self, service: JSONObject) -> None:
        key = namespaced_name(service)
        self._due_ms.pop(key, None)
        self._failures.pop(key, None)
        self._give_back(key)


def _is_in_pool(address: str) -> bool:
    try:
        return ip_address(address) in POOL
    except ValueError:
        return False


def _is_ours(service: JSONObject) -> bool:
    """Whether this cloud is asked; a class means somebody else."""
    spec = service["spec"]
    return spec.get("type") == "LoadBalancer" and not spec.get("loadBalancerClass")


def _wants_balancer(service: JSONObject) -> bool:
    return _is_ours(service) and "deletionTimestamp" not in service["metadata"]
