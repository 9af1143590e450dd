"""ResourceQuotas: what a Namespace may hold in all.

A request is measured against ``status.hard`` and ``status.used``, and what it is granted is written into
``status.used`` at once; the quota controller gives back what goes.

Models:
    staging/src/k8s.io/apiserver/pkg/admission/plugin/resourcequota/controller.go CheckRequest, checkQuotas
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from webapp.api.core.quota import (
    IGNORED,
    amount_text,
    counted_resources,
    is_in_scope,
    missing_amounts,
    usage_of,
)
from webapp.apimachinery.quantity import parse_quantity
from webapp.apiserver.admission.plugin import CREATE, UPDATE, AdmissionPlugin
from webapp.apiserver.storage import bucket_name, object_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.api.core.quota import Amounts
    from webapp.apimachinery.meta import JSONObject
    from webapp.apiserver.admission.plugin import AdmissionAttributes
    from webapp.apiserver.storage import Storage
    from webapp.sim.loop import Simulation

_QUOTAS = bucket_name("", "resourcequotas")
_ACTOR = "kube-apiserver"
_COUNTED_ON_CHANGE = frozenset(
    {("persistentvolumeclaims", ""), ("pods", "resize"), ("services", "")}
)


class ResourceQuota(AdmissionPlugin):
    """Refuses what would exceed a quota."""

    name = "ResourceQuota"

    def __init__(self, storage: Storage, sim: Simulation) -> None:
        self._storage = storage
        self._sim = sim

    def handles(self, group: str, resource: str, subresource: str, operation: str) -> bool:
        """All new objects but Events, and changes of what can come to count for more."""
        if (group, resource) in IGNORED:
            return False
        if operation == UPDATE:
            return not group and (resource, subresource) in _COUNTED_ON_CHANGE
        return operation == CREATE and not subresource

    def validate(self, attributes: AdmissionAttributes, obj: JSONObject) -> None:
        """Refuse the object if a quota would be exceeded, else count it."""
        if not attributes.namespace:
            return
        quotas = self._storage.list(_QUOTAS, attributes.namespace)
        if not quotas:
            return
        info = attributes.info
        matching = []
        for quota in quotas:
            names = _hard_names(quota)
            concerned = counted_resources(names, info.group, info.resource)
            if not concerned or not is_in_scope(quota["spec"], info.group, info.resource, obj):
                continue
            _require_countable(attributes, quota, concerned, obj)
            matching.append(quota)
        wanted = self._wanted(attributes, obj)
        granted = [_grant(attributes, quota, wanted) for quota in matching]
        if attributes.dry_run:
            return
        for grant in granted:
            if grant is not None:
                key = object_key(attributes.namespace, grant["metadata"]["name"])
                self._storage.update(_QUOTAS, key, grant, _ACTOR)

    def _wanted(self, attributes: AdmissionAttributes, obj: JSONObject) -> Amounts:
        """What the request adds."""
        info, now_ms = attributes.info, self._sim.now_ms
        usage = usage_of(info.group, info.resource, obj, now_ms)
        if attributes.operation == UPDATE and attributes.old is not None:
            before = usage_of(info.group, info.resource, attributes.old, now_ms)
            for name, amount in before.items():
                usage[name] = usage.get(name, Fraction(0)) - amount
        return {name: amount for name, amount in usage.items() if amount}


def _hard_names(quota: JSONObject) -> list[str]:
    return sorted((quota.get("status") or {}).get("hard") or ())


def _require_countable(
    attributes: AdmissionAttributes, quota: JSONObject, concerned: list[str], obj: JSONObject
) -> None:
    name = quota["metadata"]["name"]
    if attributes.info.resource == "pods":
        problem = missing_amounts(concerned, obj)
        if problem:
            raise attributes.forbidden(f"failed quota: {name}: {problem}")
    used = quota["status"].get("used") or {}
    if any(resource not in used for resource in concerned):
        text = f"status unknown for quota: {name}, resources: {','.join(concerned)}"
        raise attributes.forbidden(text)


def _grant(
    attributes: AdmissionAttributes, quota: JSONObject, wanted: Amounts
) -> JSONObject | None:
    """The quota with what is wanted added to its use; ``None`` when that is nothing to it."""
    status = quota["status"]
    hard, used = status["hard"], status.get("used") or {}
    concerned = sorted(name for name in wanted if name in hard)
    if not concerned:
        return None
    before = {name: parse_quantity(used.get(name, "0")) for name in concerned}
    exceeded = [
        name
        for name in concerned
        if wanted[name] > 0 and before[name] + wanted[name] > parse_quantity(hard[name])
    ]
    if exceeded:
        raise attributes.forbidden(
            f"exceeded quota: {quota['metadata']['name']}, "
            f"requested: {_texts(wanted, hard, exceeded)}, used: {_texts(before, hard, exceeded)}, "
            f"limited: {','.join(f'{name}={hard[name]}' for name in exceeded)}"
        )
    after = {name: amount_text(before[name] + wanted[name], hard[name]) for name in concerned}
    return {**quota, "status": {**status, "used": {**used, **after}}}


def _texts(amounts: Amounts, hard: JSONObject, names: Iterable[str]) -> str:
    return ",".join(f"{name}={amount_text(amounts[name], hard[name])}" for name in names)
