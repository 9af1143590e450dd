"""Which program a command's first word names: along ``PATH``, by its path, or by a script's first line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.cri.programs.files.nodes import DENIED, File
from webapp.cri.programs.files.permissions import EXECUTE, User, may
from webapp.cri.programs.problems import CannotRun

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webapp.cri.programs.files.filesystem import FileSystem

_SHELLS = ("sh", "bash", "ash", "dash")


def which(files: FileSystem, name: str, env: Mapping[str, str]) -> str:
    """Where a command is found along ``PATH``; "" when nowhere."""
    for directory in env.get("PATH", "/usr/bin:/bin").split(":"):
        path = f"{directory}/{name}"
        node = files.get(path)
        if isinstance(node, File) and node.mode & 0o111:
            return path
    return ""


def program(files: FileSystem, user: User, path: str) -> File:
    """The program at a path.

    Raises:
        CannotRun: There is none, or the user may not run it.
    """
    node = files.get(path) if path else None
    if node is None:
        raise CannotRun(127, "not found")
    if not isinstance(node, File) or not node.mode & 0o111 or not may(user, node, EXECUTE):
        raise CannotRun(126, DENIED)
    return node


def script_words(files: FileSystem, file: File, env: Mapping[str, str]) -> list[str]:
    """The shell that a script's first line names, with its words.

    Raises:
        CannotRun: It is not a shell, or the shell is missing.
    """
    first, _, _ = bytes(file.data).partition(b"\n")
    words = ["/bin/sh"]
    if first.startswith(b"#!"):
        words = first[2:].decode(errors="replace").split() or words
    if words[0].endswith("/env") and len(words) > 1:
        words = words[1:]
    shell = words[0].rpartition("/")[2]
    if shell not in _SHELLS:
        raise CannotRun(127, f"not modelled by Podarium ({shell})")
    if not files.exists(words[0]) and not which(files, shell, env):
        raise CannotRun(127, "not found")
    return words
