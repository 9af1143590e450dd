"""Pods stay five minutes on a Node that became unreachable or not ready, unless they say otherwise.

Models:
    plugin/pkg/admission/defaulttolerationseconds/admission.go Plugin
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apiserver.admission.plugin import CREATE, UPDATE, AdmissionPlugin

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apiserver.admission.plugin import AdmissionAttributes

TOLERATION_SECONDS = 300
_NO_EXECUTE = "NoExecute"


def _toleration(key: str) -> JSONObject:
    return {
        "key": key,
        "operator": "Exists",
        "effect": _NO_EXECUTE,
        "tolerationSeconds": TOLERATION_SECONDS,
    }


_DEFAULTS = (
    _toleration("node.kubernetes.io/not-ready"),
    _toleration("node.kubernetes.io/unreachable"),
)
_ALL_DEFAULTS = list(_DEFAULTS)


class DefaultTolerationSeconds(AdmissionPlugin):
    """Adds the two tolerations."""

    name = "DefaultTolerationSeconds"

    def handles(self, group: str, resource: str, subresource: str, operation: str) -> bool:
        """Pods."""
        return (group, resource, subresource) == ("", "pods", "") and operation in {CREATE, UPDATE}

    def admit(self, attributes: AdmissionAttributes, obj: JSONObject) -> JSONObject:
        """The Pod with the tolerations that it lacks."""
        del attributes
        held = (obj.get("spec") or {}).get("tolerations")
        if not held:
            # All Pods without tolerations of their own share one list.
            return {**obj, "spec": {**(obj.get("spec") or {}), "tolerations": _ALL_DEFAULTS}}
        missing = [default for default in _DEFAULTS if not _covers(held, default["key"])]
        if not missing:
            return obj
        return {**obj, "spec": {**obj["spec"], "tolerations": [*held, *missing]}}


def _covers(tolerations: list[JSONObject], key: str) -> bool:
    return any(
        toleration.get("key") in {key, "", None}
        and toleration.get("effect") in {_NO_EXECUTE, "", None}
        for toleration in tolerations
    )
