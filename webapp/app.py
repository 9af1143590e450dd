"""The one place where everything meets: settings into a world, a driver, and what serves them.

:func:`create_app` builds the parts in the order in which they depend on one another and returns them
as one :class:`App`, which ``webapp.__main__`` and the tests start and stop.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask

from webapp.apimachinery.wire import UserInfo
from webapp.apiserver.non_resource import GIT_VERSION
from webapp.cluster.cluster import ADMIN, Cluster
from webapp.cluster.config import BOOT_MS, ClusterConfig
from webapp.driver.driver import SimulationDriver
from webapp.driver.journal import Genesis, Journal
from webapp.driver.manifests import apply_manifest
from webapp.driver.pacing import wall_ms
from webapp.http.access import Gate
from webapp.http.assets import find_web_root
from webapp.http.kube_api import KubeAPI
from webapp.http.metrics import Metrics
from webapp.http.pages import make_pages, secure
from webapp.http.stream_bridge import close_orphans
from webapp.live.frames import Hello
from webapp.live.projector import Projector
from webapp.live.socket import LiveStream
from webapp.settings import LOOPBACK_NAMES, PRODUCT_VERSION, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from webapp.live.frames import ClockView
    from webapp.settings import AppSettings

DEFAULT_NODES = 3
DEFAULT_NETWORK_PLUGIN = "kindnet"
DEFAULT_SEED = 0


class App:
    """A server's parts, not yet listening.

    Attributes:
        settings: What it was built from.
        driver: Owns the world.
        wsgi: The whole application, gate included.
        replayed: How many journalled commands were repeated to restore the world.
    """

    def __init__(
        self,
        settings: AppSettings,
        driver: SimulationDriver,
        live: LiveStream,
        wsgi: Callable[..., Iterable[bytes]],
        replayed: int,
        orphans: list[int],
        temporary: tempfile.TemporaryDirectory[str] | None,
    ) -> None:
        self.settings = settings
        self.driver = driver
        self.wsgi = wsgi
        self.replayed = replayed
        self._live = live
        self._orphans = orphans
        self._temporary = temporary

    def start(self) -> None:
        """Let virtual time flow, and frames."""
        self.driver.start()
        self._live.start()
        close_orphans(self.driver, self._orphans)

    def apply(self, text: str) -> list[str]:
        """Apply a manifest's documents as cluster admin; returns a line for each.

        Raises:
            ManifestError: A document is not understood or was refused.
        """
        return apply_manifest(self.driver, text, ADMIN)

    def stop(self) -> None:
        """End in good order; a journal without ``--data-dir`` goes with it."""
        self._live.stop()
        self.driver.stop()
        if self._temporary is not None:
            self._temporary.cleanup()


def create_app(settings: AppSettings) -> App:
    """Build a server, restoring the world that its data directory holds.

    Raises:
        SettingsError: Options contradict one another or the data directory.
        JournalError: The data directory cannot be used.
        SimulationError: The journalled run cannot be repeated.
    """
    settings.check()
    temporary = None
    if settings.data_dir is None:
        temporary = tempfile.TemporaryDirectory(prefix="podarium-")
    journal = _open_journal(
        settings, settings.data_dir or Path(temporary.name if temporary else "")
    )
    cluster = Cluster(_cluster_config(journal.genesis))
    # The projector is one of the cluster's watchers, so it is there before the replay, as it was.
    projector = Projector(cluster)
    driver = SimulationDriver(cluster, journal)
    replayed = driver.replay()
    flask, live = _make_flask(driver, cluster, projector)
    gate = Gate(
        _Fork(KubeAPI(driver, Metrics(driver)), flask.wsgi_app),
        tokens={
            token: UserInfo(holder.name, (*holder.groups, "system:authenticated"))
            for token, holder in settings.tokens.items()
        },
        local_user=ADMIN,
        host_names=LOOPBACK_NAMES | {settings.host} if settings.is_local else frozenset(),
    )
    return App(settings, driver, live, gate, replayed, cluster.open_streams(), temporary)


def _open_journal(settings: AppSettings, directory: Path) -> Journal:
    if Journal.exists(directory):
        journal = Journal.open(directory)
        _compare(settings, journal.genesis)
        return journal
    genesis = Genesis(
        seed=DEFAULT_SEED if settings.seed is None else settings.seed,
        start_ms=wall_ms() - BOOT_MS,
        nodes=DEFAULT_NODES if settings.nodes is None else settings.nodes,
        product_version=PRODUCT_VERSION,
        config={
            "network_plugin": settings.network_plugin or DEFAULT_NETWORK_PLUGIN,
            "speed": settings.speed,
        },
    )
    return Journal.create(directory, genesis)


def _compare(settings: AppSettings, genesis: Genesis) -> None:
    asked = {
        "seed": (settings.seed, genesis.seed),
        "nodes": (settings.nodes, genesis.nodes),
        "cni": (settings.network_plugin, genesis.config["network_plugin"]),
    }
    for option, (wanted, kept) in asked.items():
        if wanted is not None and wanted != kept:
            raise SettingsError(
                f"the data directory holds a cluster made with --{option} {kept}; leave --{option} out"
            )


def _cluster_config(genesis: Genesis) -> ClusterConfig:
    return ClusterConfig(
        seed=genesis.seed,
        start_ms=genesis.start_ms,
        nodes=genesis.nodes,
        network_plugin=genesis.config["network_plugin"],
        speed=genesis.config["speed"],
        # The gate names the local admin; whoever comes without a name is nobody.
        anonymous=False,
    )


def _make_flask(
    driver: SimulationDriver, cluster: Cluster, projector: Projector
) -> tuple[Flask, LiveStream]:
    web_root = find_web_root()
    flask = Flask(__name__, static_folder=web_root.dist, static_url_path="/static")
    flask.register_blueprint(make_pages(driver, cluster, web_root))
    secure(flask)

    def make_hello(clock: ClockView) -> Hello:
        return Hello(
            product_version=PRODUCT_VERSION,
            kubernetes_version=GIT_VERSION,
            room="main",
            seed=cluster.config.seed,
            network_plugin=cluster.config.network_plugin,
            api_prefix="",
            api_token="",
            read_only=False,
            clock=clock,
        )

    return flask, LiveStream(flask, driver, projector, make_hello)


class _Fork:
    """API paths to the API, everything else to Flask."""

    def __init__(self, api: KubeAPI, pages: Callable[..., Iterable[bytes]]) -> None:
        self._api = api
        self._pages = pages

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        serve = self._api if self._api.serves(environ["PATH_INFO"]) else self._pages
        return serve(environ, start_response)
