"""The pod network's traffic as the page gets it: facts of one request put together, and flows.

Facts enter through the recorder; :meth:`RequestViews.take` gives one frame of what is new. The newest
requests are kept, so that a viewer who comes later, or pauses, can look at them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webapp.live.frames import (
    FlowView,
    HopView,
    LookupView,
    NetworkView,
    PeerView,
    Requests,
    RequestView,
)
from webapp.trace.facts import NameLookedUp, NetworkRequestEnded, NetworkRequestRouted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.network.flows import Flow, FlowKey, FlowLog
    from webapp.network.plugins import PluginProfile
    from webapp.sim.loop import Simulation
    from webapp.trace.facts import Peer
    from webapp.trace.recorder import FactRecord, Recorder

REQUEST_FACTS = (NameLookedUp, NetworkRequestRouted, NetworkRequestEnded)
KEPT_REQUESTS = 500
REQUESTS_A_FRAME = 200
WHOLE_FLOWS = 1_000


class RequestViews:
    """Requests and flows, and which of them changed since the last frame."""

    def __init__(
        self, sim: Simulation, recorder: Recorder, flows: FlowLog, network: NetworkView
    ) -> None:
        self._sim = sim
        self._network = network
        self._flows = flows
        self._views: dict[int, RequestView] = {}
        self._changed: dict[int, None] = {}
        self._counted = flows.total
        self._told = 0
        recorder.subscribe(self._on_fact, REQUEST_FACTS)

    def take(self) -> Requests | None:
        """What is new since the last call, or ``None``."""
        flows = self._flows.take_changed()
        if not flows and not self._changed:
            return None
        ended = self._flows.total - self._counted
        newest = list(self._changed)[-REQUESTS_A_FRAME:]
        frame = Requests(
            whole=False,
            network=None,
            requests=[self._views[id_] for id_ in newest if id_ in self._views],
            flows=self._flow_views(flows),
            dropped=max(0, ended - self._told),
        )
        self._changed = {}
        self._counted = self._flows.total
        self._told = 0
        return frame

    def whole(self) -> Requests:
        """All flows and the newest requests, for a viewer that begins."""
        flows = list(self._flows.flows.items())[-WHOLE_FLOWS:]
        return Requests(
            whole=True,
            network=self._network,
            requests=list(self._views.values())[-REQUESTS_A_FRAME:],
            flows=self._flow_views(flows),
            dropped=0,
        )

    def _flow_views(self, flows: Iterable[tuple[FlowKey, Flow]]) -> list[FlowView]:
        now_ms = self._sim.now_ms
        return [flow_view(key, flow, now_ms) for key, flow in flows]

    def _on_fact(self, record: FactRecord) -> None:
        fact = record.fact
        if isinstance(fact, NameLookedUp):
            # A look-up of its own is shown as a request without a way.
            self._put(fact.request or -record.seq, _looked_up(record, fact))
        elif isinstance(fact, NetworkRequestRouted):
            before = self._views.get(fact.request)
            self._put(fact.request, _routed(record, fact, before))
        elif isinstance(fact, NetworkRequestEnded):
            self._told += 1
            before = self._views.get(fact.request)
            if before is not None:
                self._put(fact.request, _ended(record, fact, before))

    def _put(self, id_: int, view: RequestView) -> None:
        self._views[id_] = view
        self._changed[id_] = None
        if len(self._views) > KEPT_REQUESTS:
            del self._views[next(iter(self._views))]


def network_view(profile: PluginProfile) -> NetworkView:
    """The network plugin as the page reads it."""
    return NetworkView(
        plugin=profile.name,
        encapsulation=profile.encapsulation,
        enforces_policies=profile.enforces_policies,
        pool=profile.pool,
        block_prefix=profile.block_prefix,
        remark=profile.remark,
    )


def flow_view(key: FlowKey, flow: Flow, now_ms: int) -> FlowView:
    """A flow as the page reads it."""
    return FlowView(
        client_uid=key.client_uid,
        client=key.client,
        client_node=key.client_node,
        service=key.service,
        endpoint_uid=key.endpoint_uid,
        endpoint=key.endpoint,
        endpoint_node=key.endpoint_node,
        outcome=key.outcome,
        code=key.code,
        reason=key.reason,
        policy=key.policy,
        count=flow.count,
        per_second=flow.per_second(now_ms),
        last=flow.last_ms,
    )


def peer_view(peer: Peer) -> PeerView:
    """One end of a request as the page reads it."""
    return PeerView(**peer._asdict())


def _looked_up(record: FactRecord, fact: NameLookedUp) -> RequestView:
    until = record.at_ms + fact.duration_ms
    alone = fact.request == 0
    lookup = LookupView(
        at=record.at_ms,
        duration=fact.duration_ms,
        name=fact.name,
        server=fact.server,
        endpoint=peer_view(fact.endpoint) if fact.endpoint is not None else None,
        questions=[list(question) for question in fact.questions],
        answers=list(fact.answers),
        outcome=fact.outcome,
        reason=fact.reason,
        policy=fact.policy,
        rule=fact.rule,
    )
    return RequestView(
        id=fact.request or -record.seq,
        seq=record.seq,
        client=peer_view(fact.client),
        protocol="UDP",
        summary=f"look up {fact.name}",
        lookup=lookup,
        at=None,
        arrives=None,
        dialled="",
        via="",
        service="",
        endpoint=None,
        hops=[],
        stopped_at=-1,
        reason="",
        policy="",
        rule="",
        until=until if alone else None,
        outcome=fact.outcome if alone else "",
        code=0,
        answer=", ".join(fact.answers) if alone else "",
        took=fact.duration_ms if alone else 0,
    )


def _routed(
    record: FactRecord, fact: NetworkRequestRouted, before: RequestView | None
) -> RequestView:
    return RequestView(
        id=fact.request,
        seq=record.seq,
        client=peer_view(fact.client),
        protocol=fact.protocol,
        summary=fact.summary,
        lookup=before.lookup if before is not None else None,
        at=record.at_ms,
        arrives=record.at_ms + fact.duration_ms,
        dialled=fact.dialled,
        via=fact.via,
        service=fact.service,
        endpoint=peer_view(fact.endpoint) if fact.endpoint is not None else None,
        hops=[
            HopView(kind=hop.kind, name=hop.name, node=hop.node, duration=hop.duration_ms)
            for hop in fact.hops
        ],
        stopped_at=fact.stopped_at,
        reason=fact.reason,
        policy=fact.policy,
        rule=fact.rule,
        until=None,
        outcome="",
        code=0,
        answer="",
        took=0,
    )


def _ended(record: FactRecord, fact: NetworkRequestEnded, before: RequestView) -> RequestView:
    return msgspec.structs.replace(
        before,
        seq=record.seq,
        until=record.at_ms,
        outcome=fact.outcome,
        code=fact.code,
        answer=fact.summary,
        took=fact.took_ms,
    )
