"""Traffic objects: requests at a steady rate, from outside or out of Pods, each one counted.

A Traffic enters through an informer; its status leaves once a virtual second while requests are sent.
Requests take the same ways as those of programs; only the sampled ones leave facts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from webapp.api.resources import TRAFFICS
from webapp.api.sim.durations import parse_duration_ms
from webapp.api.sim.traffic import HTTP
from webapp.apimachinery.labels import selector_from_label_selector
from webapp.apimachinery.meta import namespaced_name
from webapp.apimachinery.status import Conflict, NotFound
from webapp.apimachinery.timestamps import time_text
from webapp.cluster.paths import FROM_OUTSIDE, Client
from webapp.cri.programs.network import (
    ANSWERED,
    NO_NAME,
    REFUSED,
    RESET,
    TIMEOUT,
    UNREACHABLE,
    Connection,
    HTTPRequest,
    Stopped,
)
from webapp.network.ipam import number
from webapp.network.resolver import NODE_RESOLVER, ResolverConfig, pod_resolver

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.client.informer import InformerFactory, SharedInformer
    from webapp.client.rest import RESTClient
    from webapp.cluster.fabric import Fabric
    from webapp.cluster.node import Machines
    from webapp.cluster.requests import PodRequest
    from webapp.sim.events import Timer
    from webapp.sim.loop import Simulation

STATUS_MS = 1_000
REMEMBERED_NAME_MS = 1_000
"""How long a client keeps an address that it looked up."""
MOST_ENDPOINTS = 100
REFRESH_MS = 500
"""How often the Pods that send are looked for."""
_WORDS = {
    NO_NAME: "NameNotFound",
    REFUSED: "Refused",
    RESET: "Reset",
    TIMEOUT: "Timeout",
    UNREACHABLE: "Unreachable",
}
_REASONS = {
    "noEndpoints": "NoEndpoints",
    "noLocalEndpoints": "NoEndpoints",
    "policy": "PolicyDenied",
}


class Destination(NamedTuple):
    """What is dialled: a host, which may be a name, its port, and the path."""

    host: str
    port: int
    path: str
    protocol: str


class Source(NamedTuple):
    """Somebody who sends."""

    client: Client
    resolver: ResolverConfig


class Stream:
    """One Traffic that runs.

    Attributes:
        key: ``namespace/name``.
        spec: As the object has it.
        requests: Sent so far.
        outcomes: Outcome → how many.
        endpoints: Endpoint → how many, and how many of them failed.
    """

    def __init__(self, traffic: JSONObject, now_ms: int) -> None:
        spec = traffic["spec"]
        self.key = namespaced_name(traffic)
        self.uid = traffic["metadata"]["uid"]
        self.namespace = traffic["metadata"]["namespace"]
        self.spec = spec
        self.rate = float(spec["requestsPerSecond"])
        self.timeout_ms = parse_duration_ms(spec.get("timeout") or "1s")
        self.started_ms = now_ms
        length = spec.get("duration")
        self.ends_ms = now_ms + parse_duration_ms(length) if length else None
        self.requests = 0
        self.outcomes: dict[str, int] = {}
        self.endpoints: dict[str, tuple[int, int]] = {}
        self.sources: list[Source] = []
        self.sources_ms = -REFRESH_MS
        self.addresses: dict[tuple[str, str], tuple[str, int]] = {}
        self.problem = ""
        self.timer: Timer | None = None
        self.told_ms = now_ms
        self.latency_ms = 0
        self.answers = 0
        self.turn = 0
        self.done = False

    @property
    def step_ms(self) -> int:
        """Milliseconds from one batch to the next."""
        return max(1, round(1000 / self.rate))

    def due(self, now_ms: int) -> int:
        """How many requests are to be sent by now."""
        elapsed_ms = min(now_ms, self.ends_ms or now_ms) - self.started_ms
        return int(elapsed_ms * self.rate / 1000) - self.requests


class TrafficGenerator:
    """Sends what Traffic objects ask for."""

    def __init__(
        self,
        sim: Simulation,
        client: RESTClient,
        informers: InformerFactory,
        machines: Machines,
        services: SharedInformer,
    ) -> None:
        self._sim = sim
        self._client = client
        self._informers = informers
        self._machines = machines
        self._fabric: Fabric = machines.fabric
        self._streams: dict[str, Stream] = {}
        self._traffics = informers.informer(TRAFFICS)
        self._services = services

    def start(self) -> None:
        """Watch Traffic objects from now on."""
        self._traffics.add_handler(
            on_add=self._on_added, on_update=self._on_updated, on_delete=self._on_deleted
        )
        self._informers.start()

    # --- the life of a Traffic

    def _on_added(self, traffic: JSONObject) -> None:
        if any(
            condition.get("type") == "Finished" and condition.get("status") == "True"
            for condition in (traffic.get("status") or {}).get("conditions") or ()
        ):
            return
        stream = Stream(traffic, self._sim.now_ms)
        self._streams[stream.key] = stream
        self._schedule(stream)

    def _on_updated(self, old: JSONObject, new: JSONObject) -> None:
        if old["spec"] != new["spec"] or old["metadata"]["uid"] != new["metadata"]["uid"]:
            self._on_deleted(old)
            self._streams[namespaced_name(new)] = stream = Stream(new, self._sim.now_ms)
            self._schedule(stream)

    def _on_deleted(self, traffic: JSONObject) -> None:
        stream = self._streams.pop(namespaced_name(traffic), None)
        if stream is not None:
            stream.done = True
            self._sim.cancel(stream.timer)

    def _schedule(self, stream: Stream) -> None:
        # Traffic with an end is work in progress; one without would keep the world busy for ever.
        stream.timer = self._sim.schedule(
            stream.step_ms, self._send, stream, background=stream.ends_ms is None
        )

    def _send(self, stream: Stream) -> None:
        now_ms = self._sim.now_ms
        if now_ms - stream.sources_ms >= REFRESH_MS:
            self._find_sources(stream)
        destination = self._destination(stream)
        for _ in range(stream.due(now_ms)):
            stream.requests += 1
            if destination is None or not stream.sources:
                self._count(stream, "NoSource" if destination else "NoDestination", "")
                continue
            source = stream.sources[stream.turn % len(stream.sources)]
            stream.turn += 1
            self._one(stream, source, destination)
        over = stream.ends_ms is not None and now_ms >= stream.ends_ms
        if over or now_ms - stream.told_ms >= STATUS_MS:
            self._tell(stream, over=over)
        if not over and not stream.done:
            self._schedule(stream)

    # --- who and where

    def _find_sources(self, stream: Stream) -> None:
        stream.sources_ms = self._sim.now_ms
        selector = stream.spec.get("from", {}).get("podSelector")
        if selector is None:
            stream.sources = [Source(FROM_OUTSIDE, NODE_RESOLVER)]
            return
        wanted = selector_from_label_selector(selector)
        stream.sources = [
            source
            for pod in self._fabric.ends.pods_in(stream.namespace)
            if wanted.matches(pod["metadata"].get("labels"))
            and (source := self._source(pod)) is not None
        ]

    def _source(self, pod: JSONObject) -> Source | None:
        node, ip = pod["spec"].get("nodeName", ""), (pod.get("status") or {}).get("podIP", "")
        runtime = self._machines.runtime_of(node) if node and ip else None
        if runtime is None:
            return None
        for sandbox in runtime.sandboxes_at(ip):
            if sandbox.config.pod.uid == pod["metadata"]["uid"]:
                end = self._fabric.ends.of_sandbox(sandbox, node)
                resolver = pod_resolver(pod["metadata"]["namespace"], pod["spec"])
                return Source(Client(end, node, sandbox), resolver)
        return None

    def _destination(self, stream: Stream) -> Destination | None:
        to = stream.spec["to"]
        path, protocol = to.get("path") or "/", to.get("protocol") or HTTP
        if to.get("url"):
            parts = urlsplit(to["url"])
            query = f"?{parts.query}" if parts.query else ""
            return Destination(
                parts.hostname or "", parts.port or 80, (parts.path or path) + query, protocol
            )
        namespace = to.get("namespace") or stream.namespace
        if to.get("pod"):
            return self._pod_destination(f"{namespace}/{to['pod']}", to, path, protocol)
        external = not stream.spec.get("from", {}).get("podSelector")
        key = f"{namespace}/{to['service']}"
        return self._service_destination(key, to, path, protocol, external=external)

    def _pod_destination(
        self, key: str, to: JSONObject, path: str, protocol: str
    ) -> Destination | None:
        pod = self._fabric.ends.pod(*key.split("/"))
        ip = ((pod or {}).get("status") or {}).get("podIP")
        if pod is None or not ip:
            return None
        wanted = to.get("port")
        ports = [
            port for container in pod["spec"]["containers"] for port in container.get("ports") or ()
        ]
        if isinstance(wanted, int):
            return Destination(ip, wanted, path, protocol)
        for port in ports:
            if wanted in (None, port.get("name")):
                return Destination(ip, port["containerPort"], path, protocol)
        return Destination(ip, 80, path, protocol) if wanted is None else None

    def _service_destination(
        self, key: str, to: JSONObject, path: str, protocol: str, *, external: bool
    ) -> Destination | None:
        service = self._services.get(key)
        if service is None:
            return None
        wanted = to.get("port")
        port = next(
            (
                port
                for port in service["spec"].get("ports") or ()
                if wanted is None or wanted in (port["port"], port.get("name"))
            ),
            None,
        )
        if port is None:
            return None
        if external:
            return self._external_destination(service, port, path, protocol)
        name = f"{key.partition('/')[2]}.{key.partition('/')[0]}.svc.cluster.local."
        return Destination(name, port["port"], path, protocol)

    def _external_destination(
        self, service: JSONObject, port: JSONObject, path: str, protocol: str
    ) -> Destination:
        """Where somebody outside dials a Service: its balancer, an external address, or a NodePort."""
        spec = service["spec"]
        ingresses = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
        addresses = [ingress["ip"] for ingress in ingresses if ingress.get("ip")]
        addresses += spec.get("externalIPs") or []
        if addresses:
            return Destination(addresses[0], port["port"], path, protocol)
        nodes = self._machines.plane.nodes()
        if port.get("nodePort") and nodes:
            node = nodes[self._sim.now_ms % len(nodes)]
            return Destination(self._machines.address_of(node), port["nodePort"], path, protocol)
        # A ClusterIP means nothing outside.
        return Destination(spec.get("clusterIP") or "", port["port"], path, protocol)

    # --- one request

    def _one(self, stream: Stream, source: Source, to: Destination) -> None:
        verb = "GET http://" if to.protocol == HTTP else f"{to.protocol.lower()} "
        request = self._fabric.requests.begin(
            source.client, source.resolver, f"{verb}{to.host.rstrip('.')}:{to.port}{to.path}"
        )
        ip, waited_ms = self._address(stream, request, to.host)
        if not ip:
            self._finish(stream, request, NO_NAME, 0, min(waited_ms, stream.timeout_ms))
            return
        found = request.connect(ip, to.port, "UDP" if to.protocol == "UDP" else "TCP")
        if isinstance(found, Stopped):
            patient = waited_ms + found.wait_ms <= stream.timeout_ms
            kind = found.kind if patient else TIMEOUT
            wait_ms = min(waited_ms + found.wait_ms, stream.timeout_ms)
            self._finish(stream, request, kind, 0, wait_ms)
            return
        self._answer(stream, request, found, to, waited_ms)

    def _answer(
        self,
        stream: Stream,
        request: PodRequest,
        found: Connection,
        to: Destination,
        waited_ms: int,
    ) -> None:
        took_ms, code, outcome = waited_ms + found.latency_ms, 0, ANSWERED
        if to.protocol == HTTP:
            answer = found.server.answer(
                HTTPRequest("GET", to.path, to.host, client_ip=found.client_ip)
            )
            if answer is None:
                outcome = RESET
            else:
                code = answer.status
                took_ms += answer.took_ms
        if took_ms > stream.timeout_ms:
            outcome, code, took_ms = TIMEOUT, 0, stream.timeout_ms
        self._finish(stream, request, outcome, code, took_ms)

    def _address(self, stream: Stream, request: PodRequest, host: str) -> tuple[str, int]:
        """The address of a host, and how long finding it took; "" for none."""
        if number(host) >= 0:
            return host, 0
        key = (request.client.end.uid, host)
        held = stream.addresses.get(key)
        if held is not None and held[1] > self._sim.now_ms:
            return held[0], 0
        found = request.lookup(host)
        ip = found.addresses[0][1] if found.addresses else ""
        if ip:
            stream.addresses[key] = (ip, self._sim.now_ms + REMEMBERED_NAME_MS)
        return ip, found.took_ms

    def _finish(
        self, stream: Stream, request: PodRequest, outcome: str, code: int, took_ms: int
    ) -> None:
        way = request.way
        reason = way.reason if way is not None else ""
        endpoint = f"{way.ip}:{way.port}" if way is not None and way.ip else ""
        word = str(code) if code else _REASONS.get(reason) or _WORDS.get(outcome, "Connected")
        if way is not None and way.end is not None and way.end.namespace:
            endpoint = f"{way.end.namespace}/{way.end.name}"
        self._count(stream, word, endpoint, failed=outcome != ANSWERED or code >= 500)
        if outcome == ANSWERED:
            stream.answers += 1
            stream.latency_ms += took_ms
        if request.told:
            self._sim.schedule(
                took_ms, _end, (request, outcome, code, word), background=stream.ends_ms is None
            )
        else:
            request.end(outcome, code)

    def _count(self, stream: Stream, outcome: str, endpoint: str, *, failed: bool = True) -> None:
        stream.outcomes[outcome] = stream.outcomes.get(outcome, 0) + 1
        if endpoint and (endpoint in stream.endpoints or len(stream.endpoints) < MOST_ENDPOINTS):
            requests, failures = stream.endpoints.get(endpoint, (0, 0))
            stream.endpoints[endpoint] = (requests + 1, failures + failed)

    # --- status

    def _tell(self, stream: Stream, *, over: bool) -> None:
        stream.told_ms = self._sim.now_ms
        traffic = self._traffics.get(stream.key)
        if traffic is None or traffic["metadata"]["uid"] != stream.uid:
            return
        status: JSONObject = {
            "requests": stream.requests,
            "outcomes": {name: stream.outcomes[name] for name in sorted(stream.outcomes)},
            "endpoints": [
                {"endpoint": name, "requests": requests, "failures": failures}
                for name, (requests, failures) in sorted(stream.endpoints.items())
            ],
            "latencyMilliseconds": round(stream.latency_ms / stream.answers)
            if stream.answers
            else 0,
            "conditions": [_finished(traffic, self._sim.now_ms, over=over)],
        }
        stream.latency_ms = stream.answers = 0
        namespace, _, name = stream.key.partition("/")
        try:
            self._client.patch(TRAFFICS, namespace, name, {"status": status}, subresource="status")
        except (Conflict, NotFound):  # it changed or went just now: the watch will tell
            return


def _finished(traffic: JSONObject, now_ms: int, *, over: bool) -> JSONObject:
    before = ((traffic.get("status") or {}).get("conditions") or [{}])[0]
    status = "True" if over else "False"
    since = before.get("lastTransitionTime") if before.get("status") == status else None
    return {
        "type": "Finished",
        "status": status,
        "reason": "DurationPassed" if over else "Sending",
        "message": "all requests are sent" if over else "requests are being sent",
        "lastTransitionTime": since or time_text(now_ms),
    }


def _end(key: tuple[PodRequest, str, int, str]) -> None:
    request, outcome, code, summary = key
    request.end(outcome, code, summary)
