"""What the page asks about the past, and about rooms: the shapes of those JSON answers.

The live stream tells what is; these answers, got by HTTP, tell what was (``/history…``) and which
clusters the server holds (``/rooms``). Times are virtual milliseconds since the Unix epoch, field
names camelCase on the wire; ``static/src/lib/live/history.ts`` is generated from these classes.

A moment is asked for with ``at``: a revision (``120``), a virtual time (``1790000012345`` or RFC 3339)
or a fact (``seq:345``). Refusals are ``Status`` objects as the Kubernetes API gives them: 400 for what
is no moment, 410 (``Expired``) for one older than the oldest kept.
"""

from __future__ import annotations

from typing import Any, Literal

from webapp.live.frames import FactView, Snapshot, View

MarkKind = Literal["command", "clock", "fault", "warning", "podGone", "nodeGone", "nodeAdded"]
ChangeType = Literal["created", "changed", "deleted"]


class Moment(View):
    """A point of the run: the newest revision, the virtual time and the newest fact there.

    ``GET /history/step?at=MOMENT&by=fact|step|second&direction=next|previous`` answers with one.
    """

    revision: int
    at: int
    seq: int


class MomentRange(View):
    """Which moments can be asked for; both ends included."""

    oldest: Moment
    newest: Moment


class PastView(View):
    """``GET /history?at=MOMENT``: the world as it was.

    ``snapshot`` is what a viewer would have got then (its ``clock`` is the Clock of that moment, its
    ``seq`` is 0); ``facts`` are the newest visible facts up to the moment, oldest first.
    """

    moment: Moment
    range: MomentRange
    snapshot: Snapshot
    facts: list[FactView]


class Bucket(View):
    """One stretch of the timeline: ``until`` is its end (exclusive), ``revisions`` how many were written."""

    at: int
    until: int
    revisions: int


class Mark(View):
    """Something worth a mark on the timeline.

    ``title`` says it in a few words, ``count`` how many happenings of the kind it stands for (marks
    close together are drawn as one, with the title of the first). ``kind`` to ``uid`` of the subject
    are "" where there is none; ``actor`` is who did it.
    """

    type: MarkKind
    at: int
    revision: int
    title: str
    actor: str
    kind: str
    namespace: str
    name: str
    uid: str
    count: int


class Timeline(View):
    """``GET /history/timeline?buckets=N&from=MOMENT&to=MOMENT``: density and marks, both bounded."""

    range: MomentRange
    buckets: list[Bucket]
    marks: list[Mark]


class FactsPage(View):
    """``GET /history/facts?from=MOMENT&to=MOMENT&limit=N``: facts after ``from`` up to ``to``, in order.

    ``next`` is what to give as ``from`` for the rest, "" at the end. ``droppedBefore`` is true when
    the run's oldest facts of this stretch are no longer kept.
    """

    facts: list[FactView]
    next: str
    dropped_before: bool


class FieldChange(View):
    """One field that differs: its path, and its values before and after; null where it is absent.

    Paths name items of lists and keys with dots in brackets: ``spec.containers[name=web].image``,
    ``metadata.labels[app.kubernetes.io/name]``.
    """

    path: str
    before: Any
    after: Any


class ObjectChange(View):
    """One object that differs between two moments; ``fields`` holds at most 50 changes, ``omitted`` the rest."""

    change: ChangeType
    api_version: str
    kind: str
    resource: str
    namespace: str
    name: str
    uid: str
    fields: list[FieldChange]
    omitted: int


class Comparison(View):
    """``GET /history/compare?from=MOMENT&to=MOMENT``: what differs, sorted by kind, namespace and name.

    ``hidden`` counts changed objects of kinds that the asker may not see, ``omitted`` those beyond
    the limit of 500.
    """

    before: Moment
    after: Moment
    objects: list[ObjectChange]
    hidden: int
    omitted: int


class GoneView(View):
    """``GET /history/gone?kind=&namespace=&name=[&uid=]``: what an object was, and when it went.

    ``exists`` is true while an object of that name (and UID, if asked) is there. Otherwise ``gone``
    is the moment of its deletion, ``last`` the moment before, at which it can still be seen, and
    ``actor`` who deleted it; all are null and "" when nothing is known of such an object, as
    ``message`` then says.
    """

    exists: bool
    kind: str
    namespace: str
    name: str
    uid: str
    resource: str
    created: int | None
    gone: Moment | None
    last: Moment | None
    actor: str
    message: str


class RoomOrigin(View):
    """Where a room was branched off: the other room's name and moment."""

    room: str
    revision: int
    at: int


class RoomView(View):
    """One room. ``prefix`` is what its page, API and stream begin with ("" for main, ``/rooms/NAME``)."""

    name: str
    prefix: str
    seed: int
    network_plugin: str
    nodes: int
    pods: int
    revision: int
    now: int
    speed: str
    paused: bool
    failure: str
    origin: RoomOrigin | None


class RoomsView(View):
    """``GET /rooms``: all rooms, main first; ``mayManage`` whether the asker may make and delete them.

    ``POST /rooms`` takes a :class:`NewRoom` and answers 201 with its :class:`RoomView`;
    ``DELETE /rooms/NAME`` answers with a ``Status``.
    """

    rooms: list[RoomView]
    limit: int
    may_manage: bool


class BranchPoint(View):
    """Which room to branch off, and at which moment (``at`` as above)."""

    room: str
    at: str


class NewRoom(View, forbid_unknown_fields=True):
    """What ``POST /rooms`` takes: a name, and either what the cluster is made of or where it branches off."""

    name: str
    nodes: int | None = None
    network_plugin: str | None = None
    seed: int | None = None
    speed: str | None = None
    branch: BranchPoint | None = None
