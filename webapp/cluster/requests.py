"""Requests in the pod network: told as facts while they are few, and each one counted.

A client begins a request, looks a name up, connects, and says how it ended. The way is followed by
:mod:`webapp.cluster.paths`; here it gets its id, its facts and its place in the flows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from webapp.cluster.ends import peer_of
from webapp.cri.programs.network import (
    ANSWERED,
    LONGEST_WAIT_MS,
    NO_NAME,
    REFUSED,
    TIMEOUT,
    Connection,
    Lookup,
    Stopped,
)
from webapp.network.dns import NOERROR, outside_answer
from webapp.network.flows import FlowKey
from webapp.network.outside import RESOLVER_ADDRESS
from webapp.trace.facts import (
    Hop,
    NameLookedUp,
    NetworkRequestEnded,
    NetworkRequestRouted,
    ObjectRef,
    Peer,
)

if TYPE_CHECKING:
    from webapp.cluster.listeners import Listeners
    from webapp.cluster.paths import Client, Paths, Way
    from webapp.cri.programs.network import Server
    from webapp.network.dns import Answer, ClusterDNS
    from webapp.network.flows import FlowLog
    from webapp.network.policy.ends import End
    from webapp.network.resolver import ResolverConfig
    from webapp.sim.loop import Simulation
    from webapp.trace.recorder import Recorder

TOLD_A_SECOND = 200
"""Requests that leave facts, a virtual second; all are counted."""


class Asked(NamedTuple):
    """What asking a name server came to.

    Attributes:
        answers: Answers in order; ``None`` when it could not be asked.
        took_ms: Until they were there, or until nobody waits any more.
        way: The way of the questions.
    """

    answers: list[Answer] | None
    took_ms: int
    way: Way


class Requests:
    """All requests of a world."""

    def __init__(
        self,
        sim: Simulation,
        recorder: Recorder,
        paths: Paths,
        dns: ClusterDNS,
        listeners: Listeners,
        flows: FlowLog,
    ) -> None:
        self.sim = sim
        self.paths = paths
        self.listeners = listeners
        self.flows = flows
        self._recorder = recorder
        self._dns = dns
        self._last_id = 0
        self._second = -1
        self._told = 0

    def begin(self, client: Client, resolver: ResolverConfig, summary: str) -> PodRequest:
        """A client begins a request."""
        self._last_id += 1
        return PodRequest(self, client, resolver, summary, self._last_id, told=self.is_told())

    def is_told(self) -> bool:
        """Whether the next request leaves facts."""
        second = self.sim.now_ms // 1000
        if second != self._second:
            self._second, self._told = second, 0
        self._told += 1
        return self._told <= TOLD_A_SECOND

    def ask(self, client: Client, server: str, names: list[tuple[str, str]]) -> Asked:
        """Ask a name server for pairs of full name and type, one question after the other."""
        way = self.paths.travel(client, server, 53, "UDP", self.sim.now_ms)
        if way.kind:
            return Asked(None, 0, way)
        if server == RESOLVER_ADDRESS:
            answers = [outside_answer(name, type_) for name, type_ in names]
        elif self.listeners.is_name_server(way):
            answers = [self._dns.query(name, type_) for name, type_ in names]
        else:
            way.stop(TIMEOUT, "notListening", LONGEST_WAIT_MS)
            return Asked(None, 0, way)
        return Asked(answers, max(1, len(names) * way.round_trip_ms), way)

    def route(
        self, request: PodRequest, ip: str, port: int, protocol: str
    ) -> tuple[Way, Server | None]:
        """Send a request's first packet; tell its way, and who answers at its end."""
        way = self.paths.travel(request.client, ip, port, protocol, self.sim.now_ms)
        server = None
        if not way.kind:
            server = self.listeners.at(way, protocol)
            if way.end is not None:
                way.hop("server", way.end.name or way.end.node or "outside", way.end.node, 0)
            if server is None:
                way.stop(REFUSED, "notListening", way.round_trip_ms)
        if request.told:
            self._recorder.record(routed_fact(request, way, f"{ip}:{port}", protocol))
        return way, server

    def looked_up(
        self, request: PodRequest, name: str, asked: Asked, found: Lookup, names: list[str]
    ) -> None:
        """Tell a look-up."""
        way = asked.way
        questions = tuple(
            (full, answer.rcode) for full, answer in zip(names, asked.answers or (), strict=False)
        ) or tuple((full, TIMEOUT) for full in names[:1])
        self._recorder.record(
            NameLookedUp(
                actor=actor_of(request.client.end),
                subject=subject_of(request.client.end),
                request=request.id,
                client=peer_of(request.client.end, 0, request.client.container),
                name=name,
                server=request.resolver.nameservers[0] if request.resolver.nameservers else "",
                endpoint=peer_of(way.end, 53) if way.end is not None else None,
                questions=questions,
                answers=tuple(address for _, address in found.addresses),
                outcome=found.outcome,
                reason=way.reason,
                policy=",".join(way.verdict.policies),
                rule=way.verdict.rule,
                duration_ms=found.took_ms,
            )
        )

    def ended(self, request: PodRequest, outcome: str, code: int, summary: str) -> None:
        """Tell how a request ended, and count it."""
        now_ms = self.sim.now_ms
        self.flows.count(flow_key(request.client.end, request.way, outcome, code), now_ms)
        if request.told:
            self._recorder.record(
                NetworkRequestEnded(
                    actor=actor_of(request.client.end),
                    subject=subject_of(request.client.end),
                    request=request.id,
                    outcome=outcome,
                    code=code,
                    summary=summary,
                    took_ms=now_ms - request.begun_ms,
                )
            )


class PodRequest:
    """One request of a client.

    Attributes:
        id: Its number.
        client: Who asks.
        resolver: How it looks names up.
        summary: What it is, for people.
        told: Whether it leaves facts.
        begun_ms: Virtual time.
        way: Its way, once it has set out.
    """

    __slots__ = ("_requests", "begun_ms", "client", "id", "resolver", "summary", "told", "way")

    def __init__(
        self,
        requests: Requests,
        client: Client,
        resolver: ResolverConfig,
        summary: str,
        id_: int,
        *,
        told: bool,
    ) -> None:
        self._requests = requests
        self.client = client
        self.resolver = resolver
        self.summary = summary
        self.id = id_
        self.told = told
        self.begun_ms = requests.sim.now_ms
        self.way: Way | None = None

    def lookup(self, name: str, type_: str = "A") -> Lookup:
        """Addresses of a name, along the search path."""
        requests, resolver = self._requests, self.resolver
        names = resolver.candidates(name)
        server = resolver.nameservers[0] if resolver.nameservers else ""
        asked = requests.ask(self.client, server, [(full, type_) for full in names])
        found = judge(asked, names, type_, resolver)
        if self.told:
            requests.looked_up(self, name, asked, found, names)
        return found

    def connect(self, ip: str, port: int, protocol: str = "TCP") -> Connection | Stopped:
        """Connect to an address."""
        way, server = self._requests.route(self, ip, port, protocol)
        self.way = way
        if server is None:
            return Stopped(way.kind, way.wait_ms)
        return Connection(way.ip, way.port, server, way.round_trip_ms, way.source.ip)

    def end(self, outcome: str, code: int = 0, summary: str = "") -> None:
        """The client has its answer, or gave up."""
        self._requests.ended(self, outcome, code, summary)


def judge(asked: Asked, names: list[str], type_: str, resolver: ResolverConfig) -> Lookup:
    """What answers along a search path come to: the first that has an address."""
    if asked.answers is None:
        return Lookup(TIMEOUT, (), resolver.patience_ms)
    each_ms = max(1, asked.took_ms // max(1, len(names)))
    for place, answer in enumerate(asked.answers):
        addresses = tuple(
            (record.name, record.data) for record in answer.records if record.type == type_
        )
        if answer.rcode == NOERROR and addresses:
            return Lookup(ANSWERED, addresses, each_ms * (place + 1))
    return Lookup(NO_NAME, (), asked.took_ms)


def routed_fact(request: PodRequest, way: Way, dialled: str, protocol: str) -> NetworkRequestRouted:
    """A request's way as a fact."""
    end = way.end
    endpoint: Peer | None = peer_of(end, way.port) if end is not None else None
    if endpoint is None and way.ip:
        endpoint = Peer("unknown", ip=way.ip, port=way.port)
    hops: tuple[Hop, ...] = tuple(way.hops)
    return NetworkRequestRouted(
        actor=actor_of(request.client.end),
        subject=subject_of(request.client.end),
        request=request.id,
        client=peer_of(request.client.end, 0, request.client.container),
        protocol=protocol,
        summary=request.summary,
        dialled=dialled,
        via=way.via,
        service=way.service,
        endpoint=endpoint,
        hops=hops,
        stopped_at=len(hops) - 1 if way.kind else -1,
        reason=way.reason,
        policy=",".join(way.verdict.policies),
        rule=way.verdict.rule,
        duration_ms=max(1, -(-way.travel_us // 1000)),
    )


def flow_key(client: End, way: Way | None, outcome: str, code: int) -> FlowKey:
    """What a request is counted with."""
    end = way.end if way is not None else None
    address = f"{way.ip}:{way.port}" if way is not None and way.ip else ""
    return FlowKey(
        name_of(client),
        client.uid,
        client.node,
        way.service if way is not None else "",
        address,
        end.uid if end is not None else "",
        end.node if end is not None else "",
        outcome,
        code,
        way.reason if way is not None else "",
        ",".join(way.verdict.policies) if way is not None else "",
    )


def name_of(end: End) -> str:
    """A client's name in the flows."""
    if end.namespace:
        return f"{end.namespace}/{end.name}"
    return end.node or "outside"


def actor_of(end: End) -> str:
    """Who acts, as facts name actors."""
    return f"pod/{name_of(end)}" if end.namespace else name_of(end)


def subject_of(end: End) -> ObjectRef | None:
    """The client's Pod, if it is one."""
    return ObjectRef("Pod", end.namespace, end.name, end.uid) if end.namespace else None
