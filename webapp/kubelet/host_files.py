"""Files that outlive Pods: a machine's own tree, and the volumes that a whole cluster reaches.

:class:`HostFiles` belongs to one machine and holds what hostPath and local volumes point to;
:class:`StorageFiles` holds the volumes of storage systems, which every machine can mount.

Models:
    pkg/volume/hostpath/host_path.go hostPathMounter.SetUpAt
"""

from __future__ import annotations

from webapp.cri.programs.files.nodes import Directory, File, Quota

_OF_A_MACHINE = (
    "boot",
    "dev",
    "etc/kubernetes/manifests",
    "home",
    "lib/modules",
    "mnt",
    "opt",
    "proc",
    "root",
    "run/containerd",
    "srv",
    "sys/fs/cgroup",
    "tmp",
    "usr/local",
    "usr/share",
    "var/lib/containerd",
    "var/lib/kubelet",
    "var/log/containers",
    "var/log/pods",
    "var/run",
    "var/tmp",
)
_SPECIAL = {
    "Socket": "a socket file",
    "CharDevice": "a character device",
    "BlockDevice": "a block device",
}


class HostFiles:
    """The directories of one machine."""

    def __init__(self) -> None:
        self._root: Directory | None = None
        self._quota = Quota()

    def problem(self, path: str, kind: str) -> str:
        """Why a hostPath of a kind cannot be mounted; "" when it can."""
        found = self._find(path, make=False)
        if kind == "Directory" and not isinstance(found, Directory):
            return f"hostPath type check failed: {path} is not a directory"
        if kind == "File" and not isinstance(found, File):
            return f"hostPath type check failed: {path} is not a file"
        if kind in _SPECIAL:
            return f"hostPath type check failed: {path} is not {_SPECIAL[kind]}"
        if kind == "DirectoryOrCreate" and isinstance(found, File):
            return f"hostPath type check failed: {path} is not a directory"
        if kind == "FileOrCreate" and isinstance(found, Directory):
            return f"hostPath type check failed: {path} is not a file"
        return ""

    def get(self, path: str, *, is_file: bool = False) -> tuple[Directory | File, Quota]:
        """What is at a path, made when it is missing."""
        found = self._find(path, make=True, is_file=is_file)
        return found or Directory(), self._quota

    def _find(self, path: str, *, make: bool, is_file: bool = False) -> Directory | File | None:
        if self._root is None:
            self._root = _fresh_tree()
        here: Directory | File = self._root
        names = [name for name in path.split("/") if name not in ("", ".", "..")]
        for index, name in enumerate(names):
            if not isinstance(here, Directory):
                return None
            below = here.entries.get(name)
            if not isinstance(below, Directory | File):
                if not make:
                    return None
                last = index == len(names) - 1
                below = here.entries[name] = File() if is_file and last else Directory()
            here = below
        return here


class StorageFiles:
    """Volumes of the cluster's storage systems: what is on a disk that moves along with its Pods."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[Directory, Quota]] = {}

    def get(self, volume_uid: str) -> tuple[Directory, Quota]:
        """A volume's files, empty at first."""
        if volume_uid not in self._held:
            self._held[volume_uid] = (Directory(), Quota())
        return self._held[volume_uid]

    def forget(self, volume_uid: str) -> None:
        """A volume was deleted, and with it what it held."""
        self._held.pop(volume_uid, None)


def _fresh_tree() -> Directory:
    root = Directory()
    for path in _OF_A_MACHINE:
        here = root
        for name in path.split("/"):
            below = here.entries.setdefault(name, Directory())
            assert isinstance(below, Directory)  # noqa: S101  # the list names directories only
            here = below
        here.mode = 0o1777 if path in ("tmp", "var/tmp") else here.mode
    return root
