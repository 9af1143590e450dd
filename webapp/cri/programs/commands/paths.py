"""``basename``, ``dirname``, ``realpath``, ``readlink`` and ``pwd``."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from webapp.cri.programs.files.nodes import FileError, Symlink

if TYPE_CHECKING:
    from webapp.cri.programs.userland import Invocation


def basename(call: Invocation) -> int:
    """``basename path [suffix]``."""
    if len(call.argv) < 2:
        return call.complain("missing operand")
    name = posixpath.basename(call.argv[1].rstrip("/")) or "/"
    if len(call.argv) > 2 and name != call.argv[2]:
        name = name.removesuffix(call.argv[2])
    call.print(name)
    return 0


def dirname(call: Invocation) -> int:
    """``dirname path``."""
    if len(call.argv) < 2:
        return call.complain("missing operand")
    path = call.argv[1]
    call.print(posixpath.dirname(path.rstrip("/")) or ("/" if path.startswith("/") else "."))
    return 0


def realpath(call: Invocation) -> int:
    """``realpath path…``; ``readlink [-f] path``."""
    words = [word for word in call.argv[1:] if not word.startswith("-")]
    code = 0
    for word in words:
        path = call.path(word)
        if call.name == "readlink" and len(words) == len(call.argv) - 1:
            node = call.files.get(path, follow=False)
            if not isinstance(node, Symlink):
                return 1
            call.print(node.target)
            continue
        try:
            place = call.files.find(path)
        except FileError as error:
            code = call.complain(f"{word}: {error.reason}")
        else:
            call.print(place.path)
    return code


def pwd(call: Invocation) -> int:
    """``pwd``."""
    call.print(call.cwd)
    return 0
