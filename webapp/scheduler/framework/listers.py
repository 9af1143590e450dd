"""What plugins look up besides Nodes and Pods on Nodes: who owns a Pod, namespaces, budgets.

The scheduler's informers write, plugins read.

Models:
    pkg/scheduler/framework/plugins/helper/spread.go DefaultSelector
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import orjson

from webapp.apimachinery.labels import (
    Requirement,
    Selector,
    selector_from_label_selector,
    selector_from_labels,
)
from webapp.apimachinery.meta import namespaced_name

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from webapp.apimachinery.meta import JSONObject
    from webapp.scheduler.framework.types import PodInfo

Objects: TypeAlias = "list[JSONObject]"

SERVICE = "Service"
REPLICATION_CONTROLLER = "ReplicationController"
REPLICA_SET = "ReplicaSet"
STATEFUL_SET = "StatefulSet"

_API_VERSIONS = {REPLICATION_CONTROLLER: "v1", REPLICA_SET: "apps/v1", STATEFUL_SET: "apps/v1"}
_KEPT_SELECTORS = 8192
_NO_LABELS: Mapping[str, str] = {}


class Listers:
    """Objects by kind and key.

    Attributes:
        selectors_version: Rises whenever a Pod's default selector may have become another one.
    """

    def __init__(self) -> None:
        self.selectors_version = 0
        self._services: dict[str, dict[str, JSONObject]] = {}
        self._owners: dict[str, dict[str, JSONObject]] = {kind: {} for kind in _API_VERSIONS}
        self._namespaces: dict[str, JSONObject] = {}
        self._budgets: dict[str, dict[str, JSONObject]] = {}
        self._default_selectors: dict[Hashable, Selector | None] = {}

    # --- writing ----------------------------------------------------------------------------

    def put_owner(self, kind: str, obj: JSONObject) -> None:
        """A Service or a controller's object came or changed."""
        namespace, key = obj["metadata"].get("namespace", ""), namespaced_name(obj)
        held = self._services.setdefault(namespace, {}) if kind == SERVICE else self._owners[kind]
        old = held.get(key)
        held[key] = obj
        if old is None or old["spec"].get("selector") != obj["spec"].get("selector"):
            self.forget_selectors()

    def remove_owner(self, kind: str, obj: JSONObject) -> None:
        """A Service or a controller's object went."""
        namespace, key = obj["metadata"].get("namespace", ""), namespaced_name(obj)
        held = self._services.get(namespace, {}) if kind == SERVICE else self._owners[kind]
        if held.pop(key, None) is not None:
            self.forget_selectors()

    def put_namespace(self, namespace: JSONObject) -> None:
        """A Namespace came or changed."""
        self._namespaces[namespace["metadata"]["name"]] = namespace

    def remove_namespace(self, namespace: JSONObject) -> None:
        """A Namespace went."""
        self._namespaces.pop(namespace["metadata"]["name"], None)

    def put_budget(self, budget: JSONObject) -> None:
        """A PodDisruptionBudget came or changed."""
        namespace = budget["metadata"].get("namespace", "")
        self._budgets.setdefault(namespace, {})[namespaced_name(budget)] = budget

    def remove_budget(self, budget: JSONObject) -> None:
        """A PodDisruptionBudget went."""
        namespace = budget["metadata"].get("namespace", "")
        self._budgets.get(namespace, {}).pop(namespaced_name(budget), None)

    def forget_selectors(self) -> None:
        """Let all Pods be signed anew."""
        self._default_selectors.clear()
        self.selectors_version += 1

    # --- reading ----------------------------------------------------------------------------

    def namespace_labels(self, name: str) -> Mapping[str, str]:
        """Labels of a namespace; none for one that is not known."""
        namespace = self._namespaces.get(name)
        return (namespace["metadata"].get("labels") if namespace else None) or _NO_LABELS

    def budgets(self) -> Objects:
        """All PodDisruptionBudgets, in order of namespace and name."""
        return [held[key] for _, held in sorted(self._budgets.items()) for key in sorted(held)]

    def default_selector(self, pod: PodInfo) -> Selector | None:
        """What selects the Pods that belong together with this one; ``None`` when nothing does."""
        references = pod.pod["metadata"].get("ownerReferences") or ()
        owner = next((one for one in references if one.get("controller")), None)
        key = (
            pod.namespace,
            orjson.dumps(pod.labels),
            (owner["apiVersion"], owner["kind"], owner["name"]) if owner else None,
        )
        try:
            return self._default_selectors[key]
        except KeyError:
            pass
        if len(self._default_selectors) >= _KEPT_SELECTORS:
            self._default_selectors.clear()
        selector = self._default_selectors[key] = self._make_selector(pod, owner)
        return selector

    def _make_selector(self, pod: PodInfo, owner: JSONObject | None) -> Selector | None:
        labels: dict[str, str] = {}
        for _, service in sorted(self._services.get(pod.namespace, {}).items()):
            selector = service["spec"].get("selector")
            if selector and selector_from_labels(selector).matches(pod.labels):
                labels.update(selector)
        requirements: list[Requirement] = []
        own = self._owner(pod.namespace, owner) if owner else None
        if own is not None and owner is not None:
            selector = own["spec"].get("selector")
            if owner["kind"] == REPLICATION_CONTROLLER:
                labels.update(selector or {})
            else:
                requirements.extend(selector_from_label_selector(selector).requirements)
        requirements.extend(selector_from_labels(labels).requirements)
        return Selector(requirements) if requirements else None

    def _owner(self, namespace: str, owner: JSONObject) -> JSONObject | None:
        kind = owner["kind"]
        if _API_VERSIONS.get(kind) != owner["apiVersion"]:
            return None
        return self._owners[kind].get(f"{namespace}/{owner['name']}")
