"""The processes of a server that an image brings, as ``ps`` and ``kill`` find them in its container.

Entered when something first looks inside; the server itself is a
:class:`~webapp.cri.servers.ProfiledProgram`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.cri.programs.files.permissions import User
from webapp.cri.programs.signals import SIGNALS
from webapp.sim.task import Waiter

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from webapp.cri.programs.userland import Invocation, Userland, Wait

_NGINX = User(101, 101)
_HTTPD = User(1, 1)
_TITLES: dict[str, tuple[str, str, User, int]] = {
    "httpd": ("httpd -DFOREGROUND", "httpd -DFOREGROUND", _HTTPD, 3),
    "nginx": ("nginx: master process nginx -g daemon off;", "nginx: worker process", _NGINX, 2),
    "pause": ("/pause", "", User(), 0),
}
"""Server → title of its first process, of its workers, who they are, how many."""
_STOPS = frozenset(SIGNALS[name] for name in ("INT", "QUIT", "TERM"))


def enter_server(
    userland: Userland,
    name: str,
    argv: tuple[str, ...],
    env: dict[str, str],
    on_stop: Callable[[], None],
    on_end: Callable[[int], None],
) -> None:
    """Enter a server's processes.

    Args:
        userland: The container's.
        name: The server's program.
        argv: Its words, unless it sets a title of its own.
        env: Its variables.
        on_stop: Called when a signal asks it to stop.
        on_end: Called with 137 when it is killed.
    """
    title, worker, user, count = _TITLES.get(name, ("", "", userland.user, 0))
    first = userland.make(0, [title] if title else list(argv), env, "/", {})
    userland.first = first

    def on_signal(number: int) -> bool:
        if number in _STOPS:
            on_stop()
        elif number == SIGNALS["HUP"] and worker:
            for item in list(userland.processes.values()):
                if item.parent_pid == first.pid and item.argv == [worker]:
                    userland.kill(item, SIGNALS["KILL"])
        return True

    first.on_signal = on_signal
    userland.start(first, _wait(), on_done=on_end)
    for _ in range(count):
        _enter_worker(userland, first, worker, user)


def _enter_worker(userland: Userland, first: Invocation, title: str, user: User) -> None:
    """A worker; another one takes its place when it ends."""
    invocation = userland.make(first.pid, [title], {}, "/", {})
    invocation.user = user if userland.user.uid == 0 else userland.user

    def on_end(_: int) -> None:
        if first.exit_code is None and userland.alive:
            _enter_worker(userland, first, title, user)

    invocation.on_end = on_end
    userland.start(invocation, _wait())


def _wait() -> Generator[Wait, Any, int]:
    yield Waiter()
    return 0
