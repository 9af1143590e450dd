"""What a watch delivers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

ADDED = "ADDED"
MODIFIED = "MODIFIED"
DELETED = "DELETED"
BOOKMARK = "BOOKMARK"
ERROR = "ERROR"


class WatchEvent:
    """One change, as a watcher sees it.

    Attributes:
        type: ADDED, MODIFIED, DELETED, BOOKMARK or ERROR.
        object: The object after the change (DELETED: as it last was, at the deletion's revision).
        revision: The store's revision of the change.
        encoded: The event's JSON line, kept by whoever encodes it first; shared by all watchers.
    """

    __slots__ = ("encoded", "object", "revision", "type")

    def __init__(self, type_: str, obj: JSONObject, revision: int) -> None:
        self.type = type_
        self.object = obj
        self.revision = revision
        self.encoded: bytes | None = None
