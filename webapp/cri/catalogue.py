"""Well-known images as data: which tags exist, how large they are, what they do by default.

One entry an image, sorted by name. Read by the image store (:mod:`webapp.cri.images`) and by the
choice of programs (:mod:`webapp.cri.behaviours`). Sizes are compressed megabytes of recent
linux/amd64 images, rounded.
"""

from __future__ import annotations

from dataclasses import dataclass

SERVE = "serve"
EXIT = "exit"

BASE_WORDS = (
    "alpine",
    "bookworm",
    "bullseye",
    "jammy",
    "latest",
    "noble",
    "slim",
    "stable",
    "trixie",
)
"""Tags without a number that most images have; also what may follow a number."""


@dataclass(frozen=True, slots=True)
class ImageProfile:
    """How an image behaves.

    Attributes:
        name: Repository as people write it.
        size_mb: Compressed size of ``latest``.
        newest: Highest version that exists, two numbers.
        words: Further tags without a number.
        runs: ``serve`` (prints, listens, goes on) or ``exit`` (prints, ends).
        ports: TCP ports it listens on.
        start_ms: From start until it listens.
        lines: What it prints at its start; ``{time}`` stands for the moment.
        commands: First words of an explicit command that mean the image's own program.
        stop_exit_code: Exit code after SIGTERM; ``None`` when the first process ignores it.
        stop_ms: From SIGTERM to exit.
        exit_code: Of an image that ends by itself.
        requires_env: One of these variables must be set, or it ends with exit code 1.
        complaint: What it prints then.
        static_pages: Whether it serves files, of which a fresh one has only ``/index.html``.
        memory_mb: Working set before the first request.
        idle_millis: Millicores that it uses while nobody asks for anything.
        request_us: Processor time of one request.
        request_kb: Memory that a request holds until it is answered.
    """

    name: str
    size_mb: float
    newest: tuple[int, int] = (99, 99)
    words: tuple[str, ...] = ()
    runs: str = SERVE
    ports: tuple[int, ...] = ()
    start_ms: int = 50
    lines: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    stop_exit_code: int | None = 0
    stop_ms: int = 60
    exit_code: int = 0
    requires_env: tuple[str, ...] = ()
    complaint: tuple[str, ...] = ()
    static_pages: bool = False
    memory_mb: float = 12
    idle_millis: float = 0.4
    request_us: int = 300
    request_kb: int = 64


_HELLO = (
    "",
    "Hello from Docker!",
    "This message shows that your installation appears to be working correctly.",
    "",
    "To generate this message, Docker took the following steps:",
    " 1. The Docker client contacted the Docker daemon.",
    ' 2. The Docker daemon pulled the "hello-world" image from the Docker Hub.',
    "    (amd64)",
    " 3. The Docker daemon created a new container from that image which runs the",
    "    executable that produces the output you are currently reading.",
    " 4. The Docker daemon streamed that output to the Docker client, which sent it",
    "    to your terminal.",
    "",
    "To try something more ambitious, you can run an Ubuntu container with:",
    " $ docker run -it ubuntu bash",
    "",
    "Share images, automate workflows, and more with a free Docker ID:",
    " https://hub.docker.com/",
    "",
    "For more examples and ideas, visit:",
    " https://docs.docker.com/get-started/",
    "",
)

_NGINX = (
    "/docker-entrypoint.sh: /docker-entrypoint.d/ is not empty, will attempt to perform configuration",
    "/docker-entrypoint.sh: Looking for shell scripts in /docker-entrypoint.d/",
    "/docker-entrypoint.sh: Launching /docker-entrypoint.d/10-listen-on-ipv6-by-default.sh",
    "10-listen-on-ipv6-by-default.sh: info: Getting the checksum of /etc/nginx/conf.d/default.conf",
    "10-listen-on-ipv6-by-default.sh: info: Enabled listen on IPv6 in /etc/nginx/conf.d/default.conf",
    "/docker-entrypoint.sh: Sourcing /docker-entrypoint.d/15-local-resolvers.envsh",
    "/docker-entrypoint.sh: Launching /docker-entrypoint.d/20-envsubst-on-templates.sh",
    "/docker-entrypoint.sh: Launching /docker-entrypoint.d/30-tune-worker-processes.sh",
    "/docker-entrypoint.sh: Configuration complete; ready for start up",
    '{time} [notice] 1#1: using the "epoll" event method',
    "{time} [notice] 1#1: nginx/1.29.3",
    "{time} [notice] 1#1: start worker processes",
    "{time} [notice] 1#1: start worker process 29",
    "{time} [notice] 1#1: start worker process 30",
)

_MYSQL_ENV = ("MYSQL_ROOT_PASSWORD", "MYSQL_ALLOW_EMPTY_PASSWORD", "MYSQL_RANDOM_ROOT_PASSWORD")
_MARIADB_ENV = (
    "MARIADB_ROOT_PASSWORD",
    "MARIADB_ROOT_PASSWORD_HASH",
    "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD",
    "MARIADB_RANDOM_ROOT_PASSWORD",
    *_MYSQL_ENV,
)

PROFILES: tuple[ImageProfile, ...] = (
    ImageProfile("alpine", 3.8, (3, 23), ("edge",), EXIT),
    ImageProfile("bash", 6.5, (5, 3), (), EXIT),
    ImageProfile("busybox", 2.2, (1, 37), ("glibc", "musl", "uclibc", "unstable"), EXIT),
    ImageProfile("caddy", 21, (2, 10), ("builder",), ports=(80, 443), commands=("caddy",)),
    ImageProfile("centos", 83.5, (8, 4), (), EXIT),
    ImageProfile("cgr.dev/chainguard/nginx", 7.6, ports=(8080,), commands=("nginx",)),
    ImageProfile(
        "curlimages/curl",
        9.4,
        (8, 21),
        (),
        EXIT,
        exit_code=2,
        lines=(
            "curl: (2) no URL specified",
            "curl: try 'curl --help' or 'curl --manual' for more information",
        ),
    ),
    ImageProfile("debian", 49.3, (13, 99), ("buster", "sid", "testing"), EXIT),
    ImageProfile("eclipse-temurin", 190, (26, 99), (), EXIT),
    ImageProfile("fedora", 62, (45, 99), ("rawhide",), EXIT),
    ImageProfile(
        "gcr.io/google-samples/hello-app",
        11.5,
        (2, 0),
        ports=(8080,),
        lines=("{time} Server listening on port 8080",),
        stop_exit_code=2,
    ),
    ImageProfile("ghost", 190, (6, 99), ports=(2368,), start_ms=4000),
    ImageProfile("golang", 300, (1, 27), (), EXIT),
    ImageProfile("grafana/grafana", 170, (13, 9), ("main",), ports=(3000,), start_ms=2500),
    ImageProfile(
        "haproxy",
        41,
        (3, 4),
        ("lts",),
        runs=EXIT,
        exit_code=1,
        lines=(
            "[NOTICE]   (1) : haproxy version is 3.2.6",
            "[ALERT]    (1) : Cannot open configuration file/directory /usr/local/etc/haproxy/haproxy.cfg : No such file or directory",
        ),
    ),
    ImageProfile(
        "hashicorp/http-echo",
        3.5,
        (1, 0),
        ports=(5678,),
        lines=("{time} [INFO] server is listening on :5678",),
    ),
    ImageProfile("hello-world", 0.01, (0, 0), ("linux", "nanoserver"), EXIT, lines=_HELLO),
    ImageProfile(
        "httpd",
        57,
        (2, 4),
        (),
        ports=(80,),
        static_pages=True,
        commands=("httpd", "httpd-foreground"),
        lines=(
            "AH00558: httpd: Could not reliably determine the server's fully qualified domain name, using {ip}. Set the 'ServerName' directive globally to suppress this message",
            "[{time}] [mpm_event:notice] [pid 1:tid 1] AH00489: Apache/2.4.65 (Unix) configured -- resuming normal operations",
            "[{time}] [core:notice] [pid 1:tid 1] AH00094: Command line: 'httpd -D FOREGROUND'",
        ),
    ),
    ImageProfile(
        "mariadb",
        110,
        (12, 3),
        ("lts",),
        ports=(3306,),
        start_ms=3500,
        stop_ms=900,
        commands=("mariadbd", "mysqld"),
        requires_env=_MARIADB_ENV,
        complaint=(
            "{time} [ERROR] [Entrypoint]: Database is uninitialized and password option is not specified",
            "\tYou need to specify one of MARIADB_ROOT_PASSWORD, MARIADB_ROOT_PASSWORD_HASH, MARIADB_ALLOW_EMPTY_ROOT_PASSWORD and MARIADB_RANDOM_ROOT_PASSWORD",
        ),
        lines=("{time} 0 [Note] mariadbd: ready for connections.",),
    ),
    ImageProfile("memcached", 33, (1, 6), (), ports=(11211,), commands=("memcached",)),
    ImageProfile(
        "mongo", 290, (8, 3), (), ports=(27017,), start_ms=2000, stop_ms=400, commands=("mongod",)
    ),
    ImageProfile(
        "mysql",
        260,
        (9, 6),
        ("lts", "innovation", "oracle", "oraclelinux9"),
        ports=(3306,),
        start_ms=6000,
        stop_ms=1200,
        commands=("mysqld",),
        requires_env=_MYSQL_ENV,
        complaint=(
            "{time} [ERROR] [Entrypoint]: Database is uninitialized and password option is not specified",
            "    You need to specify one of the following as an environment variable:",
            "    - MYSQL_ROOT_PASSWORD",
            "    - MYSQL_ALLOW_EMPTY_PASSWORD",
            "    - MYSQL_RANDOM_ROOT_PASSWORD",
        ),
        lines=("{time} 0 [System] [MY-010931] [Server] /usr/sbin/mysqld: ready for connections.",),
    ),
    ImageProfile(
        "nats", 7.8, (2, 14), ("linux",), ports=(4222, 6222, 8222), commands=("nats-server",)
    ),
    ImageProfile(
        "nginx",
        72.3,
        (1, 31),
        ("alpine-slim", "mainline", "otel", "perl"),
        ports=(80,),
        commands=("nginx", "nginx-debug"),
        static_pages=True,
        lines=_NGINX,
    ),
    ImageProfile(
        "nginxinc/nginx-unprivileged",
        72.3,
        (1, 31),
        ("mainline", "perl"),
        ports=(8080,),
        commands=("nginx",),
        static_pages=True,
        lines=_NGINX,
    ),
    ImageProfile("node", 390, (26, 99), ("current", "lts"), EXIT),
    ImageProfile("perl", 340, (5, 44), (), EXIT),
    ImageProfile("php", 170, (8, 6), ("apache", "cli", "fpm"), EXIT),
    ImageProfile(
        "postgres",
        160,
        (18, 99),
        (),
        ports=(5432,),
        start_ms=2500,
        stop_ms=150,
        commands=("postgres",),
        requires_env=("POSTGRES_PASSWORD", "POSTGRES_HOST_AUTH_METHOD"),
        complaint=(
            "Error: Database is uninitialized and superuser password is not specified.",
            "       You must specify POSTGRES_PASSWORD to a non-empty value for the",
            '       superuser. For example, "-e POSTGRES_PASSWORD=password" on "docker run".',
            "",
            '       You may also use "POSTGRES_HOST_AUTH_METHOD=trust" to allow all',
            "       connections without a password. This is *not* recommended.",
            "",
            '       See PostgreSQL documentation about "trust":',
            "       https://www.postgresql.org/docs/current/auth-trust.html",
        ),
        lines=(
            "PostgreSQL init process complete; ready for start up.",
            "",
            '{time} UTC [1] LOG:  listening on IPv4 address "0.0.0.0", port 5432',
            "{time} UTC [1] LOG:  database system is ready to accept connections",
        ),
    ),
    ImageProfile("prom/prometheus", 130, (3, 12), ("main",), ports=(9090,), start_ms=800),
    ImageProfile("python", 390, (3, 15), (), EXIT),
    ImageProfile(
        "rabbitmq",
        100,
        (4, 3),
        ("management",),
        ports=(5672, 15672),
        start_ms=5000,
        stop_ms=2000,
        commands=("rabbitmq-server",),
    ),
    ImageProfile(
        "redis",
        47,
        (8, 6),
        (),
        ports=(6379,),
        commands=("redis-server",),
        lines=(
            "1:C {time} * oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo",
            "1:C {time} * Redis version=8.2.3, bits=64, commit=00000000, modified=0, pid=1, just started",
            "1:M {time} * Running mode=standalone, port=6379.",
            "1:M {time} * Server initialized",
            "1:M {time} * Ready to accept connections tcp",
        ),
    ),
    ImageProfile("registry", 17, (3, 1), (), ports=(5000,), stop_exit_code=2),
    ImageProfile(
        "registry.k8s.io/coredns/coredns",
        22.3,
        (1, 15),
        ports=(53, 8080, 8181, 9153),
        lines=(
            ".:53",
            "[INFO] plugin/reload: Running configuration SHA512 = 0",
            "CoreDNS-1.14.1",
            "linux/amd64, go1.25.5, ",
        ),
    ),
    ImageProfile(
        "registry.k8s.io/e2e-test-images/agnhost",
        46,
        (2, 64),
        ports=(8080,),
        stop_exit_code=2,
        lines=("Paused",),
    ),
    ImageProfile(
        "registry.k8s.io/echoserver",
        42,
        (1, 10),
        ports=(8080,),
        lines=("Generating self-signed cert", "Starting nginx"),
    ),
    ImageProfile(
        "registry.k8s.io/hpa-example",
        180,
        ports=(80,),
        lines=(
            "AH00558: apache2: Could not reliably determine the server's fully qualified domain name, using {ip}. Set the 'ServerName' directive globally to suppress this message",
        ),
    ),
    ImageProfile("registry.k8s.io/nginx-slim", 51, (0, 99), ports=(80,), commands=("nginx",)),
    ImageProfile("registry.k8s.io/pause", 0.32, (3, 10), commands=("/pause",)),
    ImageProfile("ruby", 380, (4, 1), (), EXIT),
    ImageProfile("rust", 550, (1, 99), (), EXIT),
    ImageProfile("stefanprodan/podinfo", 27, (6, 99), ports=(9898, 9797), stop_ms=3000),
    ImageProfile(
        "tomcat",
        200,
        (11, 0),
        (),
        ports=(8080,),
        start_ms=2500,
        stop_exit_code=143,
        commands=("catalina.sh",),
    ),
    ImageProfile("traefik", 48, (3, 8), (), ports=(80, 8080)),
    ImageProfile(
        "traefik/whoami",
        2.9,
        (1, 12),
        (),
        ports=(80,),
        stop_exit_code=2,
        lines=("{time} Starting up on port 80",),
    ),
    ImageProfile("ubuntu", 29.7, (26, 10), ("devel", "focal", "rolling"), EXIT),
    ImageProfile(
        "wordpress",
        250,
        (6, 99),
        ("apache", "cli", "fpm"),
        ports=(80,),
        start_ms=1500,
        commands=("apache2-foreground",),
    ),
)

BY_NAME: dict[str, ImageProfile] = {profile.name: profile for profile in PROFILES}
