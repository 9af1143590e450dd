"""Indexes that several controllers keep over the informers' stores. Pure.

A name and the function that gives an object's values; adding the same index twice changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.meta import controller_of

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

BY_CONTROLLER = "controller-uid"
BY_NAMESPACE = "namespace"
ORPHANS = "orphans"


def controller_uid(obj: JSONObject) -> tuple[str, ...]:
    """UID of the managing controller."""
    owner = controller_of(obj)
    return (owner["uid"],) if owner is not None else ()


def namespace_of(obj: JSONObject) -> tuple[str, ...]:
    """The object's Namespace."""
    return (obj["metadata"]["namespace"],)


def orphan_namespace(obj: JSONObject) -> tuple[str, ...]:
    """The Namespace of an object that nobody manages."""
    return (obj["metadata"]["namespace"],) if controller_of(obj) is None else ()
