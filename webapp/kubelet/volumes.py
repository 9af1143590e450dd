"""What a Pod's volumes hold: directories that its containers share, made when one looks inside.

:class:`PodVolumes` belongs to one Pod on one machine. ConfigMaps, Secrets, the downward API and
projections become files behind a ``..data`` link and follow their objects while the Pod runs.

Models:
    pkg/volume/util/atomic_writer.go AtomicWriter
    pkg/volume/emptydir/empty_dir.go
"""

from __future__ import annotations

import posixpath
from base64 import b64decode
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from webapp.api.resources import CONFIG_MAPS, SECRETS
from webapp.apimachinery.quantity import quantity_bytes
from webapp.apimachinery.status import NotFound
from webapp.cri.programs.files.filesystem import Mount
from webapp.cri.programs.files.nodes import Directory, File, Quota, Symlink
from webapp.kubelet.environment import expand, pod_field

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.apimachinery.meta import JSONObject
    from webapp.client.rest import RESTClient
    from webapp.cri.programs.files.nodes import Node
    from webapp.sim.loop import Simulation

REFRESH_MS = 60_000
"""The kubelet looks about once a minute whether a ConfigMap or Secret has changed."""
_LATEST = "..data"


class Volume(NamedTuple):
    """One volume.

    Attributes:
        root: Its files.
        quota: Its room.
        read_only: Whether no container may write.
        source: Its definition when its files follow objects; otherwise ``None``.
    """

    root: Directory | File
    quota: Quota
    read_only: bool
    source: JSONObject | None = None


class Content(NamedTuple):
    """One file of a volume that follows objects."""

    data: bytes
    mode: int


class HostFiles:
    """Directories of one machine that outlive Pods: hostPath, and claims that are used here."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[Directory | File, Quota]] = {}

    def get(self, path: str, *, is_file: bool = False) -> tuple[Directory | File, Quota]:
        """What is at a path, made when it is missing."""
        if path not in self._held:
            self._held[path] = (File() if is_file else Directory(), Quota())
        return self._held[path]


class PodVolumes:
    """The volumes of one Pod."""

    def __init__(
        self,
        sim: Simulation,
        client: RESTClient,
        host: HostFiles,
        pod: JSONObject,
        *,
        host_ip: str,
    ) -> None:
        self._sim = sim
        self._client = client
        self._host = host
        self._pod = pod
        self._host_ip = host_ip
        self._pod_ip = ""
        self._volumes: dict[str, Volume] = {}
        self._over = False

    def close(self) -> None:
        """The Pod is gone: nothing is kept up to date any more."""
        self._over = True

    def mounts(self, container: JSONObject, env: dict[str, str], pod_ip: str) -> dict[str, Mount]:
        """A container's mounts: path → what is there."""
        self._pod_ip = pod_ip
        found: dict[str, Mount] = {}
        for mount in container.get("volumeMounts") or ():
            volume = self._volume(mount["name"])
            if volume is None:
                continue
            node: Directory | File | None = volume.root
            part = mount.get("subPath") or expand(mount.get("subPathExpr") or "", env)
            if part:
                node = _part(volume, part)
            if node is not None:
                read_only = volume.read_only or bool(mount.get("readOnly"))
                path = posixpath.normpath(mount["mountPath"])
                found[path] = Mount(node, read_only, volume.quota)
        return found

    def _volume(self, name: str) -> Volume | None:
        if name not in self._volumes:
            source = next(
                (item for item in self._pod["spec"].get("volumes") or () if item["name"] == name),
                None,
            )
            if source is None:
                return None
            self._volumes[name] = self._make(source)
        return self._volumes[name]

    def _make(self, source: JSONObject) -> Volume:
        if "hostPath" in source:
            kind = source["hostPath"].get("type") or ""
            is_file = kind in ("File", "FileOrCreate")
            return Volume(*self._host.get(source["hostPath"]["path"], is_file=is_file), False)
        if "persistentVolumeClaim" in source:
            claim = source["persistentVolumeClaim"]
            path = f"{self._pod['metadata']['namespace']}/{claim['claimName']}"
            return Volume(*self._host.get(path), bool(claim.get("readOnly")))
        if any(kind in source for kind in ("configMap", "secret", "downwardAPI", "projected")):
            volume = Volume(Directory(), Quota(), read_only=True, source=source)
            self._fill(volume)
            self._sim.schedule(REFRESH_MS, self._refresh, volume, background=True)
            return volume
        empty = source.get("emptyDir") or {}
        limit = empty.get("sizeLimit") if empty.get("medium") == "Memory" else None
        quota = Quota(quantity_bytes(limit) if limit else None)
        return Volume(Directory(mode=0o777, modified_ms=self._sim.now_ms), quota, read_only=False)

    def _refresh(self, volume: Volume) -> None:
        if not self._over:
            self._fill(volume)
            self._sim.schedule(REFRESH_MS, self._refresh, volume, background=True)

    def _fill(self, volume: Volume) -> None:
        """Make the files what their objects say, all at once, if anything has changed."""
        assert isinstance(volume.root, Directory)  # noqa: S101  # of a volume that follows objects
        wanted = self._contents(volume.source or {})
        if wanted == _present(volume.root):
            return
        now_ms = self._sim.now_ms
        stamp = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("..%Y_%m_%d_%H_%M_%S.")
        payload = Directory(modified_ms=now_ms)
        entries: dict[str, Node] = {
            f"{stamp}{now_ms % 1000:09d}": payload,
            _LATEST: Symlink(f"{stamp}{now_ms % 1000:09d}", now_ms),
        }
        for path, content in wanted.items():
            *around, name = path.split("/")
            place = payload
            for part in around:
                below = place.entries.setdefault(part, Directory(modified_ms=now_ms))
                assert isinstance(below, Directory)  # noqa: S101  # validation keeps paths apart
                place = below
            place.entries[name] = File(content.data, content.mode, now_ms)
            top = path.partition("/")[0]
            entries[top] = Symlink(f"{_LATEST}/{top}", now_ms)
        volume.root.entries = entries
        volume.root.modified_ms = now_ms

    # Contents

    def _contents(self, source: JSONObject) -> dict[str, Content]:
        found: dict[str, Content] = {}
        if "projected" in source:
            mode = source["projected"].get("defaultMode", 0o644)
            for part in source["projected"].get("sources") or ():
                found.update(self._part_contents(part, mode))
            return found
        kind = next(kind for kind in ("configMap", "secret", "downwardAPI") if kind in source)
        found.update(self._part_contents(source, source[kind].get("defaultMode", 0o644)))
        return found

    def _part_contents(self, source: JSONObject, mode: int) -> Iterator[tuple[str, Content]]:
        if "configMap" in source:
            part = source["configMap"]
            yield from _chosen(part, self._data(part.get("name", ""), secret=False), mode)
        elif "secret" in source:
            part = source["secret"]
            name = part.get("secretName") or part.get("name", "")
            yield from _chosen(part, self._data(name, secret=True), mode)
        elif "downwardAPI" in source:
            for item in source["downwardAPI"].get("items") or ():
                yield item["path"], Content(self._downward(item), item.get("mode", mode))
        elif "serviceAccountToken" in source:
            path = source["serviceAccountToken"].get("path", "token")
            yield path, Content(self._token(), mode)

    def _data(self, name: str, *, secret: bool) -> dict[str, bytes]:
        namespace = self._pod["metadata"]["namespace"]
        try:
            obj = self._client.get(SECRETS if secret else CONFIG_MAPS, namespace, name)
        except NotFound:  # optional, or deleted while it is mounted
            return {}
        if secret:
            return {key: b64decode(value) for key, value in (obj.get("data") or {}).items()}
        found = {key: value.encode() for key, value in (obj.get("data") or {}).items()}
        found.update(
            {key: b64decode(value) for key, value in (obj.get("binaryData") or {}).items()}
        )
        return found

    def _downward(self, item: JSONObject) -> bytes:
        if "fieldRef" in item:
            path = item["fieldRef"]["fieldPath"]
            metadata = self._pod["metadata"]
            if path in ("metadata.labels", "metadata.annotations"):
                values = metadata.get(path.partition(".")[2]) or {}
                return "\n".join(
                    f'{key}="{value}"' for key, value in sorted(values.items())
                ).encode()
            return pod_field(self._pod, path, pod_ip=self._pod_ip, host_ip=self._host_ip).encode()
        return b""

    def _token(self) -> bytes:
        """Stands in for a signed token: it names the account, and is accepted by nobody."""
        spec, metadata = self._pod["spec"], self._pod["metadata"]
        account = spec.get("serviceAccountName", "default")
        return f"podarium.{metadata['namespace']}.{account}.{metadata['uid']}".encode()


def _chosen(part: JSONObject, data: dict[str, bytes], mode: int) -> Iterator[tuple[str, Content]]:
    """All keys, or those that ``items`` names with their paths."""
    items = part.get("items")
    if items is None:
        for key, value in sorted(data.items()):
            yield key, Content(value, mode)
        return
    for item in items:
        if item["key"] in data:
            yield item["path"], Content(data[item["key"]], item.get("mode", mode))


def _present(root: Directory) -> dict[str, Content] | None:
    """What the files say at present; ``None`` before the first time."""
    link = root.entries.get(_LATEST)
    payload = root.entries.get(link.target) if isinstance(link, Symlink) else None
    if not isinstance(payload, Directory):
        return None
    return dict(_files(payload, ""))


def _files(directory: Directory, prefix: str) -> Iterator[tuple[str, Content]]:
    for name, node in directory.entries.items():
        if isinstance(node, Directory):
            yield from _files(node, f"{prefix}{name}/")
        elif isinstance(node, File):
            yield f"{prefix}{name}", Content(bytes(node.data), node.mode)


def _part(volume: Volume, path: str) -> Directory | File | None:
    """A file or directory inside a volume; a missing directory is made."""
    here: Node = volume.root
    for name in path.strip("/").split("/"):
        if not isinstance(here, Directory):
            return None
        found = here.entries.get(name)
        if isinstance(found, Symlink):
            here = _part(volume, found.target) or File()
            continue
        if found is None:
            if volume.read_only:
                return None
            found = here.entries[name] = Directory()
        here = found
    return here if isinstance(here, Directory | File) else None
