"""The rooms of a server: made, branched off one another, restored and deleted.

``main`` keeps its journal in the data directory itself, every other room in ``rooms/NAME`` below it, so
that a restart finds them. Called by ``webapp.rooms.pages`` and ``webapp.app``.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from webapp.apimachinery.status import (
    AlreadyExists,
    BadRequest,
    Forbidden,
    NotFound,
    ServiceUnavailable,
)
from webapp.cluster.config import BOOT_MS, BOOT_WITH_ADDONS_MS
from webapp.driver.collector import forget_worlds
from webapp.driver.journal import Genesis, Journal, JournalError
from webapp.driver.pacing import wall_ms
from webapp.driver.replay import Until
from webapp.rooms.room import MAIN, ORIGIN, Room
from webapp.settings import PRODUCT_VERSION
from webapp.sim.errors import SimulationError

if TYPE_CHECKING:
    from pathlib import Path

    from webapp.cluster.past import Moment, Past
    from webapp.http.assets import WebRoot

MAX_ROOMS = 24
"""Each room is a whole cluster with its history: some 60 MB when small."""
MAX_NAME = 40
FOLDER = "rooms"
_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?\Z")

MOST_NODES_WITH_ADDONS = 200
"""Larger clusters begin without add-ons unless asked: two Pods a Node are most of their beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the cluster of a new room is made of; ``addons`` as in :class:`ClusterConfig`."""

    seed: int
    nodes: int
    network_plugin: str
    proxy_mode: str
    speed: float | None
    addons: bool = True

    @property
    def boot_ms(self) -> int:
        """Virtual time until the cluster can be used."""
        return BOOT_WITH_ADDONS_MS if self.addons else BOOT_MS

    @property
    def config(self) -> dict[str, Any]:
        """What a genesis keeps of it, besides seed and Nodes."""
        return {
            "network_plugin": self.network_plugin,
            "proxy_mode": self.proxy_mode,
            "speed": self.speed,
            "addons": self.addons,
            "boot_ms": self.boot_ms,
        }


class Rooms:
    """All rooms of one server.

    Attributes:
        rooms: Name → room, main first, the others in order of their making.
    """

    def __init__(self, directory: Path, web_root: WebRoot) -> None:
        self.rooms: dict[str, Room] = {}
        self._directory = directory
        self._web_root = web_root
        self._in_the_making: set[str] = set()

    @property
    def main(self) -> Room:
        """The room at ``/``."""
        return self.rooms[MAIN]

    def open_main(self, journal: Journal) -> Room:
        """Make the room ``main`` from its journal; raises as :meth:`restore`."""
        return self._restored(MAIN, journal)

    def restore(self) -> None:
        """Bring back the rooms that the data directory holds.

        Raises:
            JournalError: A journal cannot be used.
            SimulationError: A run cannot be repeated.
        """
        folder = self._directory / FOLDER
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if _NAME.match(path.name) and Journal.exists(path):
                try:
                    self._restored(path.name, Journal.open(path))
                except SimulationError as error:
                    raise SimulationError(f"room {path.name}: {error}") from error

    def create(self, name: str, plan: Plan) -> Room:
        """A new room with a new cluster, not yet started.

        Raises:
            BadRequest: The name cannot be used.
            AlreadyExists: It is taken.
            Forbidden: There are as many rooms as there may be.
            ServiceUnavailable: Its journal cannot be written.
        """
        self._check(name)
        genesis = Genesis(
            seed=plan.seed,
            start_ms=wall_ms() - plan.boot_ms,
            nodes=plan.nodes,
            product_version=PRODUCT_VERSION,
            config=plan.config,
        )
        try:
            room = Room(name, Journal.create(self._folder_of(name), genesis), self._web_root)
        except JournalError as error:
            raise ServiceUnavailable(f"room {name} could not be made: {error}") from error
        self.rooms[name] = room
        return room

    def branch(self, name: str, origin: str, at: str) -> Room:
        """A new room that begins as another one was at a moment, paused and not yet started.

        The other room's run is repeated from its beginning, while everybody else goes on.

        Raises:
            BadRequest: The name or the moment cannot be used.
            NotFound: There is no such room to branch off.
            Expired: The moment is no longer kept.
            AlreadyExists: The name is taken.
            Forbidden: There are as many rooms as there may be.
            ServiceUnavailable: The run could not be repeated.
        """
        self._check(name)
        source = self.find(origin)
        moment = source.cluster.past.find(at)
        genesis = replace(
            source.genesis,
            config={
                **source.genesis.config,
                ORIGIN: {"room": origin, "revision": moment.revision, "at": moment.at_ms},
            },
        )
        self._in_the_making.add(name)
        room: Room | None = None
        try:
            room = Room(name, Journal.create(self._folder_of(name), genesis), self._web_root)
            driver = source.driver
            # Taken together: the other room goes on while its run is repeated.
            entries, progress = list(driver.commands(after=0)), driver.progress
            room.branch(entries, progress, _until(source.cluster.past, moment))
        except (JournalError, SimulationError) as error:
            if room is not None:
                room.driver.abandon()
            shutil.rmtree(self._folder_of(name), ignore_errors=True)
            raise ServiceUnavailable(f"room {name} could not be branched off: {error}") from error
        finally:
            self._in_the_making.discard(name)
        self.rooms[name] = room
        return room

    def delete(self, name: str) -> None:
        """End a room and forget its run.

        Raises:
            Forbidden: It is main.
            NotFound: There is none of that name.
        """
        if name == MAIN:
            raise Forbidden("the room main cannot be deleted")
        room = self.find(name)
        del self.rooms[name]
        room.close(f"The room {name} was deleted.")
        shutil.rmtree(self._folder_of(name), ignore_errors=True)
        del room
        forget_worlds()

    def find(self, name: str) -> Room:
        """The room of a name.

        Raises:
            NotFound: There is none.
        """
        room = self.rooms.get(name)
        if room is None:
            raise NotFound(f'room "{name[:MAX_NAME]}" not found')
        return room

    def stop(self) -> None:
        """End all rooms in good order; their runs stay."""
        for room in self.rooms.values():
            room.stop()

    def abandon(self) -> None:
        """Let go of rooms that never started."""
        for room in self.rooms.values():
            room.driver.abandon()

    def _restored(self, name: str, journal: Journal) -> Room:
        room = self.rooms[name] = Room(name, journal, self._web_root)
        room.restore()
        return room

    def _check(self, name: str) -> None:
        if len(name) > MAX_NAME or not _NAME.match(name):
            raise BadRequest(
                f"a room's name has up to {MAX_NAME} lower-case letters, digits and hyphens,"
                " and begins and ends with a letter or digit"
            )
        if name in self.rooms or name in self._in_the_making:
            raise AlreadyExists(f'room "{name}" already exists')
        if len(self.rooms) + len(self._in_the_making) >= MAX_ROOMS:
            raise Forbidden(f"there are {MAX_ROOMS} rooms already; delete one first")

    def _folder_of(self, name: str) -> Path:
        return self._directory / FOLDER / name


def _until(past: Past, moment: Moment) -> Until:
    """A moment of one run as the end of another's repetition."""
    if moment.at_ms > past.time_of(moment.revision):
        return Until(at_ms=moment.at_ms)
    return Until(revision=moment.revision)
