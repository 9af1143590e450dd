"""The API's errors: one exception a reason, each carrying the ``Status`` body that clients get.

Raised by the API server and by clients that got such an answer; printed by the HTTP layer only.
Texts equal upstream's, since kubectl shows them.

Models:
    staging/src/k8s.io/apimachinery/pkg/api/errors/errors.go StatusError
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.apimachinery.field_path import FieldError
    from webapp.apimachinery.meta import JSONObject


class StatusError(Exception):
    """A request was refused.

    Attributes:
        code: HTTP status.
        reason: The API's word for it.
        message: What the client shows.
        details: Group, kind, name and causes, as far as they apply.
    """

    code = 500
    reason = "InternalError"

    def __init__(self, message: str, details: JSONObject | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, Any] = details or {}

    def status(self) -> JSONObject:
        """The ``Status`` object."""
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "details": self.details,
            "code": self.code,
        }


class BadRequest(StatusError):
    """The request cannot be understood."""

    code = 400
    reason = "BadRequest"


class Unauthorized(StatusError):
    """Nobody knows who asks."""

    code = 401
    reason = "Unauthorized"

    def __init__(self, message: str = "Unauthorized") -> None:
        super().__init__(message)


class Forbidden(StatusError):
    """The one who asks may not."""

    code = 403
    reason = "Forbidden"


class NotFound(StatusError):
    """There is no such object, or no such resource."""

    code = 404
    reason = "NotFound"

    @classmethod
    def of(cls, group: str, resource: str, name: str) -> NotFound:
        """The object ``name`` is missing."""
        return cls(
            f'{_qualified(group, resource)} "{name}" not found', _details(group, resource, name)
        )

    @classmethod
    def of_path(cls) -> NotFound:
        """The path names no resource."""
        return cls("the server could not find the requested resource")


class MethodNotAllowed(StatusError):
    """The resource does not support the verb."""

    code = 405
    reason = "MethodNotAllowed"

    def __init__(
        self, message: str = "the server does not allow this method on the requested resource"
    ) -> None:
        super().__init__(message)


class AlreadyExists(StatusError):
    """The name is taken."""

    code = 409
    reason = "AlreadyExists"

    @classmethod
    def of(cls, group: str, resource: str, name: str) -> AlreadyExists:
        """The object ``name`` is there already."""
        return cls(
            f'{_qualified(group, resource)} "{name}" already exists',
            _details(group, resource, name),
        )


class Conflict(StatusError):
    """The object changed meanwhile, or other field managers own what the request would change."""

    code = 409
    reason = "Conflict"

    @classmethod
    def of(cls, group: str, resource: str, name: str, problem: str = "") -> Conflict:
        """The request's resourceVersion is not the stored one, or ``problem``."""
        text = problem or (
            "the object has been modified; please apply your changes to the latest version and try again"
        )
        return cls(
            f'Operation cannot be fulfilled on {_qualified(group, resource)} "{name}": {text}',
            _details(group, resource, name),
        )


class Expired(StatusError):
    """The revision asked for is compacted."""

    code = 410
    reason = "Expired"


class RequestEntityTooLarge(StatusError):
    """The body is larger than the server takes."""

    code = 413
    reason = "RequestEntityTooLarge"


class UnsupportedMediaType(StatusError):
    """The body's content type is none that this request takes."""

    code = 415
    reason = "UnsupportedMediaType"


class Invalid(StatusError):
    """The object breaks rules of its kind."""

    code = 422
    reason = "Invalid"

    @classmethod
    def of(cls, group: str, kind: str, name: str, errors: Sequence[FieldError]) -> Invalid:
        """All that is wrong with object ``name``."""
        texts = list(dict.fromkeys(str(error) for error in errors))
        text = texts[0] if len(texts) == 1 else "[" + ", ".join(texts) + "]"
        details = _details(group, kind, name)
        details["causes"] = [
            {"reason": error.reason, "message": error.message, "field": error.field}
            for error in errors
        ]
        return cls(f'{_qualified(group, kind)} "{name}" is invalid: {text}', details)


class TooManyRequests(StatusError):
    """Not now; try again."""

    code = 429
    reason = "TooManyRequests"


class ServiceUnavailable(StatusError):
    """The server cannot answer at the moment."""

    code = 503
    reason = "ServiceUnavailable"


class GatewayTimeout(StatusError):
    """The answer did not come in time."""

    code = 504
    reason = "Timeout"


BY_REASON: dict[str, type[StatusError]] = {
    kind.reason: kind
    for kind in (
        AlreadyExists,
        BadRequest,
        Conflict,
        Expired,
        Forbidden,
        GatewayTimeout,
        Invalid,
        MethodNotAllowed,
        NotFound,
        RequestEntityTooLarge,
        ServiceUnavailable,
        StatusError,
        TooManyRequests,
        Unauthorized,
        UnsupportedMediaType,
    )
}


def _qualified(group: str, resource: str) -> str:
    return f"{resource}.{group}" if group else resource


def _details(group: str, kind: str, name: str) -> dict[str, Any]:
    details: dict[str, Any] = {"name": name, "kind": kind}
    if group:
        details["group"] = group
    return details
