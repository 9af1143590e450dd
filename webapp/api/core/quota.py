"""What objects count for in ResourceQuotas, and which quotas count them. Pure.

Admission and the quota controller measure with the same functions, so that they agree.

Models:
    pkg/quota/v1/evaluator/core/pods.go podEvaluator
    pkg/quota/v1/evaluator/core/services.go serviceEvaluator
    pkg/quota/v1/evaluator/core/persistent_volume_claims.go pvcEvaluator
    staging/src/k8s.io/apiserver/pkg/quota/v1/generic/evaluator.go objectCountEvaluator, Matches
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

from webapp.api.core.pods import is_sidecar, qos_class
from webapp.apimachinery.quantity import format_quantity, parse_quantity, quantity_format
from webapp.apimachinery.timestamps import parse_time

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.apimachinery.meta import JSONObject

Amounts: TypeAlias = dict[str, Fraction]
"""Resource → exact amount: cores, bytes, objects."""

IGNORED = frozenset({("", "events"), ("events.k8s.io", "events")})
"""(group, resource) that no quota counts."""

_ONE = Fraction(1)
_COUNTED_BY_OLD_NAME = frozenset(
    (
        "configmaps",
        "persistentvolumeclaims",
        "replicationcontrollers",
        "resourcequotas",
        "secrets",
        "services",
    )
)
_POD_RESOURCES = frozenset(
    {
        "count/pods",
        "pods",
        *(
            f"{kind}{name}"
            for kind in ("", "requests.", "limits.")
            for name in ("cpu", "memory", "ephemeral-storage")
        ),
    }
)
_CLASS_SUFFIX = ".storageclass.storage.k8s.io/"


def usage_of(group: str, resource: str, obj: JSONObject, now_ms: int) -> Amounts:
    """What an object counts for, by quota resource; what it counts nothing for may be missing."""
    usage = {f"count/{resource}.{group}" if group else f"count/{resource}": _ONE}
    if group:
        return usage
    if resource in _COUNTED_BY_OLD_NAME:
        usage[resource] = _ONE
    if resource == "pods" and not _has_ended(obj, now_ms):
        usage.update(_pod_usage(obj))
    elif resource == "services":
        usage.update(_service_usage(obj.get("spec") or {}))
    elif resource == "persistentvolumeclaims":
        usage.update(_claim_usage(obj))
    return usage


def counted_resources(names: Iterable[str], group: str, resource: str) -> list[str]:
    """Those of a quota's resources that objects of a kind count for."""
    count = f"count/{resource}.{group}" if group else f"count/{resource}"
    if group:
        return [name for name in names if name == count]
    if resource == "pods":
        return [name for name in names if _is_pod_resource(name)]
    if resource == "services":
        own = {count, "services", "services.loadbalancers", "services.nodeports"}
        return [name for name in names if name in own]
    if resource == "persistentvolumeclaims":
        own = {count, "persistentvolumeclaims", "requests.storage"}
        return [name for name in names if name in own or _CLASS_SUFFIX in name]
    own = {count, resource} if resource in _COUNTED_BY_OLD_NAME else {count}
    return [name for name in names if name in own]


def is_in_scope(spec: JSONObject, group: str, resource: str, obj: JSONObject) -> bool:
    """Whether all scopes of a quota cover the object; only Pods are in any scope."""
    requirements = [
        {"scopeName": scope, "operator": "Exists"} for scope in spec.get("scopes") or ()
    ]
    requirements += (spec.get("scopeSelector") or {}).get("matchExpressions") or ()
    if not requirements:
        return True
    if group or resource != "pods":
        return False
    return all(_pod_is_in(requirement, obj) for requirement in requirements)


def missing_amounts(names: Iterable[str], pod: JSONObject) -> str:
    """Why a Pod that states too little cannot be counted, in upstream's words; "" when it can."""
    required = sorted(
        name
        for name in names
        if name.rpartition(".")[2] in {"cpu", "memory"}
        and name.rpartition(".")[0] in {"", "limits", "requests"}
    )
    spec = pod.get("spec") or {}
    containers = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    texts = []
    for name in required:
        kind, _, resource = name.rpartition(".")
        lacking = sorted(
            container["name"]
            for container in containers
            if resource not in ((container.get("resources") or {}).get(kind or "requests") or {})
        )
        if lacking:
            texts.append(f"{name} for: {','.join(lacking)}")
    return f"must specify {'; '.join(texts)}" if texts else ""


def amount_text(amount: Fraction, like: str) -> str:
    """An amount, written as its limit is."""
    return format_quantity(amount, quantity_format(like))


# --- Pods ---------------------------------------------------------------------------------------


def pod_amounts(pod: JSONObject, kind: str) -> Amounts:
    """The Pod's effective ``requests`` or ``limits``.

    Models:
        staging/src/k8s.io/component-helpers/resource/helpers.go PodRequests, PodLimits
    """
    spec = pod.get("spec") or {}
    total: Amounts = {}
    for container in spec.get("containers") or ():
        _add(total, _amounts(container, kind))
    sidecars: Amounts = {}
    peak: Amounts = {}
    for container in spec.get("initContainers") or ():
        amounts = _amounts(container, kind)
        if is_sidecar(container):
            _add(total, amounts)
            _add(sidecars, amounts)
            amounts = dict(sidecars)
        else:
            _add(amounts, sidecars)
        _raise_to(peak, amounts)
    _raise_to(total, peak)
    total.update(_amounts(spec, kind))
    for name, amount in (spec.get("overhead") or {}).items():
        if kind == "requests" or name in total:
            total[name] = total.get(name, Fraction(0)) + parse_quantity(amount)
    return total


def _pod_usage(pod: JSONObject) -> Amounts:
    usage = {"pods": _ONE}
    for name, amount in pod_amounts(pod, "requests").items():
        usage[f"requests.{name}"] = amount
        if name in {"cpu", "memory", "ephemeral-storage"} or name.startswith("hugepages-"):
            usage[name] = amount
    for name, amount in pod_amounts(pod, "limits").items():
        if name in {"cpu", "memory", "ephemeral-storage"}:
            usage[f"limits.{name}"] = amount
    return usage


def _has_ended(pod: JSONObject, now_ms: int) -> bool:
    if (pod.get("status") or {}).get("phase") in {"Failed", "Succeeded"}:
        return True
    metadata = pod["metadata"]
    deleted, grace = metadata.get("deletionTimestamp"), metadata.get("deletionGracePeriodSeconds")
    return bool(deleted) and grace is not None and parse_time(deleted) < now_ms


def _is_pod_resource(name: str) -> bool:
    if name in _POD_RESOURCES or name.startswith(("hugepages-", "requests.hugepages-")):
        return True
    return name.startswith("requests.") and "/" in name


def _pod_is_in(requirement: JSONObject, pod: JSONObject) -> bool:
    scope = requirement["scopeName"]
    spec = pod.get("spec") or {}
    if scope in {"NotTerminating", "Terminating"}:
        limited = spec.get("activeDeadlineSeconds") is not None
        return limited == bool(scope == "Terminating")
    if scope in {"BestEffort", "NotBestEffort"}:
        best_effort = qos_class(pod) == "BestEffort"
        return best_effort == bool(scope == "BestEffort")
    if scope == "PriorityClass":
        return _matches(requirement, spec.get("priorityClassName") or "")
    if scope == "CrossNamespacePodAffinity":
        return any(_crosses_namespaces(term) for term in _affinity_terms(spec))
    return False


def _matches(requirement: JSONObject, value: str) -> bool:
    operator, values = requirement.get("operator"), requirement.get("values") or ()
    if operator == "In":
        return value in values and bool(value)
    if operator == "NotIn":
        return value not in values
    return bool(value) == (operator == "Exists")


def _affinity_terms(spec: JSONObject) -> list[JSONObject]:
    terms: list[JSONObject] = []
    for kind in ("podAffinity", "podAntiAffinity"):
        rules = (spec.get("affinity") or {}).get(kind) or {}
        terms += rules.get("requiredDuringSchedulingIgnoredDuringExecution") or ()
        weighted = rules.get("preferredDuringSchedulingIgnoredDuringExecution") or ()
        terms += [entry.get("podAffinityTerm") or {} for entry in weighted]
    return terms


def _crosses_namespaces(term: JSONObject) -> bool:
    return bool(term.get("namespaces")) or term.get("namespaceSelector") is not None


def _amounts(holder: JSONObject, kind: str) -> Amounts:
    listed = (holder.get("resources") or {}).get(kind) or {}
    return {name: parse_quantity(amount) for name, amount in listed.items()}


def _add(total: Amounts, amounts: Amounts) -> None:
    for name, amount in amounts.items():
        total[name] = total.get(name, Fraction(0)) + amount


def _raise_to(total: Amounts, amounts: Amounts) -> None:
    for name, amount in amounts.items():
        total[name] = max(total.get(name, Fraction(0)), amount)


# --- Services and claims ------------------------------------------------------------------------


def _service_usage(spec: JSONObject) -> Amounts:
    type_, ports = spec.get("type"), spec.get("ports") or ()
    if type_ == "NodePort":
        return {"services.nodeports": Fraction(len(ports))}
    if type_ == "LoadBalancer":
        if spec.get("allocateLoadBalancerNodePorts") is False:
            ports = [port for port in ports if port.get("nodePort")]
        return {"services.loadbalancers": _ONE, "services.nodeports": Fraction(len(ports))}
    return {}


def _claim_usage(claim: JSONObject) -> Amounts:
    spec = claim.get("spec") or {}
    asked = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    given = ((claim.get("status") or {}).get("allocatedResources") or {}).get("storage")
    amount = max((parse_quantity(text) for text in (asked, given) if text), default=Fraction(0))
    usage = {"requests.storage": amount}
    if spec.get("storageClassName"):
        prefix = spec["storageClassName"] + _CLASS_SUFFIX
        usage[f"{prefix}requests.storage"] = amount
        usage[f"{prefix}persistentvolumeclaims"] = _ONE
    return usage
