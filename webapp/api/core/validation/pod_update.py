"""What of a Pod must not change once it exists.

Models:
    pkg/apis/core/validation/validation.go ValidatePodUpdate, ValidatePodStatusUpdate

Upstream ends the refusal with Go's rendering of both specs; here every changed field stands in a line of
its own, old and new value as JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from webapp.api.core.validation.pod import SPEC
from webapp.api.objectmeta import IMMUTABLE
from webapp.apimachinery.field_path import FieldError, Path, forbidden, invalid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.apimachinery.meta import JSONObject

_CHANGEABLE = ",".join(
    (
        "`spec.containers[*].image`",
        "`spec.initContainers[*].image`",
        "`spec.activeDeadlineSeconds`",
        "`spec.tolerations` (only additions to existing tolerations)",
        "`spec.terminationGracePeriodSeconds` "
        "(allow it to be set to 1 if it was previously negative)",
    )
)
REFUSAL = f"pod updates may not change fields other than {_CHANGEABLE}"
_CONTAINERS = ("containers", "initContainers")


def validate_pod_change(new: JSONObject, old: JSONObject) -> list[FieldError]:
    """A Pod's new spec against the stored one."""
    after, before = new.get("spec") or {}, old.get("spec") or {}
    if after is before or after == before:
        return []
    for field in _CONTAINERS:
        if len(after.get(field) or ()) != len(before.get(field) or ()):
            text = "pod updates may not add or remove containers"
            return [forbidden(SPEC.child(field), text)]
    errors = _validate_deadline(after, before) + _validate_gates(after, before)
    errors += _validate_tolerations(after, before)
    allowed = _with_changeable_fields(before, after)
    if allowed != after:
        lines = "\n".join(_differences(allowed, after, SPEC))
        errors.append(forbidden(SPEC, f"{REFUSAL}\n{lines}"))
    return errors


def validate_pod_status_change(new: JSONObject, old: JSONObject) -> list[FieldError]:
    """A Pod's new status against the stored one."""
    after, before = new.get("status") or {}, old.get("status") or {}
    errors: list[FieldError] = []
    qos = before.get("qosClass")
    if qos and after.get("qosClass") != qos:
        errors.append(
            invalid(Path("status").child("qosClass"), after.get("qosClass", ""), IMMUTABLE)
        )
    if (old.get("spec") or {}).get("restartPolicy") == "Always":
        return errors
    return errors + _validate_ended_containers(after, before, old)


def _validate_ended_containers(
    after: JSONObject, before: JSONObject, pod: JSONObject
) -> list[FieldError]:
    never = (pod.get("spec") or {}).get("restartPolicy") == "Never"
    own_policy = {
        entry["name"] for entry in pod["spec"].get("containers") or () if entry.get("restartPolicy")
    }
    now = {entry["name"]: entry for entry in after.get("containerStatuses") or ()}
    errors: list[FieldError] = []
    for index, entry in enumerate(before.get("containerStatuses") or ()):
        ended = (entry.get("state") or {}).get("terminated")
        if (
            ended is None
            or entry["name"] in own_policy
            or not (never or ended.get("exitCode") == 0)
        ):
            continue
        later = now.get(entry["name"])
        if later is not None and not (later.get("state") or {}).get("terminated"):
            path = Path("status").child("containerStatuses").index(index).child("state")
            errors.append(forbidden(path, "may not be transitioned to non-terminated state"))
    return errors


def _validate_deadline(after: JSONObject, before: JSONObject) -> list[FieldError]:
    old, new = before.get("activeDeadlineSeconds"), after.get("activeDeadlineSeconds")
    if old is None or new == old:
        return []
    path = SPEC.child("activeDeadlineSeconds")
    if new is None:
        text = "must not update from a positive integer to nil value"
        return [invalid(path, new, text)]
    return [invalid(path, new, "must be less than or equal to previous value")] if new > old else []


def _validate_gates(after: JSONObject, before: JSONObject) -> list[FieldError]:
    known = {gate.get("name") for gate in before.get("schedulingGates") or ()}
    return [
        forbidden(
            SPEC.child("schedulingGates").index(index),
            f"only deletion is allowed, but found new scheduling gate '{gate.get('name')}'",
        )
        for index, gate in enumerate(after.get("schedulingGates") or ())
        if gate.get("name") not in known
    ]


def _validate_tolerations(after: JSONObject, before: JSONObject) -> list[FieldError]:
    now = [_without_seconds(entry) for entry in after.get("tolerations") or ()]
    kept = all(_without_seconds(entry) in now for entry in before.get("tolerations") or ())
    if kept:
        return []
    text = "existing toleration can not be modified except its tolerationSeconds"
    return [forbidden(SPEC.child("tolerations"), text)]


def _without_seconds(toleration: JSONObject) -> JSONObject:
    return {key: value for key, value in toleration.items() if key != "tolerationSeconds"}


def _with_changeable_fields(before: JSONObject, after: JSONObject) -> JSONObject:
    """The stored spec with the new values of what may change."""
    allowed = dict(before)
    fields = ["activeDeadlineSeconds", "schedulingGates", "tolerations"]
    if before.get("schedulingGates"):
        fields += ["affinity", "nodeSelector"]
    if (before.get("terminationGracePeriodSeconds") or 0) < 0:
        fields.append("terminationGracePeriodSeconds")
    for field in fields:
        allowed.pop(field, None)
        if field in after:
            allowed[field] = after[field]
    for field in _CONTAINERS:
        if field in before and field in after:
            allowed[field] = [
                {**old, "image": new["image"]} if "image" in new else old
                for old, new in zip(before[field], after[field], strict=True)
            ]
    return allowed


def _differences(old: Any, new: Any, path: Path) -> Iterator[str]:
    """``- path: old`` and ``+ path: new`` of each field that differs, in sorted order."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _differences(old.get(key), new.get(key), path.child(key))
        return
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _differences(before, after, path.index(index))
        return
    if old is not None:
        yield f"- {path}: {orjson.dumps(old).decode()}"
    if new is not None:
        yield f"+ {path}: {orjson.dumps(new).decode()}"
