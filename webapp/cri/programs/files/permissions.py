"""Who may do what with a file: permission bits against a process's user and groups.

Asked by :class:`~webapp.cri.programs.files.filesystem.FileSystem`; root may do everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from webapp.cri.programs.files.nodes import STICKY, Directory, File

if TYPE_CHECKING:
    from webapp.cri.programs.files.nodes import Node

READ = 4
WRITE = 2
EXECUTE = 1


class User(NamedTuple):
    """Who runs the container's commands.

    Attributes:
        uid: The user's number.
        gid: The first group's.
        groups: Further groups.
    """

    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """``root``, or nothing that the image knows."""
        return user_name(self.uid)


SUPERUSER = User()
_NAMES = {0: "root", 65534: "nobody"}
_GROUPS = {0: "root", 65534: "nogroup"}


def user_name(uid: int) -> str:
    """The name of a user; "" for one that the image does not know."""
    return _NAMES.get(uid, "")


def group_name(gid: int) -> str:
    """The name of a group; "" for one that the image does not know."""
    return _GROUPS.get(gid, "")


def may(user: User, node: Node, wish: int) -> bool:
    """Whether a user may read, write or execute (or enter) a node."""
    if user.uid == 0 or not isinstance(node, File | Directory):
        return True
    if node.uid == user.uid:
        bits = node.mode >> 6
    elif node.gid == user.gid or node.gid in user.groups:
        bits = node.mode >> 3
    else:
        bits = node.mode
    return bits & wish == wish


def may_remove(user: User, directory: Directory, node: Node) -> bool:
    """Whether a user may take a node out of a directory, which may be sticky."""
    if not may(user, directory, WRITE | EXECUTE):
        return False
    if user.uid == 0 or not directory.mode & STICKY:
        return True
    return user.uid in (directory.uid, getattr(node, "uid", 0))
