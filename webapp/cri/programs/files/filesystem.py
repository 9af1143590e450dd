"""One container's view of files: its own tree, with volumes mounted into it.

Paths in, nodes out, failures as :class:`~webapp.cri.programs.files.nodes.FileError`. The tree begins as
the image's shared one; whatever is changed is copied on the way down.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from webapp.cri.programs.files.nodes import (
    BUSY,
    DENIED,
    EXISTS,
    IS_A_DIRECTORY,
    NO_ENTRY,
    NOT_A_DIRECTORY,
    NOT_EMPTY,
    NOT_PERMITTED,
    READ_ONLY,
    SET_GROUP,
    TOO_LONG,
    TOO_MANY_LINKS,
    Device,
    Directory,
    File,
    FileError,
    Quota,
    Symlink,
    tree_sizes,
)
from webapp.cri.programs.files.permissions import (
    EXECUTE,
    READ,
    SUPERUSER,
    WRITE,
    User,
    may,
    may_remove,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from webapp.cri.programs.files.nodes import Node
    from webapp.sim.clock import SimClock

MOST_LINKS = 40
LONGEST_PATH = 4096
DEEPEST_PATH = 64


class Mount(NamedTuple):
    """A volume, or a part of one, at a path.

    Attributes:
        node: Its directory, or a single file; shared with whoever mounts it too.
        read_only: Whether this mount may not be written through.
        quota: The volume's room.
        medium: What ``mount`` and ``df`` call it.
    """

    node: Directory | File
    read_only: bool
    quota: Quota
    medium: str = "/dev/vda1"


class Place(NamedTuple):
    """Where a path leads.

    Attributes:
        path: Without links and dots.
        node: What is there; ``None`` when only the directory around it exists.
        parent: The directory around it; the root is its own.
        mount: The mount it is in, ``None`` for the container's own tree.
    """

    path: str
    node: Node | None
    parent: Directory
    mount: Mount | None


class FileSystem:
    """Files of one container.

    Args:
        root: The image's tree; not changed when shared.
        mounts: Absolute path → mount.
        clock: Stamps changes.
        read_only: Whether the container's own tree may not change.
        quota: The room of the container's own tree.
        user: In whose name files are used.
        working_dir: A directory that is made if it is missing.
        writer: Whose name files bear that are written here: the container's.

    Attributes:
        refresh_processes: Brings ``/proc`` up to date before something looks there.
    """

    def __init__(
        self,
        root: Directory,
        mounts: Mapping[str, Mount],
        clock: SimClock,
        *,
        read_only: bool = False,
        quota: Quota | None = None,
        user: User = SUPERUSER,
        working_dir: str = "",
        writer: str = "",
    ) -> None:
        self._root = root
        self._writer = writer
        self._user = SUPERUSER
        self.refresh_processes: Callable[[Directory], None] | None = None
        self._clock = clock
        self._mounts = dict(mounts)
        # The runtime makes the paths of mounts in the image's tree, read-only or not, as root.
        self._read_only = False
        self._quota = quota or Quota()
        for path in sorted(self._mounts):
            self._make_mount_point(path)
        if working_dir and not self.exists(working_dir):
            self.make_directory(working_dir, parents=True)
        self._user = user
        self._read_only = read_only

    @property
    def root(self) -> Directory:
        """The container's own tree."""
        return self._root

    @property
    def mounts(self) -> Mapping[str, Mount]:
        """Absolute path → mount."""
        return self._mounts

    @property
    def quota(self) -> Quota:
        """The room of the container's own tree."""
        return self._quota

    # Looking

    def find(self, path: str, *, follow: bool = True) -> Place:
        """Where an absolute path leads.

        Raises:
            FileError: A directory on the way is missing or is none, or links go round in circles.
        """
        return self._find(path, follow=follow, own=False, links=0)

    def node(self, path: str, *, follow: bool = True) -> Node:
        """What is at a path.

        Raises:
            FileError: Nothing.
        """
        found = self.find(path, follow=follow).node
        if found is None:
            raise FileError(NO_ENTRY)
        return found

    def exists(self, path: str) -> bool:
        """Whether something is at a path."""
        return self.get(path) is not None

    def get(self, path: str, *, follow: bool = True) -> Node | None:
        """What is at a path, or ``None``."""
        try:
            return self.find(path, follow=follow).node
        except FileError:
            return None

    def read(self, path: str) -> bytes:
        """A file's content.

        Raises:
            FileError: It is missing or a directory.
        """
        node = self.node(path)
        if isinstance(node, Directory):
            raise FileError(IS_A_DIRECTORY)
        if not isinstance(node, File):
            return b""
        self.check(node, READ)
        return node.content()

    def check(self, node: Node, wish: int) -> None:
        """Whether the container's user may read, write or execute a node.

        Raises:
            FileError: Not so.
        """
        if self._user.uid and not may(self._user, node, wish):
            raise FileError(DENIED)

    def check_owner(self, node: Node) -> None:
        """Whether the container's user may change a node's permissions.

        Raises:
            FileError: It is somebody else's.
        """
        if self._user.uid and getattr(node, "uid", 0) != self._user.uid:
            raise FileError(NOT_PERMITTED)

    def names(self, path: str) -> list[str]:
        """Names in a directory, sorted, without dots.

        Raises:
            FileError: It is missing or is none.
        """
        node = self.node(path)
        if not isinstance(node, Directory):
            raise FileError(NOT_A_DIRECTORY)
        self.check(node, READ)
        return sorted(node.entries)

    # Changing

    def open_for_writing(self, path: str, *, truncate: bool) -> tuple[File | Device, Quota]:
        """A file to be written, made when it is missing, and the room it is in.

        Raises:
            FileError: It is a directory, or may not be written.
        """
        place = self._find(path, follow=True, own=True, links=0)
        node = place.node
        if isinstance(node, Directory):
            raise FileError(IS_A_DIRECTORY)
        if isinstance(node, Device):
            return node, self._quota
        self._check_writable(place)
        quota = place.mount.quota if place.mount else self._quota
        name = posixpath.basename(place.path)
        if not isinstance(node, File):
            self.check(place.parent, WRITE | EXECUTE)
            node = File(modified_ms=self._clock.now_ms, owner=self._owner(place.parent))
            node.writer = self._writer
            place.parent.entries[name] = node
            return node, quota
        self.check(node, WRITE)
        if node.shared:
            node = node.copy()
            place.parent.entries[name] = node
            quota.add(len(node.data), node.hole)
        if truncate:
            quota.add(-len(node.data), -node.hole)
            node.data.clear()
            node.hole = 0
            node.modified_ms = self._clock.now_ms
            node.writer = self._writer
        return node, quota

    def append(self, file: File, quota: Quota, data: bytes, hole: int = 0) -> None:
        """Add to an open file.

        Raises:
            FileError: There is no room.
        """
        quota.add(len(data), hole)
        file.data += data
        file.hole += hole
        file.modified_ms = self._clock.now_ms
        file.writer = self._writer

    def write(self, path: str, data: bytes) -> None:
        """Replace a file's content.

        Raises:
            FileError: It cannot be written.
        """
        file, quota = self.open_for_writing(path, truncate=True)
        if isinstance(file, File):
            self.append(file, quota, data)

    def make_directory(self, path: str, *, parents: bool = False) -> None:
        """Make a directory.

        Raises:
            FileError: It exists (unless ``parents``), or the one around it is missing.
        """
        if parents and path.count("/") <= DEEPEST_PATH:
            around = posixpath.dirname(path.rstrip("/"))
            if around not in ("", "/"):
                self.make_directory(around, parents=True)
        place = self._find(path, follow=True, own=True, links=0)
        if place.node is not None:
            if parents and isinstance(place.node, Directory):
                return
            raise FileError(EXISTS)
        self._check_writable(place)
        self.check(place.parent, WRITE | EXECUTE)
        mode = 0o755 | place.parent.mode & SET_GROUP
        owner = self._owner(place.parent)
        made = Directory(mode=mode, modified_ms=self._clock.now_ms, owner=owner)
        place.parent.entries[posixpath.basename(place.path)] = made

    def _owner(self, around: Directory) -> tuple[int, int]:
        """Whom something made in a directory belongs to."""
        gid = around.gid if around.mode & SET_GROUP else self._user.gid
        return self._user.uid, gid

    def add(self, path: str, node: Node) -> None:
        """Put a node at a path, in place of a file that is there.

        Raises:
            FileError: The directory around it is missing or may not be written.
        """
        place = self._find(path, follow=False, own=True, links=0)
        self._check_writable(place)
        self.check(place.parent, WRITE | EXECUTE)
        if isinstance(place.node, Directory):
            raise FileError(IS_A_DIRECTORY)
        if self._user.uid and isinstance(node, File | Directory) and not node.shared:
            node.uid, node.gid = self._owner(place.parent)
        quota = place.mount.quota if place.mount else self._quota
        if place.node is not None:
            self._count_out(place.node, quota)
        held, hole = tree_sizes(node)
        quota.add(held, hole)
        place.parent.entries[posixpath.basename(place.path)] = node

    def remove(self, path: str, *, recursive: bool = False) -> None:
        """Remove a file or a directory.

        Raises:
            FileError: It is missing, a directory that is not empty, or may not be removed.
        """
        place = self._find(path, follow=False, own=True, links=0)
        if place.node is None:
            raise FileError(NO_ENTRY)
        self._check_writable(place)
        if self._user.uid and not may_remove(self._user, place.parent, place.node):
            raise FileError(DENIED)
        if place.path in self._mounts or place.path == "/":
            raise FileError(BUSY)
        if isinstance(place.node, Directory) and place.node.entries and not recursive:
            raise FileError(NOT_EMPTY)
        quota = place.mount.quota if place.mount else self._quota
        self._count_out(place.node, quota)
        del place.parent.entries[posixpath.basename(place.path)]

    def change(self, path: str) -> Node:
        """What is at a path, made the container's own, so that it may be changed.

        Raises:
            FileError: It is missing or on a read-only file system.
        """
        place = self._find(path, follow=True, own=True, links=0)
        node = place.node
        if node is None:
            raise FileError(NO_ENTRY)
        self._check_writable(place)
        if isinstance(node, File) and node.shared:
            node = place.parent.entries[posixpath.basename(place.path)] = node.copy()
            (place.mount.quota if place.mount else self._quota).add(len(node.data), node.hole)
        return node

    def check_writable(self, path: str) -> None:
        """Whether what is at a path may be changed.

        Raises:
            FileError: It may not.
        """
        self._check_writable(self.find(path))

    # Walking

    def _find(self, path: str, *, follow: bool, own: bool, links: int) -> Place:
        names = [name for name in path.split("/") if name not in ("", ".")]
        if len(path) > LONGEST_PATH or len(names) > DEEPEST_PATH:
            raise FileError(TOO_LONG)
        if own and self._root.shared:
            self._root = self._root.copy()
        if names and names[0] == "proc" and self.refresh_processes is not None:
            self._refresh_processes(self.refresh_processes)
        trail: list[tuple[str, Directory, Mount | None]] = [("", self._root, None)]
        for index, name in enumerate(names):
            last = index == len(names) - 1
            here, directory, mount = trail[-1]
            if name == "..":
                if len(trail) > 1:
                    trail.pop()
                if last:
                    here, directory, mount = trail[-1]
                    return Place(here or "/", directory, trail[max(0, len(trail) - 2)][1], mount)
                continue
            full = f"{here}/{name}"
            mounted = self._mounts.get(full)
            node: Node | None
            if mounted is not None:
                node, mount = mounted.node, mounted
            else:
                node = directory.entries.get(name)
            if isinstance(node, Symlink) and (follow or not last):
                if links >= MOST_LINKS:
                    raise FileError(TOO_MANY_LINKS)
                rest = "/".join(names[index + 1 :])
                target = posixpath.join(here or "/", node.target, rest)
                return self._find(target.rstrip("/"), follow=follow, own=own, links=links + 1)
            if own and mounted is None and isinstance(node, Directory) and node.shared:
                node = node.copy()
                directory.entries[name] = node
            if last:
                return Place(full, node, directory, mount)
            if node is None:
                raise FileError(NO_ENTRY)
            if not isinstance(node, Directory):
                raise FileError(NOT_A_DIRECTORY)
            if self._user.uid and not may(self._user, node, EXECUTE):
                raise FileError(DENIED)
            trail.append((full, node, mount))
        here, directory, mount = trail[-1]
        return Place(here or "/", directory, trail[max(0, len(trail) - 2)][1], mount)

    def _refresh_processes(self, refresh: Callable[[Directory], None]) -> None:
        if self._root.shared:
            self._root = self._root.copy()
        directory = self._root.entries.get("proc")
        if isinstance(directory, Directory):
            if directory.shared:
                directory = self._root.entries["proc"] = directory.copy()
            refresh(directory)

    def _check_writable(self, place: Place) -> None:
        if place.mount.read_only if place.mount else self._read_only:
            raise FileError(READ_ONLY)

    def _count_out(self, node: Node, quota: Quota) -> None:
        if isinstance(node, File) and node.shared:
            return
        held, hole = tree_sizes(node)
        quota.add(-min(held, quota.held_bytes), -hole)

    def _make_mount_point(self, path: str) -> None:
        around = posixpath.dirname(path)
        if self.get(around) is None:
            self.make_directory(around, parents=True)
        place = self._find(path, follow=False, own=True, links=0)
        name = posixpath.basename(path)
        if name and name not in place.parent.entries:
            node = self._mounts[path].node
            place.parent.entries[name] = Directory() if isinstance(node, Directory) else File()
