"""Who owns which field: server-side apply, and the record that ordinary writes leave.

Objects enter as stored and as wanted, the object to be stored leaves, with ``metadata.managedFields`` kept up to
date. The API server calls :func:`apply` for apply patches and :func:`record_update` for every other write, after
defaulting and before admission. An object that was never recorded (``managedFields`` absent) is not recorded by
updates either, so components that create without a record write at no cost; its first apply attributes what it
finds to ``before-first-apply``, as upstream does.

Models:
    staging/src/k8s.io/apimachinery/pkg/util/managedfields/fieldmanager.go FieldManager
    sigs.k8s.io/structured-merge-diff/v6/merge/update.go Updater
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from webapp.apimachinery.field_set import (
    ALWAYS_THERE,
    FieldSet,
    compared_fields,
    configured_fields,
    created_fields,
    difference,
    intersection,
    item_key,
    member_paths,
    union,
)
from webapp.apimachinery.meta import with_fields
from webapp.apimachinery.patch import same_if_equal
from webapp.apimachinery.status import BadRequest, Conflict

if TYPE_CHECKING:
    from webapp.apimachinery.field_schema import FieldSchema
    from webapp.apimachinery.meta import JSONObject

APPLY = "Apply"
UPDATE = "Update"

MAX_UPDATE_MANAGERS = 10
"""Update entries an object keeps; older ones are joined into ``ancient-changes``."""

_BEFORE_FIRST_APPLY = "before-first-apply"
_ANCIENT_CHANGES = "ancient-changes"
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_MAX_ANNOTATION_BYTES = 256 * 1024

# What nobody owns: the system fills it in, or it says which object this is.
_UNOWNED: FieldSet = {
    "f:apiVersion": {},
    "f:kind": {},
    "f:metadata": {
        ".": {},
        "f:name": {},
        "f:namespace": {},
        "f:creationTimestamp": {},
        "f:selfLink": {},
        "f:uid": {},
        "f:clusterName": {},
        "f:generation": {},
        "f:managedFields": {},
        "f:resourceVersion": {},
    },
}
_UNOWNED_METADATA = frozenset(key[2:] for key in _UNOWNED["f:metadata"])


class _Entry(NamedTuple):
    """One manager's record."""

    manager: str
    operation: str
    api_version: str
    time: str
    subresource: str
    fields: FieldSet

    def is_applier(self, manager: str, subresource: str) -> bool:
        return (
            self.operation == APPLY and self.manager == manager and self.subresource == subresource
        )

    def is_updater(self, manager: str, api_version: str, subresource: str) -> bool:
        return (
            self.operation == UPDATE
            and self.manager == manager
            and self.api_version == api_version
            and self.subresource == subresource
        )

    def printed(self) -> str:
        """As conflicts name the manager."""
        text = orjson.dumps(self.manager).decode()
        if self.subresource:
            text += f' with subresource "{self.subresource}"'
        return f"{text} using {self.api_version}" if self.operation == UPDATE else text


def manager_name(field_manager: str, user_agent: str) -> str:
    """The manager of a write: what the request says, else the client's program name."""
    return field_manager or user_agent.partition("/")[0][:128] or "unknown"


def record_update(
    old: JSONObject | None,
    new: JSONObject,
    manager: str,
    now_text: str,
    api_version: str,
    subresource: str,
    schema: FieldSchema | None,
) -> JSONObject:
    """Give the fields that a write changes to its manager.

    Args:
        old: The stored object, or ``None`` for a create.
        new: The object about to be stored; ``managedFields`` in it counts if it is not empty, and
            ``[{}]`` in it resets the record.
        manager: Who writes (:func:`manager_name`).
        now_text: Time of the write, RFC 3339.
        api_version: ``apiVersion`` that the request used.
        subresource: ``status``, ``scale``, … or "".
        schema: The kind's root schema, or ``None`` for kinds without one.

    Returns:
        ``new``, or a copy that differs in ``metadata.managedFields`` only.
    """
    given = new["metadata"].get("managedFields")
    recorded = old["metadata"].get("managedFields") if old is not None else None
    if given == [{}]:
        return _with_entries(new, [], given)
    source = given or recorded
    changed: FieldSet
    removed: FieldSet = {}
    if old is None:
        changed = _created(new, schema)
    elif not source:
        return new
    else:
        changed, removed = _compared(old, new, schema)
    if not changed and not removed:
        return new if given is source else _with_record(new, source)
    entries = _entries(source)
    own: FieldSet = {}
    rest = []
    for entry in entries:
        fields = difference(entry.fields, removed) if removed else entry.fields
        if entry.is_updater(manager, api_version, subresource):
            own = fields
            rest.append(entry._replace(fields=fields))
            continue
        if changed:
            fields = difference(fields, changed)
        rest.append(entry if fields is entry.fields else entry._replace(fields=fields))
    if changed:
        rest = [entry for entry in rest if not entry.is_updater(manager, api_version, subresource)]
        rest.append(
            _Entry(manager, UPDATE, api_version, now_text, subresource, union(own, changed))
        )
    return _with_entries(new, _capped(rest), source)


def apply(
    live: JSONObject | None,
    config: JSONObject,
    manager: str,
    force: bool,
    now_text: str,
    api_version: str,
    schema: FieldSchema | None,
    subresource: str = "",
) -> JSONObject:
    """Merge an applied configuration into the stored object.

    Args:
        live: The stored object, or ``None`` when the apply creates it.
        config: What the manager wants, without nulls and unknown fields.
        manager: The request's ``fieldManager``.
        force: Take fields over that other managers own.
        now_text: Time of the write, RFC 3339.
        api_version: ``apiVersion`` of ``config``.
        schema: The kind's root schema, or ``None`` for kinds without one.
        subresource: ``status`` or "".

    Returns:
        The object to be stored; ``live`` itself when the apply changes nothing.

    Raises:
        BadRequest: ``config`` contains managedFields.
        Conflict: Other managers own fields that would change, and ``force`` is false.
    """
    if config["metadata"].get("managedFields"):
        raise BadRequest("metadata.managedFields must be nil")
    if not subresource and "status" in config:
        # Status is written through its own subresource; here it would be reset anyway.
        config = {name: value for name, value in config.items() if name != "status"}
    base: JSONObject = live if live is not None else {}
    source = base.get("metadata", {}).get("managedFields") or []
    entries = _entries(source)
    if live is not None and not entries:
        everything = difference(configured_fields(live, schema), _UNOWNED)
        entries = [_Entry(_BEFORE_FIRST_APPLY, UPDATE, api_version, now_text, "", everything)]

    spoken_of = configured_fields(config, schema)
    wanted = difference(spoken_of, _UNOWNED)
    mine = next((entry for entry in entries if entry.is_applier(manager, subresource)), None)
    others = [entry for entry in entries if entry is not mine]

    merged = _merged(base, config, schema)
    if mine is not None:
        kept = spoken_of
        for entry in others:
            kept = union(kept, entry.fields)
        abandoned = difference(mine.fields, spoken_of)
        merged = _pruned(merged, abandoned, kept, schema)
    merged = same_if_equal(base, merged)
    changed, removed = _compared(base, merged, schema)
    conflicts = [
        (entry, fields) for entry in others if (fields := intersection(entry.fields, changed))
    ]
    if conflicts and not force:
        _refuse(_without_last_applied(base, conflicts, manager, schema))
    left = [
        entry._replace(fields=difference(difference(entry.fields, changed), removed))
        for entry in others
    ]
    merged = same_if_equal(base, _with_synchronised_annotation(merged, config, manager))
    same_claim = mine is not None and mine.fields == wanted and mine.api_version == api_version
    if merged is base and same_claim and mine is not None:
        return live if live is not None else merged
    left.append(_Entry(manager, APPLY, api_version, now_text, subresource, wanted))
    return _with_entries(merged, left, source)


# --- comparing objects ----------------------------------------------------------------------------


def _created(new: JSONObject, schema: FieldSchema | None) -> FieldSet:
    return created_fields(_owned_part(new), schema)


def _compared(
    old: JSONObject, new: JSONObject, schema: FieldSchema | None
) -> tuple[FieldSet, FieldSet]:
    """As :func:`compared_fields`, without what nobody owns."""
    changed, removed = {}, {}
    for name in dict.fromkeys((*new, *old)):
        before, after = old.get(name), new.get(name)
        if before is after or name in ("apiVersion", "kind"):
            continue
        if name in ALWAYS_THERE:
            before, after = before or {}, after or {}
        if name == "metadata":
            before, after = _owned_metadata(before or {}), _owned_metadata(after or {})
        child = {name: before} if before is not None else {}
        added, gone = compared_fields(child, {name: after} if after is not None else {}, schema)
        changed.update(added)
        removed.update(gone)
    return changed, removed


def _owned_part(obj: JSONObject) -> JSONObject:
    return {
        name: _owned_metadata(value) if name == "metadata" else value
        for name, value in obj.items()
        if name not in ("apiVersion", "kind")
    }


def _owned_metadata(metadata: JSONObject) -> JSONObject:
    return {name: value for name, value in metadata.items() if name not in _UNOWNED_METADATA}


# --- merging and pruning --------------------------------------------------------------------------


def _merged(live: Any, config: Any, schema: FieldSchema | None) -> Any:
    """What lies in ``config`` over what lies in ``live``, as deep as the schema lets them mix."""
    if isinstance(live, dict) and isinstance(config, dict):
        if schema is not None and schema.map_type == "atomic":
            return config
        result = dict(live)
        for name, value in config.items():
            child = schema.child(name) if schema is not None else None
            result[name] = _merged(live[name], value, child) if name in live else value
        return result
    if isinstance(live, list) and isinstance(config, list):
        if schema is None or schema.list_type == "atomic":
            return config
        return _merged_items(live, config, schema)
    return config


def _merged_items(live: list[Any], config: list[Any], schema: FieldSchema) -> list[Any]:
    """Configured items in their order; items only the server knows keep their place before a follower."""
    item_schema = schema.item()
    places = {item_key(item, schema): index for index, item in enumerate(live)}
    wanted = {item_key(item, schema): item for item in config}
    others = [(index, live[index]) for key, index in places.items() if key not in wanted]
    result: list[Any] = []
    for key, item in wanted.items():
        place = places.get(key)
        while place is not None and others and others[0][0] < place:
            result.append(others.pop(0)[1])
        result.append(item if place is None else _merged(live[place], item, item_schema))
    return result + [item for _, item in others]


_NOTHING = object()


def _pruned(
    value: JSONObject, abandoned: FieldSet, kept: FieldSet, schema: FieldSchema | None
) -> JSONObject:
    """``value`` without the abandoned fields that nobody else speaks of."""
    result = dict(value)
    for key, below in abandoned.items():
        name = key[2:]
        if not key.startswith("f:") or name not in value:
            continue
        child = schema.child(name) if schema is not None else None
        rest = _pruned_below(value[name], below, kept.get(key), child)
        if rest is _NOTHING:
            del result[name]
        else:
            result[name] = rest
    return result


def _pruned_below(
    value: Any, abandoned: FieldSet, kept: FieldSet | None, schema: FieldSchema | None
) -> Any:
    if kept is None:
        # Whoever gives a field up takes along what the server filled in below it.
        return _NOTHING
    if isinstance(value, dict):
        return _pruned(value, abandoned, kept, schema)
    if isinstance(value, list) and schema is not None and schema.list_type != "atomic":
        return _pruned_items(value, abandoned, kept, schema)
    return value


def _pruned_items(
    items: list[Any], abandoned: FieldSet, kept: FieldSet, schema: FieldSchema
) -> list[Any]:
    item_schema = schema.item()
    result = []
    for item in items:
        key = item_key(item, schema)
        below = abandoned.get(key)
        rest = item if below is None else _pruned_below(item, below, kept.get(key), item_schema)
        if rest is not _NOTHING:
            result.append(rest)
    return result


# --- conflicts ------------------------------------------------------------------------------------


def _refuse(conflicts: list[tuple[_Entry, FieldSet]]) -> None:
    """Raise the Conflict that lists every field, unless none is left."""
    found = [
        (entry.printed(), path)
        for entry, fields in conflicts
        for path in sorted(member_paths(fields))
    ]
    if not found:
        return
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {manager}", "field": path}
        for manager, path in found
    ]
    if len(found) == 1:
        text = f"Apply failed with 1 conflict: conflict with {found[0][0]}: {found[0][1]}"
    else:
        lines = []
        for manager in sorted({manager for manager, _ in found}):
            lines.append(f"conflicts with {manager}:")
            lines.extend(f"- {path}" for other, path in found if other == manager)
        text = f"Apply failed with {len(found)} conflicts: " + "\n".join(lines)
    raise Conflict(text, {"causes": causes})


def _without_last_applied(
    live: JSONObject,
    conflicts: list[tuple[_Entry, FieldSet]],
    manager: str,
    schema: FieldSchema | None,
) -> list[tuple[_Entry, FieldSet]]:
    """Conflicts less the fields that kubectl applied itself on the client side, as its annotation tells."""
    text = live.get("metadata", {}).get("annotations", {}).get(_LAST_APPLIED)
    if manager != "kubectl" or not text:
        return conflicts
    try:
        last_applied = orjson.loads(text)
    except orjson.JSONDecodeError:
        # Anyone may write the annotation; one that is no JSON allows nothing.
        return conflicts
    if not isinstance(last_applied, dict):
        return conflicts
    changed_since, removed_since = compared_fields(last_applied, live, schema)
    allowed = difference(
        configured_fields(last_applied, schema), union(changed_since, removed_since)
    )
    return [(entry, rest) for entry, fields in conflicts if (rest := difference(fields, allowed))]


def _with_synchronised_annotation(
    merged: JSONObject, config: JSONObject, manager: str
) -> JSONObject:
    """The annotation of kubectl, where the object has it, follows what kubectl applies on the server side.

    It is nobody's claim, so it is written after conflicts were looked for.
    """
    annotations = merged.get("metadata", {}).get("annotations") or {}
    if manager != "kubectl" or _LAST_APPLIED not in annotations:
        return merged
    metadata = dict(config["metadata"])
    own = {
        name: value
        for name, value in (metadata.get("annotations") or {}).items()
        if name != _LAST_APPLIED
    }
    if own:
        metadata["annotations"] = own
    else:
        metadata.pop("annotations", None)
    bare = {**config, "metadata": metadata}
    text = orjson.dumps(bare, option=orjson.OPT_SORT_KEYS).decode() + "\n"
    if len(text) > _MAX_ANNOTATION_BYTES:
        return merged
    return with_fields(merged, ("metadata", "annotations", _LAST_APPLIED), text)


# --- the record -----------------------------------------------------------------------------------


def _entries(record: list[JSONObject] | None) -> list[_Entry]:
    return [
        _Entry(
            entry.get("manager", ""),
            entry.get("operation", UPDATE),
            entry.get("apiVersion", ""),
            entry.get("time", ""),
            entry.get("subresource", ""),
            entry.get("fieldsV1") or {},
        )
        for entry in record or ()
    ]


def _with_entries(
    obj: JSONObject, entries: list[_Entry], source: list[JSONObject] | None
) -> JSONObject:
    """``obj`` with this record; entries that did not change keep their very objects."""
    known = {id(entry.get("fieldsV1")): entry for entry in source or ()}
    record = []
    for entry in sorted(entries, key=_sort_key):
        if not entry.fields:
            continue
        written = _encoded(entry)
        before = known.get(id(entry.fields))
        record.append(before if before == written else written)
    return _with_record(obj, record)


def _with_record(obj: JSONObject, record: list[JSONObject] | None) -> JSONObject:
    metadata = dict(obj["metadata"])
    if record:
        metadata["managedFields"] = record
    else:
        metadata.pop("managedFields", None)
    return {**obj, "metadata": metadata}


def _sort_key(entry: _Entry) -> tuple[str, str, str, str, str]:
    return entry.operation, entry.time, entry.manager, entry.api_version, entry.subresource


def _encoded(entry: _Entry) -> JSONObject:
    written: JSONObject = {
        "manager": entry.manager,
        "operation": entry.operation,
        "apiVersion": entry.api_version,
        "time": entry.time,
        "fieldsType": "FieldsV1",
        "fieldsV1": entry.fields,
    }
    if not entry.time:
        del written["time"]
    if entry.subresource:
        written["subresource"] = entry.subresource
    return written


def _capped(entries: list[_Entry]) -> list[_Entry]:
    """At most MAX_UPDATE_MANAGERS updaters: the oldest of one version are joined into one entry."""
    updaters = sorted((entry for entry in entries if entry.operation == UPDATE), key=_sort_key)
    excess = len(updaters) - MAX_UPDATE_MANAGERS
    if excess <= 0:
        return entries
    joined: dict[str, _Entry] = {}
    for entry in updaters[: excess + 1]:
        bucket = joined.get(entry.api_version)
        fields = entry.fields if bucket is None else union(bucket.fields, entry.fields)
        joined[entry.api_version] = entry._replace(
            manager=_ANCIENT_CHANGES, subresource="", fields=fields
        )
    appliers = [entry for entry in entries if entry.operation != UPDATE]
    return [*appliers, *joined.values(), *updaters[excess + 1 :]]
