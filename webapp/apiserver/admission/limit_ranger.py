"""LimitRanges: default requests and limits of containers, and bounds on containers, Pods and claims.

Models:
    plugin/pkg/admission/limitranger/admission.go LimitRanger
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from webapp.api.core.quota import pod_amounts
from webapp.apimachinery.meta import with_fields
from webapp.apimachinery.quantity import (
    DECIMAL_SI,
    canonical_text,
    format_quantity,
    parse_quantity,
    quantity_format,
)
from webapp.apiserver.admission.plugin import CREATE, UPDATE, AdmissionPlugin
from webapp.apiserver.storage import bucket_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.apimachinery.meta import JSONObject
    from webapp.apiserver.admission.plugin import AdmissionAttributes
    from webapp.apiserver.storage import Storage

_LIMIT_RANGES = bucket_name("", "limitranges")
_CLAIM = "PersistentVolumeClaim"
_CONTAINER = "Container"
_POD = "Pod"
_ANNOTATION = "kubernetes.io/limit-ranger"
_CONTAINER_FIELDS = (("containers", "container"), ("initContainers", "init container"))


class LimitRanger(AdmissionPlugin):
    """Fills in and checks the resources of new Pods, checks the storage that claims ask for."""

    name = "LimitRanger"

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def handles(self, group: str, resource: str, subresource: str, operation: str) -> bool:
        """New Pods, claims new or changed."""
        if group or subresource:
            return False
        if resource == "persistentvolumeclaims":
            return operation in {CREATE, UPDATE}
        return resource == "pods" and operation == CREATE

    def admit(self, attributes: AdmissionAttributes, obj: JSONObject) -> JSONObject:
        """The Pod with the default requests and limits that its containers lack."""
        if attributes.info.resource != "pods":
            return obj
        for item in self._items(attributes.namespace):
            if item.get("type") == _CONTAINER:
                obj = _with_defaults(obj, item)
        return obj

    def validate(self, attributes: AdmissionAttributes, obj: JSONObject) -> None:
        """Refuse what is out of bounds."""
        problems: list[str] = []
        for item in self._items(attributes.namespace):
            if attributes.info.resource == "pods":
                problems += _pod_problems(item, obj)
            elif item.get("type") == _CLAIM:
                problems += _claim_problems(item, obj)
        if problems:
            text = problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]"
            raise attributes.forbidden(text)

    def _items(self, namespace: str) -> Iterator[JSONObject]:
        for limit_range in self._storage.list(_LIMIT_RANGES, namespace):
            yield from (limit_range.get("spec") or {}).get("limits") or ()


def _containers(pod: JSONObject) -> Iterator[JSONObject]:
    spec = pod.get("spec") or {}
    yield from spec.get("containers") or ()
    yield from spec.get("initContainers") or ()


def _with_defaults(pod: JSONObject, item: JSONObject) -> JSONObject:
    limits, requests = item.get("default") or {}, item.get("defaultRequest") or {}
    spec = dict(pod.get("spec") or {})
    changes: list[str] = []
    for field, title in _CONTAINER_FIELDS:
        if spec.get(field):
            changes += _changes(spec[field], title, limits, requests)
            spec[field] = [_container_with(held, limits, requests) for held in spec[field]]
    if not changes:
        return pod
    text = f"LimitRanger plugin set: {'; '.join(changes)}"
    return with_fields({**pod, "spec": spec}, ("metadata", "annotations", _ANNOTATION), text)


def _changes(
    containers: list[JSONObject], title: str, limits: JSONObject, requests: JSONObject
) -> Iterator[str]:
    """What the containers get that they lack, as the annotation says it."""
    for container in containers:
        resources = container.get("resources") or {}
        for kind, amounts in (("request", requests), ("limit", limits)):
            added = sorted(set(amounts) - set(resources.get(f"{kind}s") or ()))
            if added:
                yield f"{', '.join(added)} {kind} for {title} {container['name']}"


def _container_with(container: JSONObject, limits: JSONObject, requests: JSONObject) -> JSONObject:
    resources = container.get("resources") or {}
    held = {
        "limits": {**limits, **(resources.get("limits") or {})},
        "requests": {**requests, **(resources.get("requests") or {})},
    }
    merged = {**resources, **{kind: amounts for kind, amounts in held.items() if amounts}}
    return container if merged == resources else {**container, "resources": merged}


def _pod_problems(item: JSONObject, pod: JSONObject) -> Iterator[str]:
    if item.get("type") == _CONTAINER:
        for container in _containers(pod):
            resources = container.get("resources") or {}
            requests, limits = _Amounts(resources, "requests"), _Amounts(resources, "limits")
            yield from _problems(item, _CONTAINER, requests, limits)
    elif item.get("type") == _POD:
        yield from _problems(item, _POD, _PodAmounts(pod, "requests"), _PodAmounts(pod, "limits"))


def _claim_problems(item: JSONObject, claim: JSONObject) -> Iterator[str]:
    requests = _Amounts((claim.get("spec") or {}).get("resources") or {}, "requests")
    for name, bound in _bounds(item, "min"):
        head = f"minimum {name} usage per {_CLAIM} is {canonical_text(bound)}"
        yield from _request_problem(head, name, requests, parse_quantity(bound), least=True)
    for name, bound in _bounds(item, "max"):
        head = f"maximum {name} usage per {_CLAIM} is {canonical_text(bound)}"
        yield from _request_problem(head, name, requests, parse_quantity(bound), least=False)


def _request_problem(
    head: str, name: str, requests: _Amounts, bound: Fraction, *, least: bool
) -> Iterator[str]:
    if name not in requests.amounts:
        yield f"{head}.  No request is specified"
    elif requests.amounts[name] < bound if least else requests.amounts[name] > bound:
        yield f"{head}, but request is {requests.text(name)}"


class _Amounts:
    """What a container or claim states.

    Attributes:
        amounts: Resource → exact amount.
    """

    def __init__(self, resources: JSONObject, kind: str) -> None:
        self._texts: JSONObject = resources.get(kind) or {}
        self.amounts = {name: parse_quantity(text) for name, text in self._texts.items()}

    def text(self, name: str) -> str:
        """The amount as messages print it."""
        return canonical_text(self._texts[name])


class _PodAmounts(_Amounts):
    """What a Pod's containers state together."""

    def __init__(self, pod: JSONObject, kind: str) -> None:
        self.amounts = pod_amounts(pod, kind)
        self._formats: dict[str, str] = {}
        for container in _containers(pod):
            for name, text in ((container.get("resources") or {}).get(kind) or {}).items():
                self._formats.setdefault(name, quantity_format(text))

    def text(self, name: str) -> str:
        """The sum, in the format of the first container that states some."""
        return format_quantity(self.amounts[name], self._formats.get(name, DECIMAL_SI))


def _bounds(item: JSONObject, kind: str) -> list[tuple[str, str]]:
    return sorted((item.get(kind) or {}).items())


def _problems(
    item: JSONObject, subject: str, requests: _Amounts, limits: _Amounts
) -> Iterator[str]:
    asked, capped = requests.amounts, limits.amounts
    for name, bound in _bounds(item, "min"):
        head = f"minimum {name} usage per {subject} is {canonical_text(bound)}"
        if name not in asked:
            yield f"{head}.  No request is specified"
        elif asked[name] < parse_quantity(bound):
            yield f"{head}, but request is {requests.text(name)}"
        elif name in capped and capped[name] < parse_quantity(bound):
            yield f"{head}, but limit is {limits.text(name)}"
    for name, bound in _bounds(item, "max"):
        head = f"maximum {name} usage per {subject} is {canonical_text(bound)}"
        if name not in capped:
            yield f"{head}.  No limit is specified"
        elif capped[name] > parse_quantity(bound):
            yield f"{head}, but limit is {limits.text(name)}"
        elif name in asked and asked[name] > parse_quantity(bound):
            yield f"{head}, but request is {requests.text(name)}"
    for name, bound in _bounds(item, "maxLimitRequestRatio"):
        if name in asked and name in capped:
            ratio = capped[name] / (asked[name] or Fraction(1))
            if ratio > parse_quantity(bound):
                yield (
                    f"{name} max limit to request ratio per {subject} is {canonical_text(bound)}, "
                    f"but provided ratio is {float(ratio):f}"
                )
