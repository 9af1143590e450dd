"""APIService objects: one a group and version, served here or by metrics-server.

Models:
    pkg/controlplane/apiserver/aggregator.go apiServicesToRegister
    staging/src/k8s.io/kube-aggregator/pkg/apis/apiregistration/v1/types.go APIService
"""

from __future__ import annotations

from hashlib import blake2s
from typing import TYPE_CHECKING

from webapp.apimachinery.timestamps import time_text

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.scheme import Scheme

METRICS_GROUP = "metrics.k8s.io"
_MANAGED = {"kube-aggregator.kubernetes.io/automanaged": "onstart"}


class APIServices:
    """The list of what is served; nothing can be added to it."""

    def __init__(self, scheme: Scheme, since_ms: int) -> None:
        self._scheme = scheme
        self._since = time_text(since_ms)

    def get(self, namespace: str, name: str) -> JSONObject | None:
        """One group and version, ``v1.apps``; or ``None``."""
        return next(
            (item for item in self.list(namespace) if item["metadata"]["name"] == name), None
        )

    def list(self, namespace: str) -> list[JSONObject]:
        """All groups and versions, sorted by name."""
        del namespace
        found = [
            self._api_service(group, version, 100 - rank)
            for group, versions in self._scheme.groups()
            for rank, version in enumerate(versions)
        ]
        return sorted(found, key=_name)

    def full_name(self, namespace: str, name: str) -> str:
        """What a refusal calls it."""
        del namespace
        return name

    def _api_service(self, group: str, version: str, priority: int) -> JSONObject:
        name = f"{version}.{group}"
        is_local = group != METRICS_GROUP
        spec: JSONObject = {
            "group": group,
            "groupPriorityMinimum": 18_000 if not group else 17_000 if is_local else 100,
            "version": version,
            "versionPriority": priority,
        }
        reason, message = "Local", "Local APIServices are always available"
        metadata: JSONObject = {"name": name, "creationTimestamp": self._since}
        if is_local:
            metadata["labels"] = _MANAGED
        else:
            spec["insecureSkipTLSVerify"] = True
            spec["service"] = {"name": "metrics-server", "namespace": "kube-system", "port": 443}
            reason, message = "Passed", "all checks passed"
            metadata["labels"] = {"k8s-app": "metrics-server"}
        metadata["uid"] = _uid(name)
        condition = {
            "type": "Available",
            "status": "True",
            "lastTransitionTime": self._since,
            "reason": reason,
            "message": message,
        }
        return {
            "kind": "APIService",
            "apiVersion": "apiregistration.k8s.io/v1",
            "metadata": metadata,
            "spec": spec,
            "status": {"conditions": [condition]},
        }


def _uid(name: str) -> str:
    """The same in every run, since nobody creates these objects."""
    digits = blake2s(name.encode(), digest_size=16).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _name(obj: JSONObject) -> str:
    name: str = obj["metadata"]["name"]
    return name
