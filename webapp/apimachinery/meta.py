"""Reading and copying the metadata that every object carries."""

from __future__ import annotations

from typing import Any, TypeAlias

from webapp.trace.facts import ObjectRef

JSONObject: TypeAlias = dict[str, Any]
"""An API object, or part of one, as on the wire; never changed once shared."""


def namespaced_name(obj: JSONObject) -> str:
    """``namespace/name``, or the bare name of a cluster-scoped object: the key of informers and queues."""
    metadata = obj["metadata"]
    namespace = metadata.get("namespace")
    name: str = metadata["name"]
    return f"{namespace}/{name}" if namespace else name


def split_name(key: str) -> tuple[str, str]:
    """The inverse of :func:`namespaced_name`: (namespace, name), namespace "" when there is none."""
    namespace, slash, name = key.rpartition("/")
    return (namespace, name) if slash else ("", key)


def object_ref(obj: JSONObject) -> ObjectRef:
    """What facts call this object."""
    read = obj.get("metadata", {}).get
    # The short way to a NamedTuple: facts need some ten of these for each Pod.
    parts = (obj.get("kind", ""), read("namespace", ""), read("name", ""), read("uid", ""))
    return tuple.__new__(ObjectRef, parts)


def controller_of(obj: JSONObject) -> JSONObject | None:
    """The owner reference marked as the managing controller, or ``None``.

    Models:
        staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/controller_ref.go GetControllerOf
    """
    for reference in obj["metadata"].get("ownerReferences") or ():
        if reference.get("controller"):
            found: JSONObject = reference
            return found
    return None


def with_fields(obj: JSONObject, path: tuple[str, ...], value: Any) -> JSONObject:
    """A copy of ``obj`` that has ``value`` at ``path``; all that lies beside the path is shared."""
    head, *rest = path
    copy = dict(obj)
    copy[head] = with_fields(obj.get(head) or {}, tuple(rest), value) if rest else value
    return copy
