"""The command line: ``podarium serve``, ``kubeconfig``, ``why``, ``version``.

gevent's patches come before every other import, since the standard library's sockets must be the
cooperative ones when they are first used. What only ``serve`` needs is imported there.
"""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import logging  # noqa: E402  # after the patches, as everything below
import signal  # noqa: E402
import sys  # noqa: E402
import webbrowser  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import TYPE_CHECKING, NoReturn  # noqa: E402

import click  # noqa: E402
import gevent  # noqa: E402
import gevent.event  # noqa: E402

from webapp.cli.why import why  # noqa: E402
from webapp.settings import (  # noqa: E402
    PRODUCT_VERSION,
    AppSettings,
    SettingsError,
    parse_speed,
    parse_token,
    read_token_file,
)

if TYPE_CHECKING:
    from webapp.app import App

NETWORK_PLUGINS = ("calico", "cilium", "flannel", "kindnet", "none")
MAX_NODES = 5000
STOP_SECONDS = 2.0


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """A Kubernetes cluster in a glass tank: simulated, driven by real kubectl, drawn in the browser."""


@main.command()
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
    seed: int | None,
    speed: str,
    data_dir: Path | None,
    manifests: tuple[Path, ...],
    scheduler_config: Path | None,
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
            seed=seed,
            speed=parse_speed(speed),
            data_dir=data_dir,
            tokens=holders,
        )
        settings.check()
    except SettingsError as error:
        _give_up(str(error))
    scheduling = "" if scheduler_config is None else _read_scheduler_config(scheduler_config)
    _serve(settings, manifests, scheduling, open_page=open_page)


@main.command()
@click.option(
    "--server", default="http://127.0.0.1:8080", show_default=True, help="URL of the server."
)
@click.option("--token", default="", help="Token, for a server that asks for one.")
@click.option("--user", default="admin", show_default=True, help="Name of the user entry.")
def kubeconfig(server: str, token: str, user: str) -> None:
    """Print a kubeconfig for a running server."""
    from webapp.http.kubeconfig import make_kubeconfig  # noqa: PLC0415 - start-up time

    url = server.rstrip("/") + (f"/as/{token}" if token else "")
    click.echo(make_kubeconfig(url, user), nl=False)


main.add_command(why)


@main.command()
def version() -> None:
    """Print the version."""
    click.echo(f"podarium {PRODUCT_VERSION}")


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
        _give_up(f"{path} cannot be read: {error}")
    except ConfigurationError as error:
        _give_up("\n".join(f"{path}, {line}" for line in str(error).splitlines()))
    return str(yaml.safe_dump(config_map_manifest(text)))


def _serve(
    settings: AppSettings, manifests: tuple[Path, ...], scheduling: str, *, open_page: bool
) -> None:
    # The port is taken first: a busy one should not cost the second that building a world takes.
    from webapp.http.server import PortBusyError, listen, make_server  # noqa: PLC0415 - start-up time

    try:
        listener = listen(settings.host, settings.port)
    except PortBusyError as error:
        _give_up(str(error))
    app = _build(settings)
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
    stopping.wait()
    server.stop(timeout=STOP_SECONDS)
    app.stop()


def _build(settings: AppSettings) -> App:
    from webapp.app import create_app  # noqa: PLC0415 - start-up time
    from webapp.driver.journal import JournalError  # noqa: PLC0415 - start-up time
    from webapp.sim.errors import SimulationError  # noqa: PLC0415 - start-up time

    try:
        return create_app(settings)
    except (SettingsError, JournalError, SimulationError) as error:
        _give_up(str(error))


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


def _give_up(problem: str) -> NoReturn:
    click.echo(f"podarium: {problem}", err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
