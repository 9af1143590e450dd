"""What differs between two moments: objects, and in changed ones the fields with both values.

Left out is what changes with every write or is nobody's wish: managed fields, resourceVersions,
generations, and the objects that only keep books (Leases, Events). Values of Secrets stay hidden.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.history.moments import moment_view
from webapp.live.history import Comparison, FieldChange, ObjectChange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.apimachinery.meta import JSONObject
    from webapp.cluster.past import Moment, Past
    from webapp.live.history import ChangeType

MAX_OBJECTS = 500
MAX_FIELDS = 50
MAX_TEXT = 2000
"""Longer texts are cut."""
BOOKKEEPING = frozenset({"/registry/events", "/registry/coordination.k8s.io/leases"})
OPEN_RESOURCES = frozenset(
    {
        "daemonsets",
        "deployments",
        "endpointslices",
        "jobs",
        "namespaces",
        "nodes",
        "pods",
        "replicasets",
        "services",
        "statefulsets",
    }
)
"""What every viewer of the picture sees anyway."""
HIDDEN = "(hidden)"
_NOISE = frozenset(
    {
        "metadata.generation",
        "metadata.managedFields",
        "metadata.resourceVersion",
        "status.observedGeneration",
    }
)
_OPEN_OF_SECRETS = ("metadata.deletion", "metadata.finalizers", "metadata.labels")
_LIST_KEYS = ("name", "type", "uid", "ip")


def compare(past: Past, before: Moment, after: Moment, *, sees_everything: bool) -> Comparison:
    """What was created, changed and deleted from one moment to a later one.

    Args:
        past: The run.
        before: The earlier moment.
        after: The later one; given the other way round, the two are exchanged.
        sees_everything: Whether kinds beyond those of the picture are told too.
    """
    if after < before:
        before, after = after, before
    touched = {
        (written.change.bucket, written.change.name): None
        for written in past.changes(before.revision, after.revision)
        if written.change.bucket not in BOOKKEEPING
    }
    found: list[ObjectChange] = []
    hidden = 0
    for bucket, key in touched:
        old = past.object_at(bucket, key, before.revision)
        new = past.object_at(bucket, key, after.revision)
        changes = list(_object_changes(bucket, old, new))
        if sees_everything or _resource(bucket) in OPEN_RESOURCES:
            found += changes
        else:
            hidden += len(changes)
    found.sort(key=lambda change: (change.kind, change.namespace, change.name))
    return Comparison(
        before=moment_view(before),
        after=moment_view(after),
        objects=found[:MAX_OBJECTS],
        hidden=hidden,
        omitted=max(0, len(found) - MAX_OBJECTS),
    )


def _object_changes(
    bucket: str, old: JSONObject | None, new: JSONObject | None
) -> Iterator[ObjectChange]:
    if old is not None and (new is None or _uid(old) != _uid(new)):
        yield _object_change("deleted", bucket, old, [])
    if new is not None and (old is None or _uid(old) != _uid(new)):
        yield _object_change("created", bucket, new, [])
    elif old is not None and new is not None:
        fields = list(field_changes(old, new, hides_values=_resource(bucket) == "secrets"))
        if fields:
            yield _object_change("changed", bucket, new, fields)


def _object_change(
    change: ChangeType, bucket: str, obj: JSONObject, fields: list[FieldChange]
) -> ObjectChange:
    metadata = obj["metadata"]
    return ObjectChange(
        change=change,
        api_version=obj.get("apiVersion", ""),
        kind=obj.get("kind", ""),
        resource=_resource(bucket),
        namespace=metadata.get("namespace", ""),
        name=metadata["name"],
        uid=metadata.get("uid", ""),
        fields=fields[:MAX_FIELDS],
        omitted=max(0, len(fields) - MAX_FIELDS),
    )


def field_changes(old: Any, new: Any, *, hides_values: bool = False) -> Iterator[FieldChange]:
    """The fields in which two versions of an object differ, in order of their paths in the newer one."""
    for path, before, after in _differences("", old, new):
        show = _hidden if hides_values and not path.startswith(_OPEN_OF_SECRETS) else _shortened
        yield FieldChange(path=path, before=show(before), after=show(after))


def _differences(path: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    if old is new or old == new or path in _NOISE:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name in (*new, *(name for name in old if name not in new)):
            below = _below(path, name)
            yield from _differences(below, old.get(name), new.get(name))
        return
    if isinstance(old, list) and isinstance(new, list):
        key = _list_key(old, new)
        old_items, new_items = _by_key(old, key), _by_key(new, key)
        for name in (*new_items, *(name for name in old_items if name not in new_items)):
            yield from _differences(f"{path}[{name}]", old_items.get(name), new_items.get(name))
        return
    yield path, old, new


def _below(path: str, name: str) -> str:
    if not path:
        return name
    return f"{path}[{name}]" if "." in name or "/" in name else f"{path}.{name}"


def _list_key(old: list[Any], new: list[Any]) -> str:
    """The field that tells the items of both lists apart; "" for their position."""
    if not all(isinstance(item, dict) for item in (*old, *new)):
        return ""
    for key in _LIST_KEYS:
        if all(
            len({item[key] for item in items if isinstance(item.get(key), str)}) == len(items)
            for items in (old, new)
        ):
            return key
    return ""


def _by_key(items: list[Any], key: str) -> dict[str, Any]:
    if key:
        return {f"{key}={item[key]}": item for item in items}
    return {str(position): item for position, item in enumerate(items)}


def _shortened(value: Any) -> Any:
    if isinstance(value, str) and len(value) > MAX_TEXT:
        return value[:MAX_TEXT] + "…"
    return value


def _hidden(value: Any) -> Any:
    return None if value is None else HIDDEN


def _uid(obj: JSONObject) -> str:
    uid: str = obj["metadata"].get("uid", "")
    return uid


def _resource(bucket: str) -> str:
    return bucket[bucket.rindex("/") + 1 :]
