"""``podarium serve``: rooms, their APIs and their pages, until someone stops it."""

from __future__ import annotations

import logging
import signal
import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import click
import gevent
import gevent.event

from webapp.cli.problems import give_up
from webapp.cluster.config import NETWORK_PLUGINS, PROXY_MODES
from webapp.settings import AppSettings, SettingsError, parse_speed, parse_token, read_token_file

if TYPE_CHECKING:
    from webapp.app import App
    from webapp.http.publish import Publisher

MAX_NODES = 5000
STOP_SECONDS = 2.0


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=8080,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port; 0 takes a free one.",
)
@click.option(
    "--nodes", type=click.IntRange(0, MAX_NODES), help="Nodes of a new cluster.  [default: 3]"
)
@click.option(
    "--cni",
    type=click.Choice(NETWORK_PLUGINS),
    help="Pod network of a new cluster.  [default: kindnet]",
)
@click.option(
    "--proxy-mode",
    type=click.Choice(PROXY_MODES),
    help="How kube-proxy chooses endpoints: iptables by chance, ipvs in turn.  [default: iptables]",
)
@click.option(
    "--addons/--no-addons",
    "addons",
    default=None,
    help="CoreDNS, kube-proxy and the network plugin's agents as Pods in kube-system.  [default: up to 200 Nodes]",
)
@click.option("--seed", type=int, help="Seed of a new cluster: same seed, same run.  [default: 0]")
@click.option(
    "--speed",
    default="1",
    show_default=True,
    help="Virtual seconds a second, 0.01 to 1000, or max; of a new cluster.",
)
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep the cluster here, and go on with the one that is here. Without it, it ends with the process.",
)
@click.option(
    "--room",
    "rooms",
    multiple=True,
    metavar="NAME",
    help="Make another cluster at /rooms/NAME, of the same kind. May be repeated.",
)
@click.option(
    "--apply",
    "manifests",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Apply a manifest once the cluster runs. May be repeated.",
)
@click.option(
    "--scheduler-config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="KubeSchedulerConfiguration to begin with; changed later as ConfigMap kube-system/kube-scheduler.",
)
@click.option(
    "--publish",
    is_flag=True,
    help="Let NodePort and LoadBalancer Services be reached on real ports of this machine.",
)
@click.option(
    "--publish-host",
    default="127.0.0.1",
    show_default=True,
    help="Address to publish on; anything but loopback lets the network reach simulated Pods.",
)
@click.option("--open", "open_page", is_flag=True, help="Open the page in a browser.")
@click.option(
    "--token",
    "tokens",
    multiple=True,
    metavar="NAME=TOKEN[:GROUP,...]",
    help="Let NAME in with TOKEN, a cluster admin unless groups are given. May be repeated.",
)
@click.option(
    "--token-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Tokens, one NAME=TOKEN[:GROUP,...] a line.",
)
def serve(
    host: str,
    port: int,
    nodes: int | None,
    cni: str | None,
    proxy_mode: str | None,
    addons: bool | None,
    seed: int | None,
    speed: str,
    data_dir: Path | None,
    rooms: tuple[str, ...],
    manifests: tuple[Path, ...],
    scheduler_config: Path | None,
    publish: bool,
    publish_host: str,
    open_page: bool,
    tokens: tuple[str, ...],
    token_file: Path | None,
) -> None:
    """Run a cluster, its API and its page.

    On loopback everybody who reaches the port is cluster admin. Other addresses need tokens: the
    page asks for one (or opens with ?token=TOKEN), kubectl carries it in the server's URL, which
    `podarium kubeconfig --token` writes.
    """
    logging.basicConfig(level=logging.WARNING, format="podarium: %(message)s")
    try:
        holders = dict(parse_token(text) for text in tokens)
        if token_file is not None:
            holders |= read_token_file(token_file)
        settings = AppSettings(
            host=host,
            port=port,
            nodes=nodes,
            network_plugin=cni,
            proxy_mode=proxy_mode,
            addons=addons,
            seed=seed,
            speed=parse_speed(speed),
            data_dir=data_dir,
            rooms=rooms,
            tokens=holders,
        )
        settings.check()
    except SettingsError as error:
        give_up(str(error))
    scheduling = "" if scheduler_config is None else _read_scheduler_config(scheduler_config)
    run_server(
        settings,
        manifests,
        scheduling,
        open_page=open_page,
        publish_host=publish_host if publish else "",
    )


def _read_scheduler_config(path: Path) -> str:
    """The file as a manifest, once it has no mistakes."""
    import yaml  # noqa: PLC0415 - start-up time

    from webapp.scheduler.config_file import (  # noqa: PLC0415 - start-up time
        ConfigurationError,
        parse_configuration,
    )
    from webapp.scheduler.live_configuration import (  # noqa: PLC0415 - start-up time
        config_map_manifest,
    )

    try:
        text = path.read_text(encoding="utf-8")
        parse_configuration(text)
    except (OSError, UnicodeError) as error:
        give_up(f"{path} cannot be read: {error}")
    except ConfigurationError as error:
        give_up("\n".join(f"{path}, {line}" for line in str(error).splitlines()))
    return str(yaml.safe_dump(config_map_manifest(text)))


def run_server(
    settings: AppSettings,
    manifests: tuple[Path, ...] = (),
    scheduling: str = "",
    *,
    open_page: bool = False,
    publish_host: str = "",
) -> None:
    """Build the rooms, listen, and stop in good order when told to."""
    # The port is taken first: a busy one should not cost the second that building a world takes.
    from webapp.http.server import PortBusyError, listen, make_server  # noqa: PLC0415 - start-up time

    try:
        listener = listen(settings.host, settings.port)
    except PortBusyError as error:
        give_up(str(error))
    app = _build(settings)
    publisher = _publisher(app, publish_host) if publish_host else None
    server = make_server(listener, app.wsgi)
    stopping = gevent.event.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        gevent.signal_handler(number, stopping.set)
    app.start()
    server.start()
    port = listener.getsockname()[1]
    _announce(settings, port, app.replayed)
    if scheduling:
        app.apply(scheduling)
    _apply_all(manifests, app)
    if open_page:
        webbrowser.open(_page_url(settings, port))
    if publisher is not None:
        publisher.start()
    stopping.wait()
    if publisher is not None:
        publisher.stop()
    server.stop(timeout=STOP_SECONDS)
    app.stop()


def _publisher(app: App, host: str) -> Publisher:
    from webapp.http.publish import Publisher, make_published  # noqa: PLC0415 - start-up time

    def announce(line: str) -> None:
        click.echo(f"    {line}")
        sys.stdout.flush()

    publisher = Publisher(app.driver, host, announce)
    app.rooms.main.flask.register_blueprint(make_published(publisher))
    return publisher


def _build(settings: AppSettings) -> App:
    from webapp.app import create_app  # noqa: PLC0415 - start-up time
    from webapp.driver.journal import JournalError  # noqa: PLC0415 - start-up time
    from webapp.sim.errors import SimulationError  # noqa: PLC0415 - start-up time

    try:
        return create_app(settings)
    except (SettingsError, JournalError, SimulationError) as error:
        give_up(str(error))


def _apply_all(manifests: tuple[Path, ...], app: App) -> None:
    from webapp.driver.manifests import ManifestError  # noqa: PLC0415 - start-up time

    for path in manifests:
        try:
            lines = app.apply(path.read_text(encoding="utf-8"))
        except (ManifestError, OSError, UnicodeError) as error:
            click.echo(f"podarium: {path}: {error}", err=True)
        else:
            for line in lines:
                click.echo(line)


def _announce(settings: AppSettings, port: int, replayed: int) -> None:
    from webapp.http.kubeconfig import make_kubeconfig, server_url  # noqa: PLC0415 - start-up time

    if replayed:
        click.echo(f"Restored the cluster of {settings.data_dir} ({replayed} commands repeated).")
    click.echo(f"Podarium runs at {_page_url(settings, port)}")
    for name in settings.rooms:
        click.echo(f"    room {name}: {_page_url(settings, port)}rooms/{name}/")
    token = next(iter(settings.tokens), "")
    if settings.data_dir is not None:
        path = settings.data_dir.resolve() / "kubeconfig"
        path.touch(mode=0o600)
        url = server_url(_reachable(settings.host), port, token)
        path.write_text(make_kubeconfig(url), encoding="utf-8")
        click.echo(f"    export KUBECONFIG={path}")
        return
    url = server_url(_reachable(settings.host), port)
    option = " --token TOKEN" if token else ""
    click.echo(
        f"    podarium kubeconfig --server {url}{option} > podarium.kubeconfig"
        " && export KUBECONFIG=$PWD/podarium.kubeconfig"
    )
    sys.stdout.flush()


def _page_url(settings: AppSettings, port: int) -> str:
    from webapp.http.kubeconfig import server_url  # noqa: PLC0415 - start-up time

    return server_url(_reachable(settings.host), port) + "/"


def _reachable(host: str) -> str:
    """An address that a browser on this machine can open."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - read, not bound
