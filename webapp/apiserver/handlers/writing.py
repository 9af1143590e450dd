"""What create, update and patch share: admission attributes, the validating step, the changes' texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apiserver.admission.plugin import AdmissionAttributes

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject
    from webapp.apiserver.context import RequestContext
    from webapp.apiserver.registry.registry import Registry
    from webapp.apiserver.registry.store import ResourceStore


def admission_attributes(
    ctx: RequestContext, operation: str, name: str, old: JSONObject | None, *, dry_run: bool
) -> AdmissionAttributes:
    """What the plugins are told of a request."""
    info = ctx.info
    namespace = info.namespace if ctx.resource.namespaced else ""
    return AdmissionAttributes(
        operation, ctx.resource, info.subresource, namespace, name, ctx.user, old, dry_run
    )


def fill_in(
    ctx: RequestContext,
    registry: Registry,
    store: ResourceStore,
    attributes: AdmissionAttributes,
    obj: JSONObject,
    record: Callable[[JSONObject], JSONObject] | None,
) -> JSONObject:
    """Defaults, field managers, then the mutating plugins; reports what was filled in.

    Args:
        ctx: The request.
        registry: For the admission chain.
        store: For the kind's defaults.
        attributes: What the plugins are told.
        obj: The object as decoded.
        record: Notes who owns which fields; what plugins fill in later belongs to nobody.

    Raises:
        StatusError: A plugin refuses the request.
    """
    changes: list[tuple[str, str]] | None = [] if ctx.gates.is_followed else None
    defaulted = store.strategy.rules.default(obj)
    if changes is not None and defaulted is not obj:
        changes += registry.admission.describe_defaults(obj, defaulted)
    recorded = defaulted if record is None else record(defaulted)
    admitted = registry.admission.admit(attributes, recorded, changes)
    ctx.gates.admitted(tuple(changes or ()))
    return admitted


def validating(registry: Registry, attributes: AdmissionAttributes) -> Callable[[JSONObject], None]:
    """The chain's validating half as the registry calls it."""
    return lambda obj: registry.admission.validate(attributes, obj)
