"""What a Pod's volumes hold: directories that its containers share, made when one looks inside.

:class:`PodVolumes` belongs to one Pod on one machine. ConfigMaps, Secrets, the downward API and
projections become files behind a ``..data`` link and follow their objects while the Pod runs.

Models:
    pkg/volume/util/atomic_writer.go AtomicWriter
    pkg/volume/emptydir/empty_dir.go
    pkg/volume/volume_linux.go VolumeOwnership
"""

from __future__ import annotations

import posixpath
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from webapp.api.resources import PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES
from webapp.apimachinery.quantity import quantity_bytes
from webapp.apimachinery.status import NotFound
from webapp.cri.programs.files.filesystem import Mount
from webapp.cri.programs.files.nodes import SET_GROUP, Directory, File, Quota, Symlink
from webapp.kubelet.environment import expand
from webapp.kubelet.volume_contents import FOLLOWING, Content, PodFacts, VolumeContents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from webapp.apimachinery.meta import JSONObject
    from webapp.client.rest import RESTClient
    from webapp.cri.programs.files.nodes import Node
    from webapp.kubelet.host_files import HostFiles, StorageFiles
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
        medium: What ``mount`` and ``df`` call it.
    """

    root: Directory | File
    quota: Quota
    read_only: bool
    source: JSONObject | None = None
    medium: str = "/dev/vda1"


class Storage(NamedTuple):
    """Where files outlive a Pod: on its machine, and in the cluster's storage systems."""

    host: HostFiles
    cluster: StorageFiles


class PodVolumes:
    """The volumes of one Pod.

    Args:
        get_pod: The Pod as it is now.
        get_allocatable: What its Node has.
    """

    def __init__(
        self,
        sim: Simulation,
        client: RESTClient,
        storage: Storage,
        get_pod: Callable[[], JSONObject],
        get_allocatable: Callable[[], JSONObject],
        *,
        host_ip: str,
    ) -> None:
        self._sim = sim
        self._client = client
        self._storage = storage
        self._get_pod = get_pod
        self._get_allocatable = get_allocatable
        self._host_ip = host_ip
        self._pod_ip = ""
        self._volumes: dict[str, Volume] = {}
        self._contents = VolumeContents(sim, client, self._facts)
        self._over = False

    def _facts(self) -> PodFacts:
        return PodFacts(self._get_pod(), self._pod_ip, self._host_ip, self._get_allocatable())

    def close(self) -> None:
        """The Pod is gone: nothing is kept up to date any more."""
        self._over = True

    def refresh(self, _: object = None) -> None:
        """The Pod changed: bring its files up to date without waiting for their time."""
        for volume in self._volumes.values():
            if volume.source is not None and not self._over:
                self._fill(volume)

    def read_file(self, name: str, path: str) -> bytes | None:
        """A file of a volume; ``None`` when it is missing."""
        volume = self._volume(name)
        node = _part(volume, path, make=False) if volume is not None else None
        return node.content() if isinstance(node, File) else None

    def used_bytes(self) -> dict[str, int]:
        """Volume → bytes in it, of those that anything has looked into."""
        return {name: volume.quota.used_bytes for name, volume in self._volumes.items()}

    def looked_into(self) -> dict[str, Volume]:
        """Volume → what is in it, of those that anything has looked into; looking here makes none."""
        return dict(self._volumes)

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
                node = _part(volume, part, make=not volume.read_only)
            if node is not None:
                read_only = volume.read_only or bool(mount.get("readOnly"))
                path = posixpath.normpath(mount["mountPath"])
                found[path] = Mount(node, read_only, volume.quota, volume.medium)
        return found

    def _volume(self, name: str) -> Volume | None:
        if name not in self._volumes:
            volumes = self._get_pod()["spec"].get("volumes") or ()
            source = next((item for item in volumes if item["name"] == name), None)
            if source is None:
                return None
            volume = self._make(source)
            if "hostPath" not in source and volume.source is None:
                self._give_to_group(volume.root)
            self._volumes[name] = volume
        return self._volumes[name]

    def _make(self, source: JSONObject) -> Volume:
        if "hostPath" in source:
            return self._of_host(source["hostPath"])
        if "persistentVolumeClaim" in source or "ephemeral" in source:
            return self._of_claim(source)
        if any(kind in source for kind in FOLLOWING):
            volume = Volume(Directory(mode=0o777), Quota(), True, source, "tmpfs")
            self._fill(volume)
            self._sim.schedule(REFRESH_MS, self._refresh, volume, background=True)
            return volume
        empty = source.get("emptyDir") or {}
        in_memory = empty.get("medium") == "Memory"
        limit = empty.get("sizeLimit") if in_memory else None
        quota = Quota(quantity_bytes(limit) if limit else None)
        root = Directory(mode=int(empty.get("mode", 0o777)), modified_ms=self._sim.now_ms)
        medium = "tmpfs" if in_memory else "/dev/vda1"
        return Volume(root, quota, read_only=False, medium=medium)

    def _of_host(self, path: JSONObject) -> Volume:
        is_file = path.get("type") in ("File", "FileOrCreate")
        return Volume(*self._storage.host.get(path["path"], is_file=is_file), read_only=False)

    def _of_claim(self, source: JSONObject) -> Volume:
        """The files of the volume that a claim is bound to, wherever that keeps them."""
        metadata = self._get_pod()["metadata"]
        claim = source.get("persistentVolumeClaim") or {}
        name = claim.get("claimName") or f"{metadata['name']}-{source['name']}"
        read_only = bool(claim.get("readOnly"))
        try:
            found = self._client.get(PERSISTENT_VOLUME_CLAIMS, metadata["namespace"], name)
            bound = self._client.get(PERSISTENT_VOLUMES, "", found["spec"].get("volumeName", ""))
        except NotFound:  # deleted at this very moment
            return Volume(Directory(), Quota(), read_only)
        for kind in ("hostPath", "local"):
            if kind in bound["spec"]:
                return Volume(*self._storage.host.get(bound["spec"][kind]["path"]), read_only)
        return Volume(*self._storage.cluster.get(bound["metadata"]["uid"]), read_only)

    def _group(self) -> int | None:
        security = self._get_pod()["spec"].get("securityContext") or {}
        group: int | None = security.get("fsGroup")
        return group

    def _give_to_group(self, root: Directory | File) -> None:
        """With ``fsGroup`` a volume belongs to that group, and so does what is made in it."""
        group = self._group()
        if group is None:
            return
        waiting: list[Directory | File] = [root]
        while waiting:
            node = waiting.pop()
            node.gid = group
            node.mode |= 0o660
            if isinstance(node, Directory):
                node.mode |= SET_GROUP | 0o110
                waiting.extend(
                    item for item in node.entries.values() if isinstance(item, Directory | File)
                )

    # Files that follow objects

    def _refresh(self, volume: Volume) -> None:
        if not self._over:
            self._fill(volume)
            self._sim.schedule(REFRESH_MS, self._refresh, volume, background=True)

    def _fill(self, volume: Volume) -> None:
        """Make the files what their objects say, all at once, if anything has changed."""
        assert isinstance(volume.root, Directory)  # noqa: S101  # of a volume that follows objects
        group = self._group()
        wanted = self._contents.read(volume.source or {})
        if group is not None:
            wanted = {path: Content(data, mode | 0o440) for path, (data, mode) in wanted.items()}
        if wanted == _present(volume.root):
            return
        now_ms = self._sim.now_ms
        owner = (0, group or 0)
        mode = 0o755 if group is None else 0o2775
        stamp = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("..%Y_%m_%d_%H_%M_%S.")
        payload = Directory(mode=mode, modified_ms=now_ms, owner=owner)
        entries: dict[str, Node] = {
            f"{stamp}{now_ms % 1000:09d}": payload,
            _LATEST: Symlink(f"{stamp}{now_ms % 1000:09d}", now_ms),
        }
        for path, content in wanted.items():
            *around, name = path.split("/")
            place = payload
            for part in around:
                below = place.entries.setdefault(
                    part, Directory(mode=mode, modified_ms=now_ms, owner=owner)
                )
                assert isinstance(below, Directory)  # noqa: S101  # validation keeps paths apart
                place = below
            place.entries[name] = File(content.data, content.mode, now_ms, owner=owner)
            top = path.partition("/")[0]
            entries[top] = Symlink(f"{_LATEST}/{top}", now_ms)
        volume.root.entries = entries
        volume.root.modified_ms = now_ms
        volume.root.gid = owner[1]


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


def _part(volume: Volume, path: str, *, make: bool) -> Directory | File | None:
    """A file or directory inside a volume; a missing directory is made if asked."""
    here: Node = volume.root
    for name in path.strip("/").split("/"):
        if not isinstance(here, Directory):
            return None
        found = here.entries.get(name)
        if isinstance(found, Symlink):
            here = _part(volume, found.target, make=make) or File()
            continue
        if found is None:
            if not make:
                return None
            found = here.entries[name] = Directory()
        here = found
    return here if isinstance(here, Directory | File) else None
