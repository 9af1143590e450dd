"""ResourceQuotas: what a Namespace may hold in all.

Use is counted from the stored objects at the moment of the request. Quotas with scopes are left out of
account, and nobody writes ``status.used``.

Models:
    staging/src/k8s.io/apiserver/pkg/admission/plugin/resourcequota/controller.go CheckRequest
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from webapp.apimachinery.quantity import canonical_text, parse_quantity
from webapp.apiserver.admission.plugin import CREATE, AdmissionPlugin
from webapp.apiserver.storage import bucket_name

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apiserver.admission.plugin import AdmissionAttributes
    from webapp.apiserver.storage import Storage

_QUOTAS = bucket_name("", "resourcequotas")
_COUNTED = frozenset(
    (
        "configmaps",
        "persistentvolumeclaims",
        "pods",
        "replicationcontrollers",
        "resourcequotas",
        "secrets",
        "services",
    )
)
_ENDED = frozenset(("Failed", "Succeeded"))


class ResourceQuota(AdmissionPlugin):
    """Refuses what would exceed a quota."""

    name = "ResourceQuota"

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def handles(self, group: str, resource: str, subresource: str, operation: str) -> bool:
        """All new objects but Events."""
        del group
        return operation == CREATE and not subresource and resource != "events"

    def validate(self, attributes: AdmissionAttributes, obj: JSONObject) -> None:
        """Refuse the object if a quota would be exceeded."""
        if not attributes.namespace:
            return
        for quota in self._storage.list(_QUOTAS, attributes.namespace):
            spec = quota.get("spec") or {}
            if not spec.get("scopes") and not spec.get("scopeSelector"):
                self._check(attributes, obj, quota["metadata"]["name"], spec.get("hard") or {})

    def _check(
        self, attributes: AdmissionAttributes, obj: JSONObject, quota: str, hard: JSONObject
    ) -> None:
        info = attributes.info
        wanted = _usage(info.group, info.resource, obj)
        concerned = sorted(name for name in hard if name in wanted)
        if info.resource == "pods" and not info.group:
            _require_amounts(attributes, obj, quota, hard)
        if not concerned:
            return
        bucket = bucket_name(info.group, info.resource)
        used = dict.fromkeys(concerned, Fraction(0))
        for held in self._storage.list(bucket, attributes.namespace):
            usage = _usage(info.group, info.resource, held)
            for name in concerned:
                used[name] += usage.get(name, 0)
        exceeded = [
            name for name in concerned if used[name] + wanted[name] > parse_quantity(hard[name])
        ]
        if exceeded:
            raise attributes.forbidden(
                f"exceeded quota: {quota}, requested: {_texts(wanted, exceeded)}, "
                f"used: {_texts(used, exceeded)}, "
                f"limited: {','.join(f'{name}={canonical_text(hard[name])}' for name in exceeded)}"
            )


def _usage(group: str, resource: str, obj: JSONObject) -> dict[str, Fraction]:
    """What an object counts for, by quota resource."""
    one = Fraction(1)
    usage = {f"count/{resource}.{group}" if group else f"count/{resource}": one}
    if not group and resource in _COUNTED:
        usage[resource] = one
    if not group and resource == "services":
        type_ = (obj.get("spec") or {}).get("type")
        usage["services.nodeports"] = Fraction(int(type_ in {"NodePort", "LoadBalancer"}))
        usage["services.loadbalancers"] = Fraction(int(type_ == "LoadBalancer"))
    if not group and resource == "pods":
        if (obj.get("status") or {}).get("phase") in _ENDED:
            return {name: amount for name, amount in usage.items() if name.startswith("count/")}
        for kind in ("requests", "limits"):
            for name, amount in _pod_amounts(obj, kind).items():
                usage[f"{kind}.{name}"] = amount
                if kind == "requests" and name in {"cpu", "memory", "ephemeral-storage"}:
                    usage[name] = amount
    return usage


def _pod_amounts(pod: JSONObject, kind: str) -> dict[str, Fraction]:
    totals: dict[str, Fraction] = {}
    for container in (pod.get("spec") or {}).get("containers") or ():
        for name, amount in ((container.get("resources") or {}).get(kind) or {}).items():
            totals[name] = totals.get(name, Fraction(0)) + parse_quantity(amount)
    for container in (pod.get("spec") or {}).get("initContainers") or ():
        for name, amount in ((container.get("resources") or {}).get(kind) or {}).items():
            totals[name] = max(totals.get(name, Fraction(0)), parse_quantity(amount))
    return totals


def _require_amounts(
    attributes: AdmissionAttributes, pod: JSONObject, quota: str, hard: JSONObject
) -> None:
    """A quota on cpu or memory makes stating them a duty."""
    missing: dict[str, list[str]] = {}
    for name in sorted(hard):
        kind, _, resource = name.rpartition(".")
        if resource not in {"cpu", "memory"} or kind not in {"", "limits", "requests"}:
            continue
        for container in (pod.get("spec") or {}).get("containers") or ():
            if resource not in ((container.get("resources") or {}).get(kind or "requests") or {}):
                missing.setdefault(container["name"], []).append(name)
    if missing:
        texts = [
            f"{','.join(names)} for: {container}" for container, names in sorted(missing.items())
        ]
        raise attributes.forbidden(f"failed quota: {quota}: must specify {'; '.join(texts)}")


def _texts(amounts: dict[str, Fraction], names: list[str]) -> str:
    return ",".join(f"{name}={_amount_text(amounts[name])}" for name in names)


def _amount_text(amount: Fraction) -> str:
    if amount.denominator == 1:
        return str(amount.numerator)
    return f"{-(-amount.numerator * 1000 // amount.denominator)}m"
