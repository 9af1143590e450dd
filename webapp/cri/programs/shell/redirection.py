"""Where commands read and print: ``<``, ``>``, ``2>&1``, here documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.cri.programs.files.nodes import FileError
from webapp.cri.programs.shell.core import ShellCore
from webapp.cri.programs.streams import Bytes, Stream

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.shell.syntax import (
        Redirect,
        Redirected,
    )
    from webapp.cri.programs.userland import Wait

    Steps = Generator[Wait, Any, int]


class Redirections(ShellCore):
    """Opens what commands are redirected to."""

    __slots__ = ()

    def _redirected(self, node: Redirected) -> Steps:
        yield from self.invocation.flush()
        before = self.invocation.fds
        try:
            fds, opened = yield from self._open(node.redirects)
        except FileError:
            return self._checked(1)
        self.invocation.fds = fds
        try:
            status = yield from self.execute(node.body)
            yield from self.invocation.flush()
        finally:
            self.invocation.fds = before
            release(opened)
        return status

    def _open(
        self, redirects: tuple[Redirect, ...]
    ) -> Generator[Wait, Any, tuple[dict[int, Stream], list[Stream]]]:
        """Descriptors after redirections, and those of them that were opened for it.

        Raises:
            FileError: A file cannot be opened; it has been said.
        """
        invocation = self.invocation
        fds = dict(invocation.fds)
        opened: list[Stream] = []
        for redirect in redirects:
            target = yield from self._expander.text(redirect.target)
            if redirect.operator == "close":
                fds.pop(redirect.fd, None)
                continue
            if redirect.operator in (">&", "<&"):
                if target == "-":
                    fds.pop(redirect.fd, None)
                elif target.isdigit() and int(target) in fds:
                    fds[redirect.fd] = fds[int(target)]
                else:
                    self.complain(f"{target}: Bad file descriptor")
                    release(opened)
                    raise FileError("Bad file descriptor")
                continue
            try:
                stream = self._opened(redirect.operator, target, fds)
            except FileError as error:
                self._complain_about_file(redirect.operator, target, error)
                release(opened)
                raise
            opened.append(stream.retain())
            for fd in (1, 2) if redirect.fd == -1 else (redirect.fd,):
                fds[fd] = stream
        return fds, opened

    def _opened(self, operator: str, target: str, fds: dict[int, Stream]) -> Stream:
        invocation = self.invocation
        if operator in ("text", "string"):
            data = target + ("\n" if operator == "string" else "")
            return Bytes(data.encode(errors="surrogateescape"))
        before, invocation.fds = invocation.fds, fds
        try:
            if operator in ("<", "<>"):
                return invocation.userland.open_for_reading(invocation, target)
            return invocation.userland.open_for_writing(
                invocation, target, truncate=operator == ">"
            )
        finally:
            invocation.fds = before

    def _complain_about_file(self, operator: str, target: str, error: FileError) -> None:
        if self.is_bash:
            self.complain(f"{target}: {error.reason}")
        elif self.invocation.userland.style == "busybox":
            verb = "open" if operator in ("<", "<>") else "create"
            reason = (
                "nonexistent directory"
                if verb == "create" and "No such" in error.reason
                else error.reason
            )
            reason = "no such file" if verb == "open" and "No such" in error.reason else reason
            self.complain(f"can't {verb} {target}: {reason}")
        else:
            verb = "open" if operator in ("<", "<>") else "create"
            self.complain(f"cannot {verb} {target}: {error.reason}")


def release(streams: list[Stream]) -> None:
    """Let go of streams that were opened for a command."""
    for stream in streams:
        stream.release()
