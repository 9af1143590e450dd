"""Which objects a list or watch is about: namespace, label selector, field selector.

Request parameters enter, a :class:`Selection` leaves; the registry filters lists with it and the
cacher translates watch events by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.fields import parse_field_selector, unsupported_field
from webapp.apimachinery.labels import parse_selector

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from webapp.apimachinery.fields import FieldSelector
    from webapp.apimachinery.labels import Selector
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.scheme import ResourceInfo

_ALWAYS_SELECTABLE = ("metadata.name", "metadata.namespace")
_EVENT_FIELDS = (
    "involvedObject.apiVersion",
    "involvedObject.fieldPath",
    "involvedObject.kind",
    "involvedObject.name",
    "involvedObject.namespace",
    "involvedObject.resourceVersion",
    "involvedObject.uid",
    "reason",
    "reportingComponent",
    "source",
    "type",
)
SELECTABLE_FIELDS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("", "events"): _EVENT_FIELDS,
    ("", "namespaces"): ("status.phase",),
    ("", "nodes"): ("spec.unschedulable",),
    ("", "pods"): (
        "spec.hostNetwork",
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "status.nominatedNodeName",
        "status.phase",
        "status.podIP",
        "status.podIPs",
    ),
    ("", "replicationcontrollers"): ("status.replicas",),
    ("", "secrets"): ("type",),
    ("", "services"): ("spec.clusterIP", "spec.type"),
    ("apps", "replicasets"): ("status.replicas",),
    ("batch", "jobs"): ("status.successful",),
    ("certificates.k8s.io", "certificatesigningrequests"): ("spec.signerName",),
}
"""(Group, resource) → fields that its objects can be selected by, beside name and namespace."""

_FALSE_WHEN_UNSET = frozenset(("spec.unschedulable", "spec.hostNetwork"))
_ZERO_WHEN_UNSET = frozenset(("status.replicas", "status.successful"))


class Selection:
    """A predicate on objects of one resource.

    Attributes:
        namespace: Only this namespace, or "" for all.
        labels: Label selector.
        fields: Field selector; its fields are known to be selectable.
        is_everything: Whether every object of the resource is selected.
    """

    __slots__ = ("fields", "is_everything", "labels", "namespace")

    def __init__(self, namespace: str, labels: Selector, fields: FieldSelector) -> None:
        self.namespace = namespace
        self.labels = labels
        self.fields = fields
        self.is_everything = (
            not namespace and labels.selects_everything and fields.selects_everything
        )

    def matches(self, obj: JSONObject) -> bool:
        """Whether ``obj`` is selected."""
        metadata = obj["metadata"]
        if self.namespace and metadata.get("namespace") != self.namespace:
            return False
        if not self.labels.matches(metadata.get("labels")):
            return False
        if self.fields.selects_everything:
            return True
        return self.fields.matches(lambda field: field_text(obj, field))


def make_selection(
    info: ResourceInfo, namespace: str, label_text: str, field_text_: str
) -> Selection:
    """Parse a request's selectors.

    Raises:
        BadRequest: A selector cannot be parsed, or names a field that cannot be selected by.
    """
    fields = parse_field_selector(field_text_)
    known = SELECTABLE_FIELDS.get((info.group, info.resource), ())
    for name in fields.fields():
        if name not in _ALWAYS_SELECTABLE and name not in known:
            raise unsupported_field(info.group, info.version, info.kind, name, known)
    return Selection(namespace, parse_selector(label_text), fields)


def field_text(obj: JSONObject, field: str) -> str:
    """A field's text as selectors compare it, "" when unset."""
    getter = _SPECIAL_FIELDS.get(field)
    if getter is not None:
        return getter(obj)
    value: object = obj
    for part in field.split("."):
        if not isinstance(value, dict):
            return ""
        value = value.get(part)
    if value is None:
        if field in _FALSE_WHEN_UNSET:
            return "false"
        return "0" if field in _ZERO_WHEN_UNSET else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _event_source(obj: JSONObject) -> str:
    component: str = (obj.get("source") or {}).get("component", "")
    return component or obj.get("reportingComponent", "") or ""


def _pod_ips(obj: JSONObject) -> str:
    return ",".join(entry.get("ip", "") for entry in (obj.get("status") or {}).get("podIPs") or ())


_SPECIAL_FIELDS: Mapping[str, Callable[[JSONObject], str]] = {
    "source": _event_source,
    "status.podIPs": _pod_ips,
}
