"""Who is behind an address: Pods, machines, and the outside, as policies and facts name them.

Models:
    pkg/apis/core/types.go PodSpec.hostNetwork
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import PODS
from webapp.network.outside import CLIENT_ADDRESS, HOSTS
from webapp.network.policy.ends import End, NamedPort
from webapp.trace.facts import Peer

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.client.informer import InformerFactory
    from webapp.cri.api import Sandbox

OUTSIDE = End(CLIENT_ADDRESS)
OUTSIDE_PEER = Peer("outside", name="outside", ip=CLIENT_ADDRESS)
BUILT_IN_DNS = End(
    "10.96.0.10",
    "kube-system",
    "coredns",
    {"k8s-app": "kube-dns"},
    ports=(NamedPort("dns", 53, "UDP"), NamedPort("dns-tcp", 53, "TCP")),
    uid="coredns",
)
"""The name server of a cluster that runs no CoreDNS of its own; policies see it as one."""


class Ends:
    """Pods as ends of connections, each made when it first takes part in one.

    The same Pod with the same labels is the same object, so that verdicts can be remembered by it.
    """

    def __init__(self, informers: InformerFactory) -> None:
        self._pods = informers.informer(PODS)
        self._ends: dict[str, End] = {}
        self._machines: dict[str, End] = {}
        self._outside: dict[str, End] = {}
        self._pods.add_handler(on_update=self._on_update, on_delete=self._on_delete)

    def pod(self, namespace: str, name: str) -> JSONObject | None:
        """A Pod's object."""
        return self._pods.get(f"{namespace}/{name}")

    def pods_in(self, namespace: str) -> list[JSONObject]:
        """Pods of a namespace, sorted by name."""
        return [pod for pod in self._pods.list() if pod["metadata"]["namespace"] == namespace]

    def of_sandbox(self, sandbox: Sandbox, node: str) -> End:
        """The end that a sandbox is."""
        ref = sandbox.config.pod
        end = self._ends.get(ref.uid)
        if end is None or end.ip != sandbox.ip:
            pod = self._pods.get(f"{ref.namespace}/{ref.name}") or {}
            end = self._ends[ref.uid] = End(
                sandbox.ip,
                ref.namespace,
                ref.name,
                (pod.get("metadata") or {}).get("labels") or {},
                node,
                named_ports(pod.get("spec") or {}),
                sandbox.config.host_network,
                ref.uid,
            )
        return end

    def of_pod(self, pod: JSONObject) -> End:
        """The end that a Pod is or, before it has an address, will be."""
        metadata, spec = pod["metadata"], pod["spec"]
        held = self._ends.get(metadata["uid"])
        if held is not None:
            return held
        return End(
            (pod.get("status") or {}).get("podIP", ""),
            metadata["namespace"],
            metadata["name"],
            metadata.get("labels") or {},
            spec.get("nodeName", ""),
            named_ports(spec),
            bool(spec.get("hostNetwork")),
            metadata["uid"],
        )

    def of_machine(self, node: str, ip: str) -> End:
        """A machine itself."""
        end = self._machines.get(node)
        if end is None or end.ip != ip:
            end = self._machines[node] = End(ip, node=node, host=True)
        return end

    def of_outside(self, ip: str) -> End:
        """An address outside the cluster."""
        if ip == CLIENT_ADDRESS:
            return OUTSIDE
        end = self._outside.get(ip)
        if end is None:
            end = End(ip)
            if ip in HOSTS:
                self._outside[ip] = end
        return end

    def _on_update(self, old: JSONObject, new: JSONObject) -> None:
        if old["metadata"].get("labels") != new["metadata"].get("labels"):
            self._on_delete(old)

    def _on_delete(self, pod: JSONObject) -> None:
        self._ends.pop(pod["metadata"]["uid"], None)


def named_ports(spec: JSONObject) -> tuple[NamedPort, ...]:
    """The ports of a Pod that have names."""
    return tuple(
        NamedPort(port["name"], port["containerPort"], port.get("protocol") or "TCP")
        for container in spec.get("containers") or ()
        for port in container.get("ports") or ()
        if port.get("name")
    )


def peer_of(end: End, port: int = 0, container: str = "") -> Peer:
    """An end as facts name it."""
    if end.namespace:
        kind, name = "pod", end.name
    elif end.host:
        kind, name = "node", end.node
    else:
        kind, name = "outside", HOSTS.get(end.ip, "outside")
    return Peer(kind, end.namespace, name, end.uid, container, end.ip, port, end.node)
