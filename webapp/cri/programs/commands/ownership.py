"""Whom files belong to and who may use them: ``chmod``, ``chown`` and ``chgrp``."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from webapp.cri.programs.files.nodes import NOT_PERMITTED, Directory, File, FileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from webapp.cri.programs.userland import Invocation

_IDS = {"root": 0, "nobody": 65534, "nogroup": 65534}
_BITS = {"r": 4, "w": 2, "x": 1}


def chmod(call: Invocation) -> int:
    """``chmod [-R] mode path…``."""

    def change(node: File | Directory, mode: str) -> None:
        call.files.check_owner(node)
        node.mode = _mode(node, mode)

    return _change_all(call, change)


def chown(call: Invocation) -> int:
    """``chown [-R] user[:group] path…``; ``chgrp [-R] group path…``."""

    def change(node: File | Directory, text: str) -> None:
        user, _, group = text.partition(":") if call.name == "chown" else ("", "", text)
        uid = _number(user) if user else node.uid
        gid = _number(group) if group else node.gid
        here = call.userland.user
        allowed = uid == node.uid == here.uid and gid in (node.gid, here.gid, *here.groups)
        if here.uid and not allowed:
            raise FileError(NOT_PERMITTED)
        node.uid, node.gid = uid, gid

    return _change_all(call, change)


def _change_all(call: Invocation, change: Callable[[File | Directory, str], None]) -> int:
    flags = [word for word in call.argv[1:] if re.fullmatch(r"-[Rvfhc]+|--recursive", word)]
    words = [word for word in call.argv[1:] if word not in flags]
    if len(words) < 2:
        return call.complain("missing operand")
    code = 0
    for name in words[1:]:
        for path in _paths(call, name, deep=any("R" in flag or "rec" in flag for flag in flags)):
            try:
                node = call.files.change(call.path(path))
                if isinstance(node, File | Directory):
                    change(node, words[0])
            except FileError as error:
                code = call.complain(f"{path}: {error.reason}")
    return code


def _paths(call: Invocation, name: str, *, deep: bool) -> Iterator[str]:
    yield name
    node = call.files.get(call.path(name), follow=False)
    if deep and isinstance(node, Directory):
        for child in sorted(node.entries):
            yield from _paths(call, posixpath.join(name, child), deep=True)


def _number(text: str) -> int:
    if text.isdigit():
        return int(text)
    if text not in _IDS:
        raise FileError(f"unknown user or group {text}")
    return _IDS[text]


def _mode(node: File | Directory, text: str) -> int:
    if re.fullmatch(r"[0-7]{1,5}", text):
        return int(text, 8) & 0o7777
    mode = node.mode
    for part in text.split(","):
        match = re.fullmatch(r"([ugoa]*)([-+=])([rwxXst]*)", part)
        if match is None:
            raise FileError(f"invalid mode '{text}'")
        who, sign, letters = match.groups()
        if "X" in letters and (isinstance(node, Directory) or mode & 0o111):
            letters += "x"
        bits = sum(_BITS.get(letter, 0) for letter in set(letters))
        shifts = [6, 3, 0] if not who or "a" in who else ["ogu".index(w) * 3 for w in who]
        mask = sum(bits << shift for shift in shifts)
        if "s" in letters:
            mask |= sum(0o1000 << shift // 3 for shift in shifts if shift)
        if "t" in letters:
            mask |= 0o1000
        if sign == "=":
            mode &= ~sum(7 << shift for shift in shifts)
        mode = mode & ~mask if sign == "-" else mode | mask
    return mode
