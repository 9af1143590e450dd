"""The facts that a request leaves at each gate: received, authenticated, authorized, admitted, validated.

The chain in ``server.py`` and the handlers tell a :class:`Gates` what happened; it records the facts
once it is known which object they are about, and makes the request the cause of what follows. For
requests nobody needs to follow (a component's routine writes) only refusals are recorded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from webapp.sim.latency import Latency
from webapp.trace.facts import (
    EvictionRefused,
    ObjectRef,
    RequestAdmitted,
    RequestAuthenticated,
    RequestAuthorized,
    RequestDenied,
    RequestReceived,
    SpecRejected,
    SpecValidated,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.status import StatusError
    from webapp.apimachinery.wire import Request
    from webapp.apiserver.authentication import Identity
    from webapp.apiserver.request_info import RequestInfo
    from webapp.sim.rng import RandomStream
    from webapp.trace.recorder import Recorder

REQUEST_LATENCY = Latency(median_ms=4, spread=0.4)
_SHOWN_CHANGES = 40
_SHOWN_VALUE = 160


class Gates:
    """One request's way through the gates.

    Attributes:
        is_followed: Whether all gates are recorded, not refusals only.
    """

    __slots__ = (
        "_identity",
        "_info",
        "_latency",
        "_opened",
        "_recorder",
        "_request",
        "_rule",
        "_subject",
        "is_followed",
    )

    def __init__(
        self,
        recorder: Recorder,
        latency: RandomStream,
        request: Request,
        info: RequestInfo,
        *,
        is_followed: bool,
    ) -> None:
        self._recorder = recorder
        self._latency = latency
        self._request = request
        self._info = info
        self._subject: ObjectRef | None = None
        self._identity: Identity | None = None
        self._rule = ""
        self._opened = False
        self.is_followed = is_followed

    def for_request(self, request: Request, info: RequestInfo) -> Gates:
        """Gates for another request of the same user, allowed by the same rule."""
        gates = Gates(self._recorder, self._latency, request, info, is_followed=self.is_followed)
        gates._identity = self._identity
        gates._rule = self._rule
        return gates

    def authenticated(self, identity: Identity) -> None:
        """The API server knows who asks."""
        self._identity = identity

    def authorized(self, rule: str) -> None:
        """A rule allows it."""
        self._rule = rule

    def about(self, subject: ObjectRef) -> None:
        """The request concerns ``subject``: record the gates passed so far."""
        self._subject = subject
        if self.is_followed:
            self._open()

    def admitted(self, changes: tuple[tuple[str, str], ...]) -> None:
        """Defaults and plugins filled in ``changes``."""
        if self.is_followed:
            self._recorder.record(
                RequestAdmitted(actor="kube-apiserver", subject=self._subject, changes=changes)
            )

    def validated(self) -> None:
        """The object obeys its kind's rules."""
        if self.is_followed:
            self._recorder.record(SpecValidated(actor="kube-apiserver", subject=self._subject))

    def refused(self, error: StatusError) -> None:
        """The request ends with ``error``."""
        if error.code in {401, 403} and not self._rule:
            self._open()
            user = self._identity.user.name if self._identity else ""
            self._recorder.record(
                RequestDenied(
                    actor="kube-apiserver",
                    subject=self._subject,
                    user=user,
                    message=error.message,
                    code=error.code,
                )
            )
        elif causes := _budgets_blocking(error):
            self._open()
            self._recorder.record(
                EvictionRefused(actor="kube-apiserver", subject=self._subject, message=causes)
            )
        elif self.is_followed:
            self._open()
            self._recorder.record(
                SpecRejected(
                    actor="kube-apiserver",
                    subject=self._subject,
                    message=error.message,
                    code=error.code,
                )
            )

    def _open(self) -> None:
        if self._opened:
            return
        self._opened = True
        recorder = self._recorder
        user = self._identity.user if self._identity else None
        recorder.cause = recorder.record(
            RequestReceived(
                actor=actor_of(self._request),
                subject=self._subject,
                verb=self._info.verb,
                resource=self._info.full_resource,
                user=user.name if user else "",
                duration_ms=REQUEST_LATENCY.draw(self._latency),
            )
        )
        if self._identity is None or user is None:
            return
        recorder.record(
            RequestAuthenticated(
                actor="kube-apiserver",
                subject=self._subject,
                user=user.name,
                groups=user.groups,
                method=self._identity.method,
            )
        )
        if self._rule:
            recorder.record(
                RequestAuthorized(
                    actor="kube-apiserver", subject=self._subject, user=user.name, rule=self._rule
                )
            )


def actor_of(request: Request) -> str:
    """What the facts call the asking program."""
    return request.client or request.headers.get("user-agent", "unknown").split("/", 1)[0]


def _budgets_blocking(error: StatusError) -> str:
    """What disruption budgets say against an eviction; "" when they are not what refuses."""
    causes = (error.details or {}).get("causes") or ()
    return " ".join(item["message"] for item in causes if item["reason"] == "DisruptionBudget")


def describe_changes(who: str, before: JSONObject, after: JSONObject) -> list[tuple[str, str]]:
    """What ``who`` filled in, one ``field.path = value`` a field that was added or changed.

    Shared sub-trees are not looked into, so this costs what the difference is large.
    """
    texts = []
    for text in _changed("", before, after):
        texts.append((who, text))
        if len(texts) >= _SHOWN_CHANGES:
            break
    return texts


def _changed(path: str, before: Any, after: Any) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        dot = "." if path else ""
        for key, value in after.items():
            if key not in before:
                yield f"{path}{dot}{key} = {_value_text(value)}"
            elif value is not before[key]:
                yield from _changed(f"{path}{dot}{key}", before[key], value)
    elif isinstance(before, list) and isinstance(after, list):
        for index, value in enumerate(after):
            if index >= len(before):
                yield f"{path}[{index}] = {_value_text(value)}"
            elif value is not before[index]:
                yield from _changed(f"{path}[{index}]", before[index], value)
    elif before != after:
        yield f"{path} = {_value_text(after)}"


def _value_text(value: Any) -> str:
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= _SHOWN_VALUE else text[:_SHOWN_VALUE] + "…"
