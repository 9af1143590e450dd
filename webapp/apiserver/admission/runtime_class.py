"""A Pod gets its RuntimeClass's overhead, node selector and tolerations.

Models:
    plugin/pkg/admission/runtimeclass/admission.go RuntimeClass
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.quantity import parse_quantity
from webapp.apiserver.admission.plugin import CREATE, AdmissionPlugin
from webapp.apiserver.storage import bucket_name

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apiserver.admission.plugin import AdmissionAttributes
    from webapp.apiserver.storage import Storage

_CLASSES = bucket_name("node.k8s.io", "runtimeclasses")


class RuntimeClassPlugin(AdmissionPlugin):
    """Resolves ``spec.runtimeClassName``."""

    name = "RuntimeClass"

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def handles(self, group: str, resource: str, subresource: str, operation: str) -> bool:
        """New Pods."""
        return (group, resource, subresource, operation) == ("", "pods", "", CREATE)

    def admit(self, attributes: AdmissionAttributes, obj: JSONObject) -> JSONObject:
        """The Pod with what its class brings."""
        spec = obj.get("spec") or {}
        name = spec.get("runtimeClassName")
        if not name:
            if spec.get("overhead"):
                raise attributes.forbidden(
                    "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
                )
            return obj
        found = self._storage.get(_CLASSES, name)
        if found is None:
            raise attributes.forbidden(f'pod rejected: RuntimeClass "{name}" not found')
        changed = _with_scheduling(attributes, spec, found.get("scheduling") or {})
        fixed = (found.get("overhead") or {}).get("podFixed")
        if fixed:
            if spec.get("overhead") and not _same_amounts(spec["overhead"], fixed):
                raise attributes.forbidden(
                    "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"
                )
            changed = {**changed, "overhead": fixed}
        elif spec.get("overhead"):
            raise attributes.forbidden(
                "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
            )
        return obj if changed is spec else {**obj, "spec": changed}


def _with_scheduling(
    attributes: AdmissionAttributes, spec: JSONObject, scheduling: JSONObject
) -> JSONObject:
    selector = scheduling.get("nodeSelector") or {}
    own = spec.get("nodeSelector") or {}
    for key, value in sorted(selector.items()):
        if own.get(key, value) != value:
            raise attributes.forbidden(
                f"conflict: runtimeClass.scheduling.nodeSelector[{key}] = {value}; "
                f"pod.spec.nodeSelector[{key}] = {own[key]}"
            )
    if selector:
        spec = {**spec, "nodeSelector": {**own, **selector}}
    held = spec.get("tolerations") or []
    more = [item for item in scheduling.get("tolerations") or () if item not in held]
    return {**spec, "tolerations": [*held, *more]} if more else spec


def _same_amounts(first: JSONObject, second: JSONObject) -> bool:
    return {key: parse_quantity(value) for key, value in first.items()} == {
        key: parse_quantity(value) for key, value in second.items()
    }
