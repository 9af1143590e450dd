"""An API server for controllers' tests, in memory: objects, versions, watches, finalizers.

It stands behind the same seam as ``RESTClient`` and knows nothing of validation or admission. Pods on
a Node are deleted gracefully: ``stop_pod`` plays the kubelet's last word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.api.resources import NODES, PODS, REPLICA_SETS
from webapp.apimachinery.scheme import BUILTIN_KINDS
from webapp.apimachinery.status import AlreadyExists, Conflict, NotFound
from webapp.apimachinery.timestamps import time_text
from webapp.apimachinery.watch import ADDED, DELETED, MODIFIED, WatchEvent
from webapp.client.informer import InformerFactory
from webapp.controller.context import ControllerContext
from webapp.sim.loop import Simulation
from webapp.sim.rng import RandomStreams
from webapp.trace.recorder import Recorder

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.schema import GroupVersionResource
    from webapp.controller.controller import Controller

START_MS = 1_760_000_000_000
DELIVERY_MS = 2


class FakeWatcher:
    def __init__(self, api: FakeAPI, resource: GroupVersionResource, deliver: Any) -> None:
        self.api, self.resource, self.deliver = api, resource, deliver

    def stop(self) -> None:
        self.api.watchers.remove(self)


class FakeAPI:
    """The verbs of ``RESTClient`` over a dict."""

    name = "kube-controller-manager"

    def __init__(self) -> None:
        self.sim = Simulation(START_MS)
        self.streams = RandomStreams(7)
        self.recorder = Recorder(self.sim.clock)
        self.informers = InformerFactory(self)
        self.objects: dict[GroupVersionResource, dict[tuple[str, str], JSONObject]] = {}
        self.watchers: list[FakeWatcher] = []
        self.requests: list[tuple[str, str, str]] = []
        self.version = 0
        self.refuse: dict[tuple[str, str], Exception] = {}

    def context(self, **fields: Any) -> ControllerContext:
        return ControllerContext(
            self.sim, self.streams, self.recorder, self, self.informers, BUILTIN_KINDS, **fields
        )

    def run(self, *kinds: type[Controller], **fields: Any) -> list[Controller]:
        """Start these controllers on the world as it is."""
        context = self.context(**fields)
        controllers = [kind(context) for kind in kinds]
        self.informers.start()
        for controller in controllers:
            controller.start()
        return controllers

    # --- reading

    def find(self, resource: GroupVersionResource, namespace: str, name: str) -> JSONObject | None:
        return self.objects.get(resource, {}).get((namespace, name))

    def get(self, resource: GroupVersionResource, namespace: str, name: str) -> JSONObject:
        found = self.find(resource, namespace, name)
        if found is None:
            raise NotFound.of(resource.group, resource.resource, name)
        return found

    def list(self, resource, namespace="", label_selector="", field_selector=""):  # noqa: ARG002
        held = self.objects.get(resource, {})
        return [held[key] for key in sorted(held) if not namespace or key[0] == namespace]

    def list_with_version(self, resource, namespace="", label_selector="", field_selector=""):
        return self.list(resource, namespace, label_selector, field_selector), str(self.version)

    def watch(self, resource, deliver, resource_version, field_selector=""):  # noqa: ARG002
        watcher = FakeWatcher(self, resource, deliver)
        self.watchers.append(watcher)
        return watcher

    # --- writing

    def create(self, resource, namespace, obj, subresource="", name=""):  # noqa: ARG002
        self._note("create", resource, obj["metadata"].get("name", ""))
        metadata = dict(obj["metadata"])
        if "name" not in metadata:
            suffix = self.streams.stream("names").name_suffix()
            metadata["name"] = metadata["generateName"] + suffix
        if namespace:
            metadata["namespace"] = namespace
        key = (namespace, metadata["name"])
        if key in self.objects.get(resource, {}):
            raise AlreadyExists.of(resource.group, resource.resource, metadata["name"])
        metadata["uid"] = self.streams.stream("uids").uid()
        metadata["creationTimestamp"] = time_text(self.sim.now_ms)
        metadata["generation"] = 1
        created = {**obj, "metadata": metadata}
        if resource == PODS and "status" not in created:
            created["status"] = {"phase": "Pending"}
        return self._store(resource, key, created, ADDED)

    def update(self, resource, obj, subresource=""):
        metadata = obj["metadata"]
        self._note("update", resource, metadata["name"])
        current = self.get(resource, metadata.get("namespace", ""), metadata["name"])
        if metadata["resourceVersion"] != current["metadata"]["resourceVersion"]:
            raise Conflict.of(resource.group, resource.resource, metadata["name"])
        if subresource == "status":
            updated = {**current, "status": obj["status"]}
        elif subresource == "finalize":
            updated = {**current, "spec": obj["spec"]}
        else:
            updated = {**obj, "status": current.get("status", {})}
        return self._replace(resource, current, updated)

    def patch(
        self,
        resource,
        namespace,
        name,
        patch,
        patch_type="application/merge-patch+json",  # noqa: ARG002
        subresource="",  # noqa: ARG002
    ):
        self._note("patch", resource, name)
        current = self.get(resource, namespace, name)
        wanted = patch.get("metadata", {})
        for field in ("uid", "resourceVersion"):
            if field in wanted and wanted[field] != current["metadata"][field]:
                raise Conflict.of(resource.group, resource.resource, name)
        return self._replace(resource, current, merge(current, patch))

    def delete(
        self, resource, namespace, name, grace_period_seconds=None, propagation_policy="", uid=""
    ):
        self._note("delete", resource, name)
        current = self.get(resource, namespace, name)
        if uid and current["metadata"]["uid"] != uid:
            raise Conflict.of(resource.group, resource.resource, name)
        metadata = dict(current["metadata"])
        finalizers = list(metadata.get("finalizers") or ())
        policy = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}.get(propagation_policy)
        if policy and policy not in finalizers:
            finalizers.append(policy)
        graceful = (
            resource == PODS and current["spec"].get("nodeName") and grace_period_seconds != 0
        )
        if not finalizers and not graceful:
            self._remove(resource, current)
            return current
        metadata["deletionTimestamp"] = time_text(self.sim.now_ms)
        if finalizers:
            metadata["finalizers"] = finalizers
        return self._replace(resource, current, {**current, "metadata": metadata})

    # --- what other components would do

    def set_status(self, resource, namespace, name, **fields: Any) -> JSONObject:
        current = self.get(resource, namespace, name)
        status = {**(current.get("status") or {}), **fields}
        return self._replace(resource, current, {**current, "status": status})

    def run_pod(self, pod: JSONObject, node: str = "n1", ip: str = "10.244.0.5") -> None:
        """The Pod is bound, runs and is Ready."""
        metadata = pod["metadata"]
        current = self.get(PODS, metadata["namespace"], metadata["name"])
        ready = {
            "type": "Ready",
            "status": "True",
            "lastTransitionTime": time_text(self.sim.now_ms),
        }
        running = {
            **current,
            "spec": {**current["spec"], "nodeName": node},
            "status": {"phase": "Running", "podIP": ip, "conditions": [ready]},
        }
        self._replace(PODS, current, running)

    def run_pods(self) -> None:
        """Every waiting Pod is bound, runs and is Ready."""
        for pod in self.list(PODS):
            if pod["status"]["phase"] == "Pending" and "deletionTimestamp" not in pod["metadata"]:
                self.run_pod(pod)

    def stop_pods(self) -> None:
        """The containers of all ending Pods have stopped."""
        for pod in self.list(PODS):
            if "deletionTimestamp" in pod["metadata"]:
                self._remove(PODS, pod)

    def settle(self, rounds: int = 50) -> None:
        """Run the world, with every Pod becoming Ready and every ending one stopping."""
        for _ in range(rounds):
            self.sim.run_until_idle()
            version = self.version
            self.run_pods()
            self.stop_pods()
            if self.version == version:
                return
        raise AssertionError("the world does not settle")

    # --- inside

    def _note(self, verb: str, resource: GroupVersionResource, name: str) -> None:
        self.requests.append((verb, resource.resource, name))
        refusal = self.refuse.get((verb, resource.resource))
        if refusal is not None:
            raise refusal

    def _replace(self, resource, current, updated):
        metadata = dict(updated["metadata"])
        key = (metadata.get("namespace", ""), metadata["name"])
        if "deletionTimestamp" in metadata and not metadata.get("finalizers"):
            graceful = resource == PODS and updated["spec"].get("nodeName")
            if not graceful and "deletionTimestamp" in current["metadata"]:
                self._remove(resource, current)
                return updated
        if updated.get("spec") != current.get("spec"):
            metadata["generation"] = current["metadata"].get("generation", 1) + 1
        updated = {**updated, "metadata": metadata}
        if updated == current:
            return current
        return self._store(resource, key, updated, MODIFIED)

    def _store(self, resource, key, obj, type_):
        self.version += 1
        stored = {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(self.version)}}
        self.objects.setdefault(resource, {})[key] = stored
        self._tell(resource, WatchEvent(type_, stored, self.version))
        return stored

    def _remove(self, resource, obj) -> None:
        self.version += 1
        metadata = obj["metadata"]
        del self.objects[resource][metadata.get("namespace", ""), metadata["name"]]
        self._tell(resource, WatchEvent(DELETED, obj, self.version))

    def _tell(self, resource, event) -> None:
        for watcher in self.watchers:
            if watcher.resource == resource:
                self.sim.schedule(DELIVERY_MS, watcher.deliver, (event,))


def merge(target: Any, patch: Any) -> Any:
    """JSON merge patch."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def make_deployment(name: str = "web", replicas: int = 3, **spec: Any) -> JSONObject:
    """A Deployment of one container, as the API server would have completed it."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "default", "labels": {"app": name}},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": make_template(name),
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
            },
            "revisionHistoryLimit": 10,
            "progressDeadlineSeconds": 600,
            **spec,
        },
    }


def make_replica_set(name: str = "web", replicas: int = 3, **spec: Any) -> JSONObject:
    """A ReplicaSet of one container that nobody owns."""
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": make_template(name),
            **spec,
        },
    }


def make_template(name: str, image: str = "nginx:1.29") -> JSONObject:
    """A Pod template."""
    return {
        "metadata": {"labels": {"app": name}},
        "spec": {
            "containers": [
                {
                    "name": "web",
                    "image": image,
                    "ports": [{"name": "http", "containerPort": 80, "protocol": "TCP"}],
                }
            ],
            "terminationGracePeriodSeconds": 30,
        },
    }


def make_pod(name: str, labels: JSONObject | None = None, **metadata: Any) -> JSONObject:
    """A Pod that nobody owns."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "default",
            "labels": labels or {"app": name},
            **metadata,
        },
        "spec": make_template("web")["spec"],
    }


def make_node(name: str = "n1", **labels: str) -> JSONObject:
    """A Node whose kubelet has not reported yet."""
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}


def sizes(api: FakeAPI) -> dict[str, int]:
    """ReplicaSet name → ``spec.replicas``."""
    return {rs["metadata"]["name"]: rs["spec"]["replicas"] for rs in api.list(REPLICA_SETS)}


__all__ = [
    "NODES",
    "START_MS",
    "FakeAPI",
    "make_deployment",
    "make_node",
    "make_pod",
    "make_replica_set",
    "make_template",
    "merge",
    "sizes",
]
