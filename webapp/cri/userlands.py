"""What is inside a container besides its main program: files, tools, identity, by image.

:func:`make_userland` builds it when something first needs it; a server that nobody looks into never
gets one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from webapp.cri.pages import WELCOME_TO_HTTPD, WELCOME_TO_NGINX
from webapp.cri.programs.commands.table import COMMANDS
from webapp.cri.programs.files.filesystem import FileSystem, Mount
from webapp.cri.programs.files.nodes import File, Quota
from webapp.cri.programs.files.permissions import User
from webapp.cri.programs.files.skeleton import (
    ALPINE,
    BUSYBOX,
    DEBIAN,
    FULL,
    NONE,
    image_tree,
)
from webapp.cri.programs.process_namespace import ProcessNamespace, capability_mask
from webapp.cri.programs.userland import Identity, Limits, Userland
from webapp.cri.references import parse_reference

if TYPE_CHECKING:
    from webapp.cri.api import Container, Sandbox
    from webapp.cri.programs.network import Network
    from webapp.cri.programs.userland import Namespace
    from webapp.sim.loop import Simulation

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NGINX_ROOT = "/usr/share/nginx/html"
HTTPD_ROOT = "/usr/local/apache2/htdocs"
NGINX_CONFIGURATION = (
    b"\nuser  nginx;\nworker_processes  auto;\n\nerror_log  /var/log/nginx/error.log notice;\n"
    b"pid        /run/nginx.pid;\n\nevents {\n    worker_connections  1024;\n}\n\n"
    b"http {\n    include       /etc/nginx/mime.types;\n    include /etc/nginx/conf.d/*.conf;\n}\n"
)
NGINX_SERVER = (
    b"server {\n    listen       80;\n    server_name  localhost;\n\n    location / {\n"
    b"        root   /usr/share/nginx/html;\n        index  index.html index.htm;\n    }\n}\n"
)


class ImageInside(NamedTuple):
    """What an image has inside.

    Attributes:
        kind: Which userland: its tools, and in whose words they speak.
        programs: What it has besides.
        default_shell: What it runs when nothing else is said; "" for a program of its own.
        entrypoint: What its arguments are given to.
        complete: Whether a command that is not there is really not there.
        document_root: Where a web server finds its files.
        user: Who runs it, a number or a name; "" for root.
    """

    kind: str
    programs: tuple[str, ...] = ()
    default_shell: str = ""
    entrypoint: tuple[str, ...] = ()
    complete: bool = False
    document_root: str = ""
    user: str = ""


_POSTGRES = ("pg_isready", "postgres", "psql")
_MYSQL = ("mariadb", "mariadb-admin", "mysql", "mysqladmin", "mysqld")

INSIDES: dict[str, ImageInside] = {
    "alpine": ImageInside(ALPINE, default_shell="sh", complete=True),
    "bash": ImageInside(ALPINE, ("bash",), "bash", complete=True),
    "busybox": ImageInside(BUSYBOX, default_shell="sh", complete=True),
    "centos": ImageInside(DEBIAN, ("curl",), "bash"),
    "curlimages/curl": ImageInside(ALPINE, ("curl",), entrypoint=("curl",), user="curl_user"),
    "debian": ImageInside(DEBIAN, default_shell="bash", complete=True),
    "fedora": ImageInside(DEBIAN, ("curl",), "bash"),
    "gcr.io/google-samples/hello-app": ImageInside(NONE, complete=True),
    "golang": ImageInside(DEBIAN, ("curl", "go", "wget")),
    "hashicorp/http-echo": ImageInside(NONE),
    "hello-world": ImageInside(NONE, complete=True),
    "httpd": ImageInside(DEBIAN, document_root=HTTPD_ROOT, complete=True),
    "mariadb": ImageInside(DEBIAN, _MYSQL),
    "memcached": ImageInside(DEBIAN),
    "mongo": ImageInside(DEBIAN, ("mongo", "mongod", "mongosh")),
    "mysql": ImageInside(DEBIAN, _MYSQL),
    "nginx": ImageInside(DEBIAN, ("curl", "nginx"), document_root=NGINX_ROOT, complete=True),
    "nginxinc/nginx-unprivileged": ImageInside(
        DEBIAN, ("curl", "nginx"), document_root=NGINX_ROOT, complete=True, user="101"
    ),
    "node": ImageInside(DEBIAN, ("curl", "node", "npm", "wget")),
    "perl": ImageInside(DEBIAN, ("curl", "perl", "wget")),
    "php": ImageInside(DEBIAN, ("curl", "php")),
    "postgres": ImageInside(DEBIAN, _POSTGRES),
    "python": ImageInside(DEBIAN, ("curl", "pip", "python", "python3", "wget")),
    "rabbitmq": ImageInside(DEBIAN, ("rabbitmq-diagnostics", "rabbitmqctl")),
    "redis": ImageInside(DEBIAN, ("redis-cli", "redis-server")),
    "registry.k8s.io/coredns/coredns": ImageInside(NONE, user="65532"),
    "registry.k8s.io/nginx-slim": ImageInside(
        DEBIAN, ("nginx",), document_root=NGINX_ROOT, complete=True
    ),
    "registry.k8s.io/pause": ImageInside(NONE, complete=True, user="65535"),
    "ruby": ImageInside(DEBIAN, ("curl", "irb", "ruby", "wget")),
    "rust": ImageInside(DEBIAN, ("cargo", "curl", "wget")),
    "traefik/whoami": ImageInside(NONE, complete=True),
    "ubuntu": ImageInside(DEBIAN, default_shell="bash", complete=True),
}
"""Image → what is inside, sorted; other images have every tool."""

UNKNOWN = ImageInside(FULL)


def image_inside(image: str) -> ImageInside:
    """What an image has inside; a tag such as ``1.29-alpine`` says whose tools it has."""
    reference = parse_reference(image)
    inside = INSIDES.get(reference.short_name, UNKNOWN)
    if inside.kind == DEBIAN and "alpine" in image.rpartition(":")[2]:
        return inside._replace(kind=ALPINE)
    return inside


def make_userland(
    sim: Simulation,
    container: Container,
    sandbox: Sandbox,
    network: Network,
    message: File,
    namespace: Namespace | None = None,
) -> Userland:
    """A container's commands and files, none of which run yet.

    Args:
        sim: Virtual time.
        container: Its image, mounts, user and limits count.
        sandbox: For the host name and addresses.
        network: What its commands can reach.
        message: The file that its termination message is read from.
        namespace: Which processes it sees; ``None`` for its own.
    """
    config = container.config
    inside = image_inside(config.image)
    user = User(config.run_as_user, config.run_as_group, config.groups)

    def make_files() -> FileSystem:
        pages = _pages(inside.document_root)
        tree = image_tree(inside.kind, inside.programs, pages)
        quota = Quota()
        mounts = {
            "/etc/hostname": _text(f"{sandbox.config.hostname}\n", quota),
            "/etc/hosts": _text(_hosts(sandbox), quota),
            "/etc/resolv.conf": _text(network.resolver.text, quota),
            config.message_path: Mount(message, read_only=False, quota=quota),
            **config.mounts(),
        }
        return FileSystem(
            tree,
            mounts,
            sim.clock,
            read_only=config.read_only_root,
            quota=quota,
            user=user,
            working_dir=config.working_dir,
            writer=config.name,
        )

    return Userland(
        sim,
        COMMANDS,
        make_files,
        network,
        identity=Identity(sandbox.config.hostname, sandbox.ip, container.id),
        style="busybox" if inside.kind in (ALPINE, BUSYBOX) else "gnu",
        user=user,
        limits=Limits(config.cpu_limit_millis, config.memory_limit_bytes),
        namespace=namespace or ProcessNamespace(),
        capabilities=capability_mask(*config.capabilities, privileged=config.privileged),
    )


def environment(container: Container, sandbox: Sandbox) -> dict[str, str]:
    """Variables of a container's first process."""
    home = "/root" if container.config.run_as_user == 0 else "/"
    return {
        "PATH": PATH,
        "HOSTNAME": sandbox.config.hostname,
        **container.config.links(),
        **container.config.env,
        "HOME": container.config.env.get("HOME", home),
    }


def _pages(root: str) -> tuple[tuple[str, bytes], ...]:
    if not root:
        return ()
    if root == NGINX_ROOT:
        return (
            (f"{root[1:]}/index.html", WELCOME_TO_NGINX),
            ("etc/nginx/nginx.conf", NGINX_CONFIGURATION),
            ("etc/nginx/conf.d/default.conf", NGINX_SERVER),
        )
    return ((f"{root[1:]}/index.html", WELCOME_TO_HTTPD),)


def _text(text: str, quota: Quota) -> Mount:
    return Mount(File(text.encode()), read_only=False, quota=quota)


def _hosts(sandbox: Sandbox) -> str:
    config = sandbox.config
    lines = [
        "# Kubernetes-managed hosts file.",
        "127.0.0.1\tlocalhost",
        "::1\tlocalhost ip6-localhost ip6-loopback",
        "fe00::0\tip6-localnet",
        "fe00::0\tip6-mcastprefix",
        "fe00::1\tip6-allnodes",
        "fe00::2\tip6-allrouters",
        f"{sandbox.ip}\t{config.hostname}",
    ]
    if config.host_aliases:
        lines.extend(("", "# Entries added by HostAliases."))
        lines.extend("\t".join((ip, *names)) for ip, names in config.host_aliases)
    return "\n".join(lines) + "\n"
