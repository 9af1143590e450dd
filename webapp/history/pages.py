"""The routes below ``/history``: JSON in the shapes of ``webapp.live.history``.

Anybody who may see the picture may see what it was; what the picture does not show (other kinds'
fields in a comparison) is for cluster admins, and whole objects of the past are read through the
Kubernetes API with ``?podariumAt=``, where RBAC judges.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import msgspec
from flask import Blueprint, Response, request

from webapp.apimachinery.status import BadRequest, StatusError
from webapp.history.compare import compare
from webapp.history.gone import find_gone
from webapp.history.moments import moment_view, neighbour, range_view
from webapp.history.timeline import DEFAULT_BUCKETS, TimelineLog
from webapp.http.codec import USER_KEY
from webapp.http.pages import ADMINS
from webapp.live.history import FactsPage, PastView
from webapp.live.projector import HIDDEN_FACTS, Projector, fact_view
from webapp.trace.facts import ObjectRef

if TYPE_CHECKING:
    from webapp.apimachinery.wire import UserInfo
    from webapp.cluster.cluster import Cluster
    from webapp.cluster.past import Moment, Past
    from webapp.history.timeline import Commands
    from webapp.live.frames import FactView

LAST_FACTS = 60
"""Facts that come with a moment: enough for the travellers then under way."""
DEFAULT_FACTS = 500
MAX_FACTS = 2000
_ENCODER = msgspec.json.Encoder()


def make_history(cluster: Cluster, commands: Commands) -> Blueprint:
    """The routes for one room."""
    pages = Blueprint("history", __name__, url_prefix="/history")
    past = cluster.past
    timeline = TimelineLog(past, commands)

    @pages.get("")
    def world() -> Response:
        moment = _moment(past, "at", past.newest)
        snapshot = Projector(cluster.at(moment)).snapshot()
        facts = _shown(past, moment)
        return _json(
            PastView(
                moment=moment_view(moment),
                range=range_view(past),
                snapshot=snapshot,
                facts=facts,
            )
        )

    @pages.get("/timeline")
    def show_timeline() -> Response:
        start, end = _moment(past, "from", past.oldest), _moment(past, "to", past.newest)
        return _json(timeline.view(start, end, _number("buckets", DEFAULT_BUCKETS)))

    @pages.get("/facts")
    def facts() -> Response:
        start, end = _moment(past, "from", past.oldest), _moment(past, "to", past.newest)
        return _json(_facts_page(past, start, end, _number("limit", DEFAULT_FACTS)))

    @pages.get("/step")
    def step() -> Response:
        moment = _moment(past, "at", past.newest)
        by, direction = request.args.get("by", "fact"), request.args.get("direction", "next")
        return _json(moment_view(neighbour(past, moment, by, direction)))

    @pages.get("/compare")
    def compare_moments() -> Response:
        before, after = _moment(past, "from", past.oldest), _moment(past, "to", past.newest)
        user: UserInfo | None = request.environ.get(USER_KEY)
        is_admin = user is not None and ADMINS in user.groups
        return _json(compare(past, before, after, sees_everything=is_admin))

    @pages.get("/gone")
    def gone() -> Response:
        kind, namespace, name, uid = (
            request.args.get(part, "") for part in ("kind", "namespace", "name", "uid")
        )
        if not kind or not name:
            raise BadRequest("kind and name say which object is meant")
        return _json(find_gone(past, ObjectRef(kind, namespace, name, uid)))

    @pages.errorhandler(StatusError)
    def refuse(error: StatusError) -> tuple[dict[str, object], int]:
        return error.status(), error.code

    return pages


def _moment(past: Past, parameter: str, default: Moment) -> Moment:
    text = request.args.get(parameter, "")
    return past.find(text) if text else default


def _number(parameter: str, default: int) -> int:
    text = request.args.get(parameter, "")
    if not text:
        return default
    if not text.isdecimal() or len(text) > 9:
        raise BadRequest(f"{parameter} is not a number")
    return int(text)


def _shown(past: Past, moment: Moment) -> list[FactView]:
    seen = (
        record
        for record in past.facts_back(moment.seq + 1)
        if not isinstance(record.fact, HIDDEN_FACTS)
    )
    return [fact_view(record) for record in islice(seen, LAST_FACTS)][::-1]


def _facts_page(past: Past, start: Moment, end: Moment, limit: int) -> FactsPage:
    if not 1 <= limit <= MAX_FACTS:
        raise BadRequest(f"limit is a number from 1 to {MAX_FACTS}")
    seen = (
        record
        for record in past.facts(start.seq, end.seq)
        if not isinstance(record.fact, HIDDEN_FACTS)
    )
    page = list(islice(seen, limit))
    has_more = next(seen, None) is not None
    return FactsPage(
        facts=[fact_view(record) for record in page],
        next=f"seq:{page[-1].seq}" if has_more else "",
        dropped_before=past.first_seq > start.seq + 1,
    )


def _json(view: msgspec.Struct) -> Response:
    return Response(_ENCODER.encode(view), mimetype="application/json")
