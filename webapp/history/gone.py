"""What an object was that a link names and nobody finds any more, and when it went.

The versioned store knows the deletions of kept revisions, with the object's last version; facts tell
who deleted it, and of Pods and others that went before that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.timestamps import parse_time
from webapp.history.moments import moment_view
from webapp.live import history as shapes
from webapp.live.history import GoneView
from webapp.trace.facts import ObjectStored

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.cluster.past import Moment, Past, Written
    from webapp.trace.facts import ObjectRef

DELETED = "DELETED"


def find_gone(past: Past, wanted: ObjectRef) -> GoneView:
    """What is known of an object; its UID is "" when any of that name is meant."""
    key = f"{wanted.namespace}/{wanted.name}" if wanted.namespace else wanted.name
    for written in past.changes_back():
        change = written.change
        if change.name != key or change.value.get("kind") != wanted.kind:
            continue
        uid = change.value["metadata"].get("uid", "")
        if wanted.uid not in {"", uid}:
            continue
        if change.deleted:
            return _deleted(past, written)
        return _view(wanted, exists=True, message=f"{_name(wanted)} exists.")
    live = past.live(wanted.kind, key)
    if live is not None and wanted.uid in {"", live["metadata"].get("uid", "")}:
        return _view(wanted, exists=True, message=f"{_name(wanted)} exists.")
    return _from_facts(past, wanted)


def _deleted(past: Past, written: Written) -> GoneView:
    change = written.change
    obj: JSONObject = change.value
    metadata = obj["metadata"]
    gone = past.at_revision(change.revision)
    # The moment before a deletion is kept whenever the deletion itself is.
    last = past.at_revision(change.revision - 1)
    return GoneView(
        exists=False,
        kind=obj["kind"],
        namespace=metadata.get("namespace", ""),
        name=metadata["name"],
        uid=metadata.get("uid", ""),
        resource=change.bucket[change.bucket.rindex("/") + 1 :],
        created=parse_time(metadata["creationTimestamp"]),
        gone=moment_view(gone),
        last=moment_view(last),
        actor=_deleter(past, gone),
        message=f"{obj['kind']} {metadata['name']} was deleted.",
    )


def _deleter(past: Past, gone: Moment) -> str:
    for record in past.facts_back(gone.seq + 1):
        fact = record.fact
        if isinstance(fact, ObjectStored) and fact.revision <= gone.revision:
            return fact.actor if fact.revision == gone.revision else ""
    return ""


def _from_facts(past: Past, wanted: ObjectRef) -> GoneView:
    for record in past.facts_back(past.newest.seq + 1):
        fact = record.fact
        subject = fact.subject
        if (
            isinstance(fact, ObjectStored)
            and subject is not None
            and fact.operation == DELETED
            and subject[:3] == wanted[:3]
            and wanted.uid in {"", subject.uid}
        ):
            view = _view(
                subject,
                message=f"{_name(subject)} was deleted, at a moment that is no longer kept.",
            )
            view.resource, view.actor = fact.resource, fact.actor
            view.gone = shapes.Moment(revision=fact.revision, at=record.at_ms, seq=record.seq)
            return view
    return _view(
        wanted, message=f"Nothing is known of {_name(wanted)} in what is kept of this run."
    )


def _view(ref: ObjectRef, *, message: str, exists: bool = False) -> GoneView:
    return GoneView(
        exists=exists,
        kind=ref.kind,
        namespace=ref.namespace,
        name=ref.name,
        uid=ref.uid,
        resource="",
        created=None,
        gone=None,
        last=None,
        actor="",
        message=message,
    )


def _name(ref: ObjectRef) -> str:
    return f"{ref.kind} {ref.namespace}/{ref.name}" if ref.namespace else f"{ref.kind} {ref.name}"
