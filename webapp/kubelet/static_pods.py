"""Static Pods: what a Node runs by itself, and their mirrors in the API.

A real kubelet reads manifests from a directory; here the Node's annotation ``sim.podarium.dev/static-pods``
names a ConfigMap (``namespace/name``) whose values are the files. Each manifest becomes a mirror Pod called
``NAME-NODE``; a mirror that somebody deletes comes back.

Models:
    pkg/kubelet/config/file.go sourceFile
    pkg/kubelet/pod/mirror_client.go basicMirrorClient
    Deviation: the containers belong to the mirror, so deleting that starts them anew.
"""

from __future__ import annotations

from hashlib import md5
from typing import TYPE_CHECKING

import orjson
import yaml

from webapp.api.resources import CONFIG_MAPS, PODS
from webapp.apimachinery.status import AlreadyExists, NotFound, StatusError

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject
    from webapp.client.rest import RESTClient
    from webapp.sim.events import Timer
    from webapp.sim.loop import Simulation

ANNOTATION = "sim.podarium.dev/static-pods"
HASH = "kubernetes.io/config.hash"
MIRROR = "kubernetes.io/config.mirror"
SOURCE = "kubernetes.io/config.source"
CHECK_MS = 20_000


class StaticPods:
    """Keeps one Node's mirror Pods as its manifests say."""

    def __init__(
        self, sim: Simulation, client: RESTClient, get_node: Callable[[], JSONObject | None]
    ) -> None:
        self._sim = sim
        self._client = client
        self._get_node = get_node
        self._timer: Timer | None = None
        self._mirrors: dict[tuple[str, str], str] = {}
        self.paused = False

    def check(self, _: object = None) -> None:
        """Read the manifests, and again every 20 seconds as long as the Node names any."""
        self._sim.cancel(self._timer)
        self._timer = None
        node = self._get_node()
        if node is None or self.paused:
            return
        source = (node["metadata"].get("annotations") or {}).get(ANNOTATION, "")
        if not source and not self._mirrors:
            return
        wanted = {
            (pod["metadata"]["namespace"], pod["metadata"]["name"]): pod
            for pod in self._manifests(source, node)
        }
        for key, seen in list(self._mirrors.items()):
            if key not in wanted or wanted[key]["metadata"]["annotations"][HASH] != seen:
                self._delete(key)
        for key, pod in wanted.items():
            self._create(key, pod)
        if source:
            self._timer = self._sim.schedule(CHECK_MS, self.check, None, background=True)

    def stop(self) -> None:
        """The kubelet stops."""
        self.paused = True
        self._sim.cancel(self._timer)
        self._timer = None

    def _manifests(self, source: str, node: JSONObject) -> list[JSONObject]:
        namespace, _, name = source.partition("/")
        try:
            files = self._client.get(CONFIG_MAPS, namespace, name).get("data") or {}
        except NotFound:
            return []
        found = []
        for _, text in sorted(files.items()):
            try:
                manifest = yaml.safe_load(text)
            except yaml.YAMLError:  # as a real kubelet: such a file is passed over
                continue
            if isinstance(manifest, dict) and manifest.get("kind") == "Pod":
                found.append(_mirror(manifest, node))
        return found

    def _create(self, key: tuple[str, str], pod: JSONObject) -> None:
        try:
            self._client.create(PODS, key[0], pod)
        except AlreadyExists:
            pass
        except StatusError:  # refused: tried again at the next check
            return
        self._mirrors[key] = pod["metadata"]["annotations"][HASH]

    def _delete(self, key: tuple[str, str]) -> None:
        del self._mirrors[key]
        try:
            self._client.delete(PODS, *key)
        except NotFound:  # somebody else was quicker
            return


def is_mirror(pod: JSONObject) -> bool:
    """Whether a Pod only shows a static one."""
    return MIRROR in (pod["metadata"].get("annotations") or {})


def _mirror(manifest: JSONObject, node: JSONObject) -> JSONObject:
    node_name = node["metadata"]["name"]
    digest = md5(orjson.dumps(manifest), usedforsecurity=False).hexdigest()
    metadata = manifest.get("metadata") or {}
    owner = {
        "apiVersion": "v1",
        "kind": "Node",
        "name": node_name,
        "uid": node["metadata"]["uid"],
        "controller": True,
    }
    spec = manifest.get("spec") or {}
    everything = {"effect": "NoExecute", "operator": "Exists"}
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {
            **metadata,
            "name": f"{metadata.get('name', 'pod')}-{node_name}",
            "namespace": metadata.get("namespace") or "default",
            "annotations": {
                **(metadata.get("annotations") or {}),
                HASH: digest,
                MIRROR: digest,
                SOURCE: "file",
            },
            "ownerReferences": [owner],
        },
        "spec": {
            **spec,
            "nodeName": node_name,
            "tolerations": [*(spec.get("tolerations") or ()), everything],
        },
    }
