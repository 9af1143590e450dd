"""One room: a world, its driver and journal, and what serves them below the room's prefix.

Made by ``webapp.rooms.registry`` from a journal, whether that is new, holds a run to go on with, or is
to take over another run up to a moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask

from webapp.api.resources import NODES, PODS
from webapp.apiserver.non_resource import GIT_VERSION
from webapp.cluster.cluster import Cluster
from webapp.cluster.config import BOOT_MS, PROXY_MODES, ClusterConfig
from webapp.driver.driver import SimulationDriver
from webapp.history.pages import make_history
from webapp.http.kube_api import KubeAPI
from webapp.http.metrics import Metrics
from webapp.http.pages import make_pages, secure
from webapp.http.past import take_moment_prefix
from webapp.http.stream_bridge import close_orphans
from webapp.live.frames import Hello
from webapp.live.history import RoomOrigin, RoomView
from webapp.live.projector import Projector
from webapp.live.socket import LiveStream
from webapp.settings import PRODUCT_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from webapp.driver.journal import Genesis, Journal, JournalEntry
    from webapp.driver.replay import Until
    from webapp.http.assets import WebRoot
    from webapp.live.frames import ClockView

MAIN = "main"
ORIGIN = "origin"
"""Key of a genesis' config: where the room was branched off."""


class Room:
    """A room, not yet running.

    Attributes:
        name: ``main``, or what follows ``/rooms/`` in its URLs.
        prefix: What its URLs begin with; "" for main.
        cluster: The world.
        driver: Owns the world.
        flask: Its pages; further blueprints may be registered until the first request.
        replayed: How many journalled commands were repeated to restore the world.
    """

    def __init__(self, name: str, journal: Journal, web_root: WebRoot) -> None:
        self.name = name
        self.prefix = "" if name == MAIN else f"/rooms/{name}"
        self.replayed = 0
        self.genesis = journal.genesis
        self.cluster = make_cluster(journal.genesis)
        # The projector is one of the cluster's watchers, so it is there before the replay, as it was.
        projector = Projector(self.cluster, lambda: self.cluster.scheduler.queue)
        self.driver = SimulationDriver(self.cluster, journal)
        self.flask = Flask(__name__, static_folder=web_root.dist, static_url_path="/static")
        self.flask.register_blueprint(make_pages(self.driver, self.cluster, web_root))
        self.flask.register_blueprint(make_history(self.cluster, self.driver))
        secure(self.flask)
        self._live = LiveStream(
            self.flask, self.driver, projector, self._hello, journal_path=self.prefix + "/journal"
        )
        self._api = KubeAPI(self.driver, Metrics(self.driver), self.cluster.past)

    def restore(self) -> None:
        """Repeat the run that the journal holds.

        Raises:
            JournalError: The journal cannot be read.
            SimulationError: The run cannot be repeated.
        """
        self.replayed = self.driver.replay()

    def branch(
        self, entries: Iterable[JournalEntry], progress: tuple[int, int], until: Until
    ) -> None:
        """Take over another run up to a moment, and stand still there."""
        self.driver.branch(entries, progress, until)

    def start(self) -> None:
        """Let virtual time flow, and frames."""
        self.driver.start()
        self._live.start()
        close_orphans(self.driver, self.cluster.open_streams())

    def stop(self) -> None:
        """End in good order."""
        self._live.stop()
        self.driver.stop()

    def close(self, message: str) -> None:
        """End for good: tell the viewers why, and end everything that still streams."""
        self._live.end(message)
        self._api.end_streams()
        self.driver.stop()

    def view(self) -> RoomView:
        """The room as the page lists it."""
        cluster, genesis = self.cluster, self.genesis
        origin: dict[str, Any] | None = genesis.config.get(ORIGIN)
        return RoomView(
            name=self.name,
            prefix=self.prefix,
            seed=genesis.seed,
            network_plugin=genesis.config["network_plugin"],
            nodes=len(cluster.viewer.list(NODES)),
            pods=len(cluster.viewer.list(PODS)),
            revision=cluster.revision,
            now=cluster.sim.now_ms,
            speed=cluster.clock.speed_text,
            paused=cluster.clock.stands_still,
            failure=self.driver.failure,
            origin=RoomOrigin(**origin) if origin else None,
        )

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer a request whose path has lost the room's prefix: API paths by the API, others by Flask."""
        take_moment_prefix(environ)
        serve = self._api if KubeAPI.serves(environ["PATH_INFO"]) else self.flask.wsgi_app
        return serve(environ, start_response)

    def _hello(self, clock: ClockView) -> Hello:
        return Hello(
            product_version=PRODUCT_VERSION,
            kubernetes_version=GIT_VERSION,
            room=self.name,
            seed=self.genesis.seed,
            network_plugin=self.cluster.config.network_plugin,
            api_prefix=self.prefix,
            api_token="",
            read_only=False,
            clock=clock,
        )


def make_cluster(genesis: Genesis) -> Cluster:
    """The world of a run, at its beginning."""
    return Cluster(
        ClusterConfig(
            seed=genesis.seed,
            start_ms=genesis.start_ms,
            nodes=genesis.nodes,
            network_plugin=genesis.config["network_plugin"],
            proxy_mode=genesis.config.get("proxy_mode", PROXY_MODES[0]),
            speed=genesis.config["speed"],
            addons=genesis.config.get("addons", False),
            boot_ms=genesis.config.get("boot_ms", BOOT_MS),
            # The gate names the local admin; whoever comes without a name is nobody.
            anonymous=False,
        )
    )
