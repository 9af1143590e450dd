"""What the handlers know about the request they carry out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.field_path import Path, not_supported
from webapp.apimachinery.status import BadRequest, Invalid

if TYPE_CHECKING:
    from webapp.apimachinery.field_path import FieldError
    from webapp.apimachinery.scheme import ResourceInfo
    from webapp.apimachinery.wire import Request, UserInfo
    from webapp.apiserver.gates import Gates
    from webapp.apiserver.request_info import RequestInfo
    from webapp.sim.loop import Simulation

STRICT = "Strict"
WARN = "Warn"
IGNORE = "Ignore"
_FIELD_VALIDATIONS = ("", IGNORE, STRICT, WARN)
_MAX_FIELD_MANAGER = 128
_DEPRECATIONS = {
    ("", "v1", "ComponentStatus"): "v1 ComponentStatus is deprecated in v1.19+",
    ("", "v1", "Endpoints"): (
        "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"
    ),
}
"""(group, version, kind) → the warning that people get with every answer about such objects."""


class RequestContext:
    """One authorized request on one resource.

    Attributes:
        request, info: The request and its coordinates.
        served: The kind as the request names it.
        resource: The kind as it is stored; another one for the few that are served under two names.
        user: Who asks.
        actor: What the facts call the asking program.
        gates: Where the handlers report what happened.
        is_trusted: Whether the body comes from a component of this cluster: it is taken as it is,
            without structural checks and without recording field managers for new objects.
        warnings: Texts for ``Warning`` headers, in order.
    """

    __slots__ = (
        "_sim",
        "actor",
        "gates",
        "info",
        "is_trusted",
        "request",
        "resource",
        "served",
        "user",
        "warnings",
    )

    def __init__(
        self,
        request: Request,
        info: RequestInfo,
        served: ResourceInfo,
        resource: ResourceInfo,
        user: UserInfo,
        actor: str,
        gates: Gates,
        sim: Simulation,
        *,
        is_trusted: bool,
    ) -> None:
        self.request = request
        self.info = info
        self.served = served
        self.resource = resource
        self.user = user
        self.actor = actor
        self.gates = gates
        self._sim = sim
        self.is_trusted = is_trusted
        self.warnings: list[str] = []
        deprecation = _DEPRECATIONS.get((served.group, served.version, served.kind))
        if deprecation and not is_trusted:
            self.warnings.append(deprecation)

    @property
    def now_ms(self) -> int:
        """Virtual now, or the earlier moment that is read; watches ask long after the request came."""
        past = self.request.past
        if past is not None:
            return past.at_ms
        return self._sim.now_ms

    @property
    def dry_run(self) -> bool:
        """Whether everything is to be done but the storing.

        Raises:
            Invalid: ``dryRun`` has another value than ``All``.
        """
        if not self.request.query:
            return False
        values = self.request.query.get("dryRun", ())
        for value in values:
            if value != "All":
                raise self.invalid_options(not_supported(Path("dryRun"), value, ["All"]))
        return bool(values)

    @property
    def field_validation(self) -> str:
        """Strict, Warn (also when not given) or Ignore.

        Raises:
            Invalid: Another value was given.
        """
        value = self.request.parameter("fieldValidation")
        if value not in _FIELD_VALIDATIONS:
            raise self.invalid_options(
                not_supported(Path("fieldValidation"), value, _FIELD_VALIDATIONS)
            )
        return value or WARN

    @property
    def field_manager(self) -> str:
        """Who is recorded as the owner of the fields written.

        Raises:
            BadRequest: The name is too long.
        """
        manager = self.request.parameter("fieldManager")
        if len(manager) > _MAX_FIELD_MANAGER:
            raise BadRequest(
                f"fieldManager: Too long: may not be more than {_MAX_FIELD_MANAGER} bytes"
            )
        if manager:
            return manager
        agent = self.request.headers.get("user-agent", "") or self.actor
        return agent.split("/", 1)[0] or "unknown"

    def invalid_options(self, *errors: FieldError) -> Invalid:
        """The refusal of a query parameter."""
        kind = {"POST": "CreateOptions", "PUT": "UpdateOptions", "PATCH": "PatchOptions"}.get(
            self.request.method, "DeleteOptions"
        )
        return Invalid.of("meta.k8s.io", kind, "", errors)
