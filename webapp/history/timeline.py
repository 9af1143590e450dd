"""The timeline: how much was written when, and marks of what people look for.

Marks come from the kept revisions (faults, clock, warnings, deaths) and from the journal (what people
sent). They are gathered when somebody asks, from where the last asking stopped; a run that nobody looks
back on pays nothing.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import orjson

from webapp.apimachinery.status import BadRequest
from webapp.apiserver.request_info import parse_request_info
from webapp.history.moments import range_view
from webapp.live.history import Bucket, Mark, Timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.wire import Request
    from webapp.cluster.past import Moment, Past, Written
    from webapp.driver.journal import JournalEntry
    from webapp.live.history import MarkKind

DEFAULT_BUCKETS = 200
MAX_BUCKETS = 1000
MAX_MARKS = 400
KEPT_MARKS = 50_000
_MAX_READ_BODY = 256 * 1024
_QUIET_RESOURCES = frozenset({"clocks", "events", "leases"})


class Commands(Protocol):
    """What people sent: a driver."""

    def commands(self, *, after: int) -> Iterable[JournalEntry]:
        """Journalled commands with a greater sequence number, in order."""


class _Found(NamedTuple):
    """A mark before it is drawn."""

    at_ms: int
    revision: int
    type: MarkKind
    title: str
    actor: str
    subject: tuple[str, str, str, str]


class TimelineLog:
    """The marks of one run, gathered as they are asked for."""

    def __init__(self, past: Past, commands: Commands) -> None:
        self._past = past
        self._commands = commands
        self._marks: list[_Found] = []
        self._revision = 1
        self._sequence = 0

    def view(self, start: Moment, end: Moment, buckets: int) -> Timeline:
        """Density and marks from ``start`` to ``end``.

        Raises:
            BadRequest: ``buckets`` is not from 1 to 1000, or ``end`` lies before ``start``.
        """
        if not 1 <= buckets <= MAX_BUCKETS:
            raise BadRequest(f"buckets is a number from 1 to {MAX_BUCKETS}")
        if end.at_ms < start.at_ms:
            raise BadRequest("the end of the timeline lies before its beginning")
        self._gather()
        edges = _edges(start.at_ms, end.at_ms + 1, buckets)
        return Timeline(
            range=range_view(self._past),
            buckets=[
                Bucket(at=at, until=until, revisions=self._past.count(at - 1, until - 1))
                for at, until in pairwise(edges)
            ],
            marks=_drawn(
                [mark for mark in self._marks if start.at_ms <= mark.at_ms <= end.at_ms],
                start.at_ms,
                end.at_ms + 1,
            ),
        )

    def _gather(self) -> None:
        past = self._past
        newest = past.newest.revision
        oldest = past.oldest
        found = []
        for written in past.changes(max(self._revision, oldest.revision), newest):
            read = _READERS.get(written.change.bucket)
            mark = read(written) if read is not None else None
            if mark is not None:
                found.append(mark)
        self._revision = newest
        for entry in self._commands.commands(after=self._sequence):
            self._sequence = entry.stamp.sequence
            mark = _command_mark(entry)
            if mark is not None:
                found.append(mark)
        kept = [mark for mark in self._marks if mark.at_ms >= oldest.at_ms]
        self._marks = sorted([*kept, *found], key=lambda mark: mark[:2])[-KEPT_MARKS:]


def _edges(start_ms: int, end_ms: int, buckets: int) -> list[int]:
    span = end_ms - start_ms
    count = min(buckets, span)
    return [start_ms + span * number // count for number in range(count + 1)]


def _drawn(marks: list[_Found], start_ms: int, end_ms: int) -> list[Mark]:
    """All marks while they are few; otherwise one for those of a kind that lie close together."""
    if len(marks) <= MAX_MARKS:
        return [_mark(mark, 1) for mark in marks]
    places = MAX_MARKS // 8
    groups: dict[tuple[str, int], list[_Found]] = {}
    for mark in marks:
        place = (mark.at_ms - start_ms) * places // max(1, end_ms - start_ms)
        groups.setdefault((mark.type, place), []).append(mark)
    return [_mark(group[0], len(group)) for group in groups.values()]


def _mark(found: _Found, count: int) -> Mark:
    kind, namespace, name, uid = found.subject
    return Mark(
        type=found.type,
        at=found.at_ms,
        revision=found.revision,
        title=found.title,
        actor=found.actor,
        kind=kind,
        namespace=namespace,
        name=name,
        uid=uid,
        count=count,
    )


# --- from revisions ---------------------------------------------------------------------------


def _warning(written: Written) -> _Found | None:
    change = written.change
    event = change.value
    if change.deleted or event.get("type") != "Warning":
        return None
    about = event.get("involvedObject") or event.get("regarding") or {}
    subject = tuple(str(about.get(name, "")) for name in ("kind", "namespace", "name", "uid"))
    title = f"{event.get('reason', 'Warning')}: {subject[0]} {subject[2]}"
    source = (event.get("source") or {}).get("component") or event.get("reportingComponent", "")
    return _Found(
        written.at_ms,
        change.revision,
        "warning",
        title,
        source,
        (subject[0], subject[1], subject[2], subject[3]),
    )


def _fault(written: Written) -> _Found | None:
    change = written.change
    if change.previous is not None and not change.deleted:
        return None
    name = change.value["metadata"]["name"]
    what = (change.value.get("spec") or {}).get("type", "Fault")
    title = f"{what} healed: {name}" if change.deleted else f"{what}: {name}"
    return _of_object(written, "fault", title)


def _clock(written: Written) -> _Found | None:
    change = written.change
    before, after = ((obj or {}).get("spec") or {} for obj in (change.previous, change.value))
    if change.previous is None or change.deleted or before == after:
        return None
    return _of_object(written, "clock", _clock_title(before, after))


def _clock_title(before: JSONObject, after: JSONObject) -> str:
    if after.get("runUntil") and after.get("runUntil") != before.get("runUntil"):
        return f"run until {after['runUntil']}"
    if bool(before.get("paused")) != bool(after.get("paused")):
        return "paused" if after.get("paused") else "resumed"
    if before.get("speed") != after.get("speed"):
        return f"speed {after.get('speed')}"
    return "clock changed"


def _pod(written: Written) -> _Found | None:
    change = written.change
    if not change.deleted:
        return None
    return _of_object(written, "podGone", f"Pod {change.value['metadata']['name']} is gone")


def _node(written: Written) -> _Found | None:
    change = written.change
    name = change.value["metadata"]["name"]
    if change.deleted:
        return _of_object(written, "nodeGone", f"Node {name} is gone")
    if change.previous is None:
        return _of_object(written, "nodeAdded", f"Node {name} joined")
    was_ready, is_ready = _readiness(change.previous), _readiness(change.value)
    if was_ready == "True" != is_ready:
        return _of_object(written, "nodeGone", f"Node {name} is NotReady")
    return None


def _readiness(node: JSONObject) -> str:
    conditions = (node.get("status") or {}).get("conditions") or ()
    return next((str(held["status"]) for held in conditions if held["type"] == "Ready"), "")


def _of_object(written: Written, type_: MarkKind, title: str) -> _Found:
    change = written.change
    obj = change.value
    metadata = obj["metadata"]
    subject = (
        obj.get("kind", ""),
        metadata.get("namespace", ""),
        metadata["name"],
        metadata.get("uid", ""),
    )
    return _Found(written.at_ms, change.revision, type_, title, "", subject)


_READERS: dict[str, Callable[[Written], _Found | None]] = {
    "/registry/events": _warning,
    "/registry/nodes": _node,
    "/registry/pods": _pod,
    "/registry/sim.podarium.dev/clocks": _clock,
    "/registry/sim.podarium.dev/faults": _fault,
}


# --- from commands ----------------------------------------------------------------------------


def _command_mark(entry: JournalEntry) -> _Found | None:
    request = entry.request
    if request is None:
        return None
    info = parse_request_info(request)
    if (
        not info.is_resource_request
        or info.resource in _QUIET_RESOURCES
        or info.resource.endswith("reviews")
        or "dryRun" in request.query
    ):
        return None
    kind, name = _named(request)
    name = info.name or name
    title = " ".join(part for part in (info.verb, info.full_resource, name) if part)
    subject = (kind, info.namespace, name, "")
    actor = request.user.name if request.user else ""
    return _Found(
        entry.stamp.at_ms, entry.revision, "command", f"{request.client} {title}", actor, subject
    )


def _named(request: Request) -> tuple[str, str]:
    """Kind and name in a request's body, where it is JSON of a reasonable size."""
    body: Any = request.body
    if isinstance(body, bytes):
        if len(body) > _MAX_READ_BODY or body[:1] != b"{":
            return "", ""
        try:
            body = orjson.loads(body)
        except orjson.JSONDecodeError:
            return "", ""
    if not isinstance(body, dict):
        return "", ""
    metadata = body.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else ""
    return str(body.get("kind") or ""), str(name or "")
