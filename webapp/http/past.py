"""API reads of an earlier moment: ``?podariumAt=MOMENT``, or the path prefix ``/at/MOMENT``.

Both make kubectl and the page read the past with ordinary gets and lists, whole objects and tables
alike. The prefix serves clients that cannot add a query: ``kubectl -s http://HOST:PORT/at/1200 get
pods``. Whatever would change the past, or wait for it to change, is refused.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from webapp.apimachinery.status import MethodNotAllowed
from webapp.apimachinery.timestamps import micro_time_text
from webapp.apimachinery.wire import ReadAt

if TYPE_CHECKING:
    from webapp.apimachinery.wire import Request
    from webapp.apiserver.request_info import RequestInfo
    from webapp.cluster.past import Moment

PARAMETER = "podariumAt"
_PREFIX = "/at/"


class Moments(Protocol):
    """What knows the kept moments: ``webapp.cluster.past.Past``."""

    def find(self, text: str) -> Moment:
        """The moment that a text names."""


def take_moment_prefix(environ: dict[str, Any]) -> None:
    """Turn the path prefix ``/at/MOMENT`` into the query parameter."""
    path: str = environ["PATH_INFO"]
    if not path.startswith(_PREFIX):
        return
    text, _, rest = path.removeprefix(_PREFIX).partition("/")
    query = environ.get("QUERY_STRING", "")
    environ["PATH_INFO"] = "/" + rest
    environ["QUERY_STRING"] = f"{PARAMETER}={quote(text)}" + (f"&{query}" if query else "")


def in_the_past(request: Request, info: RequestInfo, moments: Moments) -> Request:
    """The request as one about the moment that it names.

    Raises:
        MethodNotAllowed: It is no get or list of objects.
        BadRequest: It names no moment.
        Expired: The moment is no longer kept.
    """
    query = {name: values for name, values in request.query.items() if name != PARAMETER}
    if not info.is_resource_request:  # which kinds there are does not depend on the moment
        return replace(request, query=query)
    moment = moments.find(request.parameter(PARAMETER))
    if info.verb not in {"get", "list"} or info.subresource:
        raise _refusal(moment)
    if info.verb == "list" and "continue" not in query:
        query["resourceVersion"] = [str(moment.revision)]
        query["resourceVersionMatch"] = ["Exact"]
    elif info.verb == "get":
        query.pop("resourceVersion", None)
    return replace(request, query=query, past=ReadAt(moment.revision, moment.at_ms))


def _refusal(moment: Moment) -> MethodNotAllowed:
    return MethodNotAllowed(
        f"revision {moment.revision} ({micro_time_text(moment.at_ms)}) is the past: there you can"
        " get and list objects, not change, watch, follow or enter them"
    )
