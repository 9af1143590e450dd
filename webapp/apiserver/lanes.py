"""Lanes: what is the same for all writes of one component to one resource, worked out once.

The first such request goes through every gate; who asks, the rule that allows it, the kind and its
handler are kept as a :class:`Lane` for the next ones. Only in-process components have lanes, and only
for what a rule allows them whatever the object's name. A change of any role, binding or kind
closes all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.scheme import ResourceInfo, Scheme
    from webapp.apimachinery.wire import Answer, Request, UserInfo
    from webapp.apiserver.authorization import Authorizer
    from webapp.apiserver.context import RequestContext
    from webapp.apiserver.gates import Gates
    from webapp.apiserver.request_info import RequestInfo

Key: TypeAlias = "tuple[UserInfo | None, str, str, str, str, str, str]"
MOST_LANES = 100_000


class Handling(NamedTuple):
    """The kind as the request names it, as it is stored, and who answers."""

    resource: ResourceInfo
    stored: ResourceInfo
    handler: Callable[[RequestContext], Answer]


class Lane(NamedTuple):
    """What the requests of one lane have in common.

    Attributes:
        verb: The API verb.
        resource, stored, handler: As in :class:`Handling`.
        user: Who asks.
        gates: All gates open; shared by the requests that nobody follows.
    """

    verb: str
    resource: ResourceInfo
    stored: ResourceInfo
    handler: Callable[[RequestContext], Answer]
    user: UserInfo
    gates: Gates


class Lanes:
    """The lanes that are open."""

    def __init__(self, authorizer: Authorizer, scheme: Scheme) -> None:
        self._authorizer = authorizer
        self._scheme = scheme
        self._lanes: dict[Key, Lane] = {}
        self._version = authorizer.version + scheme.version

    def find(self, request: Request) -> Lane | None:
        """The lane of a request that has a location, or ``None``."""
        version = self._authorizer.version + self._scheme.version  # both only ever rise
        if self._version != version:
            self._lanes.clear()
            self._version = version
        return self._lanes.get(_key(request))

    def open(
        self,
        request: Request,
        info: RequestInfo,
        user: UserInfo,
        gates: Gates,
        handling: Handling | None,
    ) -> None:
        """Keep what a request that has been authorized found out, if that holds for its like."""
        if handling is None or not self._authorizer.allows_any_name(user, info):
            return
        if len(self._lanes) >= MOST_LANES:
            self._lanes.clear()
        self._lanes[_key(request)] = Lane(info.verb, *handling, user, gates)


def _key(request: Request) -> Key:
    location = request.location
    if location is None:
        raise ValueError("a request without location has no lane")
    group, version, resource, namespace, _, subresource = location
    return (request.user, request.method, group, version, resource, namespace, subresource)
