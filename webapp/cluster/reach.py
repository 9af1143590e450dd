"""Who can talk to whom, and why not: policies' verdicts with the way a packet would take, as JSON.

Asked by people through ``/explain/reach`` and ``podarium can-reach``. Nothing is sent and nothing is
drawn by chance, so asking changes nothing in the world.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from webapp.api.resources import NAMESPACES, PODS, SERVICES
from webapp.apimachinery.status import BadRequest, NotFound
from webapp.network.policy.ends import EGRESS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from webapp.apimachinery.meta import JSONObject
    from webapp.client.rest import RESTClient
    from webapp.cluster.fabric import Reach
    from webapp.network.cni import NetworkPlugin

    Ask = Callable[[str, str, int, str], list[Reach]]

MOST_PODS = 60
"""Pods of a matrix, and Pods that a namespace stands for."""
PROTOCOLS = ("SCTP", "TCP", "UDP")
OUTSIDE = "outside"


class _Place(NamedTuple):
    """An end as people know it: its name, its Node, and its own ports."""

    name: str
    node: str
    port: int
    host: bool


class ReachExplainer:
    """Answers questions about reaching."""

    def __init__(self, client: RESTClient, network: NetworkPlugin, ask: Ask) -> None:
        self._client = client
        self._network = network
        self._ask = ask

    def pairs(
        self, source: str, destination: str, namespace: str, port: int, protocol: str
    ) -> JSONObject:
        """Every pair of a source and a destination.

        Args:
            source: ``POD``, ``NAMESPACE/POD``, ``ns/NAMESPACE``, ``outside`` or an address.
            destination: The same, or ``svc/SERVICE`` and ``svc/NAMESPACE/SERVICE``; a name that no Pod has is
                taken for a Service's.
            namespace: Of names without one.
            port: Port dialled, 0 for the destination's first.
            protocol: TCP, UDP or SCTP.

        Raises:
            NotFound: There is no such Pod, Service or Namespace.
            BadRequest: The protocol is unknown, or a Service has no such port.
        """
        if protocol not in PROTOCOLS:
            raise BadRequest(f"protocol is one of {', '.join(PROTOCOLS)}")
        results = [
            self._pair(one, other, dialled, protocol)
            for one in self._sources(source, namespace)
            for other, dialled in self._destinations(destination, namespace, port)
            if one != other
        ]
        return {
            "from": source,
            "to": destination,
            "protocol": protocol,
            **self._plugin(),
            "pairs": results,
        }

    def matrix(self, namespace: str, port: int, protocol: str) -> JSONObject:
        """Every Pod of a namespace to every other; ``cells`` hold places in ``verdicts``, -1 for itself.

        Raises:
            NotFound: There is no such Namespace.
        """
        if protocol not in PROTOCOLS:
            raise BadRequest(f"protocol is one of {', '.join(PROTOCOLS)}")
        pods = self._pods_of(namespace)
        shown = pods[:MOST_PODS]
        names = [f"{namespace}/{pod['metadata']['name']}" for pod in shown]
        places = [_place(pod) for pod in shown]
        verdicts: dict[str, tuple[int, JSONObject]] = {}
        cells = []
        for source in names:
            row = []
            for name, place in zip(names, places, strict=True):
                if name == source:
                    row.append(-1)
                    continue
                (reach,) = self._ask(source, name, port or place.port, protocol)
                verdict = _verdict(reach)
                row.append(verdicts.setdefault(str(verdict), (len(verdicts), verdict))[0])
            cells.append(row)
        return {
            "namespace": namespace,
            "protocol": protocol,
            **self._plugin(),
            "pods": [
                {"name": place.name, "node": place.node, "port": port or place.port}
                for place in places
            ],
            "left": len(pods) - len(shown),
            "verdicts": [verdict for _, verdict in verdicts.values()],
            "cells": cells,
        }

    def _plugin(self) -> JSONObject:
        profile = self._network.profile
        return {"plugin": profile.name, "enforced": profile.enforces_policies}

    # --- names

    def _sources(self, text: str, namespace: str) -> list[str]:
        if text.startswith("ns/"):
            return [_key(pod) for pod in self._pods_of(text.removeprefix("ns/"))[:MOST_PODS]]
        if _is_address(text) or text == OUTSIDE:
            return [text]
        return [_key(self._pod(text, namespace))]

    def _destinations(self, text: str, namespace: str, port: int) -> list[tuple[str, int]]:
        if text.startswith("ns/"):
            pods = self._pods_of(text.removeprefix("ns/"))[:MOST_PODS]
            return [(_key(pod), port or _place(pod).port) for pod in pods]
        if text.startswith("svc/"):
            return [self._service(text.removeprefix("svc/"), namespace, port)]
        if _is_address(text):
            return [(text, port or 80)]
        try:
            pod = self._pod(text, namespace)
        except NotFound as missing:
            try:
                return [self._service(text, namespace, port)]
            except NotFound:
                raise missing from None
        return [(_key(pod), port or _place(pod).port)]

    def _pod(self, text: str, namespace: str) -> JSONObject:
        text = text.removeprefix("pod/")
        where, _, name = text.rpartition("/")
        return self._client.get(PODS, where or namespace, name)

    def _service(self, text: str, namespace: str, port: int) -> tuple[str, int]:
        where, _, name = text.rpartition("/")
        service = self._client.get(SERVICES, where or namespace, name)
        ports = [entry["port"] for entry in service["spec"].get("ports") or ()]
        return f"svc/{where or namespace}/{name}", port or (ports[0] if ports else 80)

    def _pods_of(self, namespace: str) -> list[JSONObject]:
        self._client.get(NAMESPACES, "", namespace)
        pods = self._client.list(PODS, namespace)
        return [pod for pod in pods if (pod.get("status") or {}).get("podIP")]

    # --- answers

    def _pair(self, source: str, destination: str, port: int, protocol: str) -> JSONObject:
        try:
            found = self._ask(source, destination, port, protocol)
        except LookupError as error:
            raise BadRequest(str(error.args[0])) from error
        return {
            "from": source,
            "to": destination,
            "port": port,
            "allowed": bool(found) and all(reach.allowed for reach in found),
            "endpoints": [self._endpoint(source, destination, port, reach) for reach in found],
            "reason": "" if found else "noEndpoints",
        }

    def _endpoint(self, source: str, dialled: str, port: int, reach: Reach) -> JSONObject:
        return {
            "to": reach.destination,
            "port": reach.port,
            **_verdict(reach),
            "hops": list(self._hops(source, dialled, port, reach)),
        }

    def _hops(self, source: str, dialled: str, port: int, reach: Reach) -> Iterable[str]:
        """The way in words; it ends where it is stopped."""
        start, end = self._node_of(reach.source), self._node_of(reach.destination)
        if source == OUTSIDE:
            yield "a client outside the cluster"
        else:
            yield f"{source}{f' on {start}' if start else ''}"
        if not reach.allowed and reach.verdict.stopped == EGRESS:
            yield f"stopped as it leaves: egress, {_policies(reach)}"
            return
        if dialled.startswith("svc/"):
            name = dialled.removeprefix("svc/")
            yield f"rules of {name}:{port} choose {reach.destination}:{reach.port}"
        if start and end and start != end:
            yield f"{self._network.profile.encapsulation} from {start} to {end}"
        if not reach.allowed:
            yield f"stopped as it arrives{f' on {end}' if end else ''}: ingress, {_policies(reach)}"
            return
        yield f"{reach.destination}:{reach.port}{f' on {end}' if end else ''}"

    def _node_of(self, text: str) -> str:
        namespace, slash, name = text.partition("/")
        if not slash:
            return ""
        try:
            pod = self._client.get(PODS, namespace, name)
        except NotFound:
            return ""
        return str(pod["spec"].get("nodeName") or "")


def _verdict(reach: Reach) -> JSONObject:
    verdict = reach.verdict
    return {
        "allowed": reach.allowed,
        "stopped": "" if reach.allowed else verdict.stopped,
        "policies": list(verdict.policies),
        "rule": verdict.rule,
        "ignored": not verdict.allowed and not reach.enforced,
    }


def _policies(reach: Reach) -> str:
    names = ", ".join(reach.verdict.policies)
    return f"no rule of {names} allows it"


def _place(pod: JSONObject) -> _Place:
    spec = pod["spec"]
    ports = [
        entry["containerPort"]
        for container in spec["containers"]
        for entry in container.get("ports") or ()
    ]
    return _Place(
        pod["metadata"]["name"],
        spec.get("nodeName") or "",
        ports[0] if ports else 80,
        bool(spec.get("hostNetwork")),
    )


def _key(pod: JSONObject) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"


def _is_address(text: str) -> bool:
    return text.replace(".", "").isdecimal() and text.count(".") == 3
