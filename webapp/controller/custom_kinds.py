"""The custom kinds that are served now, for controllers that treat objects of every kind alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.apiextensions.kinds import is_established, kinds_of
from webapp.api.resources import CUSTOM_RESOURCE_DEFINITIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.scheme import ResourceInfo
    from webapp.client.informer import InformerFactory


class CustomKinds:
    """Follows the definitions; each kind is told once, as the version that its objects are stored as."""

    def __init__(self, informers: InformerFactory) -> None:
        self._definitions = informers.informer(CUSTOM_RESOURCE_DEFINITIONS)

    def stored(self) -> tuple[ResourceInfo, ...]:
        """All kinds that are served, sorted by their definitions' names."""
        return tuple(
            info for definition in self._definitions.list() for info in _stored_kinds(definition)
        )

    def find(self, group: str, kind: str) -> ResourceInfo | None:
        """The kind of that name, if it is served."""
        return next(
            (info for info in self.stored() if (info.group, info.kind) == (group, kind)), None
        )

    def on_established(self, handler: Callable[[ResourceInfo], None]) -> None:
        """Call ``handler`` with each kind that is served, now and later; again when it comes back."""

        def on_update(old: JSONObject, new: JSONObject) -> None:
            if not is_established(old):
                on_add(new)

        def on_add(definition: JSONObject) -> None:
            for info in _stored_kinds(definition):
                handler(info)

        self._definitions.add_handler(on_add=on_add, on_update=on_update)


def _stored_kinds(definition: JSONObject) -> tuple[ResourceInfo, ...]:
    if not is_established(definition):
        return ()
    return tuple(info for info in kinds_of(definition) if info.stored_as is None)
