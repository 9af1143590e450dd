"""A new Node is not ready until the node lifecycle controller has seen it so.

Models:
    plugin/pkg/admission/nodetaint/admission.go Plugin
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.meta import with_fields
from webapp.apiserver.admission.plugin import CREATE, AdmissionPlugin

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apiserver.admission.plugin import AdmissionAttributes

_NOT_READY = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}


class TaintNodesByCondition(AdmissionPlugin):
    """Taints new Nodes."""

    name = "TaintNodesByCondition"

    def handles(self, group: str, resource: str, subresource: str, operation: str) -> bool:
        """New Nodes."""
        return (group, resource, subresource, operation) == ("", "nodes", "", CREATE)

    def admit(self, attributes: AdmissionAttributes, obj: JSONObject) -> JSONObject:
        """The Node with the taint, unless it brings it along."""
        del attributes
        held = (obj.get("spec") or {}).get("taints") or []
        if any(
            taint.get("key") == _NOT_READY["key"] and taint.get("effect") == _NOT_READY["effect"]
            for taint in held
        ):
            return obj
        return with_fields(obj, ("spec", "taints"), [*held, _NOT_READY])
