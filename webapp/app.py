"""The one place where everything meets: settings into rooms, and what serves them.

:func:`create_app` builds the parts in the order in which they depend on one another and returns them
as one :class:`App`, which the command line and the tests start and stop.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from webapp.apimachinery.status import StatusError
from webapp.apimachinery.wire import UserInfo
from webapp.cluster.cluster import ADMIN
from webapp.cluster.config import PROXY_MODES
from webapp.driver.journal import Genesis, Journal
from webapp.driver.manifests import apply_manifest
from webapp.driver.pacing import wall_ms
from webapp.http.access import Gate
from webapp.http.assets import find_web_root
from webapp.rooms.pages import make_rooms
from webapp.rooms.registry import MOST_NODES_WITH_ADDONS, Plan, Rooms
from webapp.rooms.site import Site
from webapp.settings import LOOPBACK_NAMES, PRODUCT_VERSION, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from webapp.driver.driver import SimulationDriver
    from webapp.settings import AppSettings

DEFAULT_NODES = 3
DEFAULT_NETWORK_PLUGIN = "kindnet"
DEFAULT_SEED = 0


class App:
    """A server's parts, not yet listening.

    Attributes:
        settings: What it was built from.
        rooms: The clusters.
        wsgi: The whole application, gate included.
    """

    def __init__(
        self,
        settings: AppSettings,
        rooms: Rooms,
        wsgi: Callable[..., Iterable[bytes]],
        temporary: tempfile.TemporaryDirectory[str] | None,
    ) -> None:
        self.settings = settings
        self.rooms = rooms
        self.wsgi = wsgi
        self._temporary = temporary

    @property
    def driver(self) -> SimulationDriver:
        """The driver of the room main."""
        return self.rooms.main.driver

    @property
    def replayed(self) -> int:
        """How many journalled commands were repeated to restore the room main."""
        return self.rooms.main.replayed

    def start(self) -> None:
        """Let virtual time flow, and frames."""
        for room in self.rooms.rooms.values():
            room.start()

    def apply(self, text: str) -> list[str]:
        """Apply a manifest's documents as cluster admin; returns a line for each.

        Raises:
            ManifestError: A document is not understood or was refused.
        """
        return apply_manifest(self.driver, text, ADMIN)

    def stop(self) -> None:
        """End in good order; journals without ``--data-dir`` go with it."""
        self.rooms.stop()
        if self._temporary is not None:
            self._temporary.cleanup()


def create_app(settings: AppSettings) -> App:
    """Build a server, restoring the rooms that its data directory holds.

    Raises:
        SettingsError: Options contradict one another or the data directory.
        JournalError: The data directory cannot be used.
        SimulationError: A journalled run cannot be repeated.
    """
    settings.check()
    temporary = None
    if settings.data_dir is None:
        temporary = tempfile.TemporaryDirectory(prefix="podarium-")
    directory = settings.data_dir or Path(temporary.name if temporary else "")
    rooms = Rooms(directory, find_web_root())
    plan = _plan(settings)
    try:
        main = rooms.open_main(_open_journal(settings, plan, directory))
        rooms.restore()
        _make_missing(settings, rooms, plan)
    except Exception:
        rooms.abandon()
        if temporary is not None:
            temporary.cleanup()
        raise
    main.flask.register_blueprint(make_rooms(rooms, plan))
    gate = Gate(
        Site(rooms),
        tokens={
            token: UserInfo(holder.name, (*holder.groups, "system:authenticated"))
            for token, holder in settings.tokens.items()
        },
        local_user=ADMIN,
        host_names=LOOPBACK_NAMES | {settings.host} if settings.is_local else frozenset(),
    )
    return App(settings, rooms, gate, temporary)


def _make_missing(settings: AppSettings, rooms: Rooms, plan: Plan) -> None:
    for name in settings.rooms:
        if name not in rooms.rooms:
            try:
                rooms.create(name, plan)
            except StatusError as error:
                raise SettingsError(f"--room {name}: {error.message}") from error


def _plan(settings: AppSettings) -> Plan:
    nodes = DEFAULT_NODES if settings.nodes is None else settings.nodes
    return Plan(
        seed=DEFAULT_SEED if settings.seed is None else settings.seed,
        nodes=nodes,
        network_plugin=settings.network_plugin or DEFAULT_NETWORK_PLUGIN,
        proxy_mode=settings.proxy_mode or PROXY_MODES[0],
        speed=settings.speed,
        addons=nodes <= MOST_NODES_WITH_ADDONS if settings.addons is None else settings.addons,
    )


def _open_journal(settings: AppSettings, plan: Plan, directory: Path) -> Journal:
    if Journal.exists(directory):
        journal = Journal.open(directory)
        _compare(settings, journal.genesis)
        return journal
    genesis = Genesis(
        seed=plan.seed,
        start_ms=wall_ms() - plan.boot_ms,
        nodes=plan.nodes,
        product_version=PRODUCT_VERSION,
        config=plan.config,
    )
    return Journal.create(directory, genesis)


def _compare(settings: AppSettings, genesis: Genesis) -> None:
    asked = {
        "seed": (settings.seed, genesis.seed),
        "nodes": (settings.nodes, genesis.nodes),
        "cni": (settings.network_plugin, genesis.config["network_plugin"]),
        "proxy-mode": (settings.proxy_mode, genesis.config.get("proxy_mode", PROXY_MODES[0])),
    }
    for option, (wanted, kept) in asked.items():
        if wanted is not None and wanted != kept:
            raise SettingsError(
                f"the data directory holds a cluster made with --{option} {kept}; leave --{option} out"
            )
