"""PriorityClass names become numbers; at most one class is the default.

Models:
    plugin/pkg/admission/priority/admission.go Plugin
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apiserver.admission.plugin import CREATE, UPDATE, AdmissionPlugin
from webapp.apiserver.storage import bucket_name

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apiserver.admission.plugin import AdmissionAttributes
    from webapp.apiserver.cacher import Cacher
    from webapp.apiserver.storage import Storage
    from webapp.etcd.mvcc import Change

_CLASSES = bucket_name("scheduling.k8s.io", "priorityclasses")
_PREEMPTS = "PreemptLowerPriority"


class PriorityPlugin(AdmissionPlugin):
    """Resolves ``spec.priorityClassName``."""

    name = "Priority"

    def __init__(self, storage: Storage, cacher: Cacher) -> None:
        self._storage = storage
        self._default: JSONObject | None = None
        self._knows_default = False
        cacher.listen(_CLASSES, self._forget)

    def handles(self, group: str, resource: str, subresource: str, operation: str) -> bool:
        """New Pods, and PriorityClasses."""
        if (group, resource, subresource) == ("", "pods", ""):
            return operation == CREATE
        return (group, resource) == ("scheduling.k8s.io", "priorityclasses") and operation in {
            CREATE,
            UPDATE,
        }

    def admit(self, attributes: AdmissionAttributes, obj: JSONObject) -> JSONObject:
        """The Pod with its priority."""
        if attributes.info.resource != "pods":
            return obj
        spec = dict(obj.get("spec") or {})
        name = spec.get("priorityClassName")
        found = self._storage.get(_CLASSES, name) if name else self._default_class()
        if name and found is None:
            raise attributes.forbidden(f"no PriorityClass with name {name} was found")
        priority, policy = 0, _PREEMPTS
        if found is not None:
            priority = found.get("value", 0)
            policy = found.get("preemptionPolicy") or _PREEMPTS
            spec["priorityClassName"] = found["metadata"]["name"]
        given = spec.get("priority")
        if given is not None and given != priority:
            raise attributes.forbidden(
                f"the integer value of priority ({given}) must not be provided in pod spec; "
                f"priority admission controller computed {priority} from the given PriorityClass name"
            )
        wanted_policy = spec.get("preemptionPolicy")
        if wanted_policy is not None and wanted_policy != policy:
            raise attributes.forbidden(
                f"the string value of PreemptionPolicy ({wanted_policy}) must not be provided in pod spec; "
                f"priority admission controller computed {policy} from the given PriorityClass name"
            )
        spec["priority"] = priority
        spec["preemptionPolicy"] = policy
        return {**obj, "spec": spec}

    def validate(self, attributes: AdmissionAttributes, obj: JSONObject) -> None:
        """Refuse a second default class."""
        if attributes.info.resource == "pods" or not obj.get("globalDefault"):
            return
        default = self._default_class()
        if default is not None and default["metadata"]["name"] != attributes.name:
            raise attributes.forbidden(
                f"PriorityClass {default['metadata']['name']} is already marked as default. Only one default can exist"
            )

    def _default_class(self) -> JSONObject | None:
        if not self._knows_default:
            defaults = [
                known for known in self._storage.list(_CLASSES) if known.get("globalDefault")
            ]
            # Several defaults can only come from outside; the smallest value is the safest then.
            self._default = min(defaults, key=lambda known: known.get("value", 0), default=None)
            self._knows_default = True
        return self._default

    def _forget(self, _: Change) -> None:
        self._knows_default = False
