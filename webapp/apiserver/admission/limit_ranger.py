"""LimitRanges: default requests and limits of containers, and bounds on them.

Models:
    plugin/pkg/admission/limitranger/admission.go LimitRanger
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from webapp.apimachinery.meta import with_fields
from webapp.apimachinery.quantity import canonical_text, parse_quantity
from webapp.apiserver.admission.plugin import CREATE, AdmissionPlugin
from webapp.apiserver.storage import bucket_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.apimachinery.meta import JSONObject
    from webapp.apiserver.admission.plugin import AdmissionAttributes
    from webapp.apiserver.storage import Storage

_LIMIT_RANGES = bucket_name("", "limitranges")
_CONTAINER = "Container"
_ANNOTATION = "kubernetes.io/limit-ranger"
_CONTAINER_FIELDS = (("containers", "container"), ("initContainers", "init container"))


class LimitRanger(AdmissionPlugin):
    """Fills in and checks the resources of new Pods."""

    name = "LimitRanger"

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def handles(self, group: str, resource: str, subresource: str, operation: str) -> bool:
        """New Pods."""
        return (group, resource, subresource, operation) == ("", "pods", "", CREATE)

    def admit(self, attributes: AdmissionAttributes, obj: JSONObject) -> JSONObject:
        """The Pod with the default requests and limits that its containers lack."""
        for item in self._items(attributes.namespace):
            if item.get("type") == _CONTAINER:
                obj = _with_defaults(obj, item)
        return obj

    def validate(self, attributes: AdmissionAttributes, obj: JSONObject) -> None:
        """Refuse Pods whose containers are out of bounds."""
        problems: list[str] = []
        for item in self._items(attributes.namespace):
            if item.get("type") == _CONTAINER:
                for container in _containers(obj):
                    problems += _problems(item, container.get("resources") or {})
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


def _problems(item: JSONObject, resources: JSONObject) -> Iterator[str]:
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    for name, bound in sorted((item.get("min") or {}).items()):
        head = f"minimum {name} usage per {_CONTAINER} is {canonical_text(bound)}"
        if name not in requests:
            yield f"{head}.  No request is specified"
        elif parse_quantity(requests[name]) < parse_quantity(bound):
            yield f"{head}, but request is {canonical_text(requests[name])}"
        elif name in limits and parse_quantity(limits[name]) < parse_quantity(bound):
            yield f"{head}, but limit is {canonical_text(limits[name])}"
    for name, bound in sorted((item.get("max") or {}).items()):
        head = f"maximum {name} usage per {_CONTAINER} is {canonical_text(bound)}"
        if name not in limits:
            yield f"{head}.  No limit is specified"
        elif parse_quantity(limits[name]) > parse_quantity(bound):
            yield f"{head}, but limit is {canonical_text(limits[name])}"
        elif name in requests and parse_quantity(requests[name]) > parse_quantity(bound):
            yield f"{head}, but request is {canonical_text(requests[name])}"
    for name, bound in sorted((item.get("maxLimitRequestRatio") or {}).items()):
        if name in requests and name in limits:
            ratio = parse_quantity(limits[name]) / (parse_quantity(requests[name]) or Fraction(1))
            if ratio > parse_quantity(bound):
                yield (
                    f"{name} max limit to request ratio per {_CONTAINER} is {canonical_text(bound)}, "
                    f"but provided ratio is {float(ratio):f}"
                )
