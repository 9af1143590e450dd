"""What a server is started with: checked once, then frozen.

The command line makes :class:`AppSettings`; ``webapp.app`` builds everything from it. Problems are
:class:`SettingsError` of one line, for the person at the terminal.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PRODUCT_VERSION = "0.1.0"
LOOPBACK_NAMES = frozenset({"127.0.0.1", "::1", "localhost"})
MIN_TOKEN_LENGTH = 8
_TOKEN = re.compile(r"[A-Za-z0-9._~-]+\Z")
"""Characters that need no escaping in a header, a cookie and a path."""


class SettingsError(Exception):
    """An option, or a combination of them, cannot be used."""


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """Who holds a token: user name and groups."""

    name: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSettings:
    """One server.

    Attributes:
        host: Address to listen on.
        port: TCP port; 0 takes a free one.
        nodes: Nodes of a new cluster; ``None`` for the default or what the data directory says.
        network_plugin: Pod network of a new cluster; ``None`` likewise.
        proxy_mode: How kube-proxy of a new cluster chooses endpoints; ``None`` likewise.
        addons: Whether a new cluster has its add-ons as Pods; ``None`` likewise.
        seed: Seed of a new cluster; ``None`` likewise.
        speed: Virtual seconds a wall second, ``None`` for as fast as possible.
        data_dir: Where the journal is kept; ``None`` for a directory that goes with the process.
        rooms: Rooms to make beside main, unless the data directory holds them already.
        tokens: Bearer token → who holds it; empty only on loopback.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    nodes: int | None = None
    network_plugin: str | None = None
    proxy_mode: str | None = None
    addons: bool | None = None
    seed: int | None = None
    speed: float | None = 1.0
    data_dir: Path | None = None
    rooms: tuple[str, ...] = ()
    tokens: Mapping[str, TokenHolder] = field(default_factory=dict)

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.host)

    def check(self) -> None:
        """Check what only makes sense together.

        Raises:
            SettingsError: The server would stand open to the network.
        """
        if not self.is_local and not self.tokens:
            raise SettingsError(
                f"refusing to listen on {self.host} without tokens: anybody on the network would be"
                " cluster admin; add --token NAME=TOKEN or --token-file FILE"
            )


def is_loopback(host: str) -> bool:
    """Whether an address or name is this machine's own."""
    if host in LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def parse_token(text: str) -> tuple[str, TokenHolder]:
    """Read ``NAME=TOKEN`` or ``NAME=TOKEN:group,group``.

    Returns:
        The token and who holds it; without groups, a cluster admin.

    Raises:
        SettingsError: It is no such text.
    """
    name, equals, rest = text.partition("=")
    token, _, groups = rest.partition(":")
    if not name or not equals or not _TOKEN.match(token):
        raise SettingsError("a token is written NAME=TOKEN or NAME=TOKEN:group,group")
    if len(token) < MIN_TOKEN_LENGTH:
        raise SettingsError(f"the token of {name} is shorter than {MIN_TOKEN_LENGTH} characters")
    listed = tuple(group.strip() for group in groups.split(",") if group.strip())
    return token, TokenHolder(name, listed or ("system:masters",))


def read_token_file(path: Path) -> dict[str, TokenHolder]:
    """Read a file of one ``NAME=TOKEN[:group,…]`` a line; empty lines and ``#`` lines are skipped.

    Raises:
        SettingsError: The file or a line of it cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    entries = (line.strip() for line in lines)
    return dict(parse_token(entry) for entry in entries if entry and not entry.startswith("#"))


def parse_speed(text: str) -> float | None:
    """A speed: a number from 0.01 to 1000, or ``max`` (``None``).

    Raises:
        SettingsError: It is neither.
    """
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0.01 <= speed <= 1000:
        raise SettingsError(f"speed is a number from 0.01 to 1000, or max, not {text!r}")
    return speed
