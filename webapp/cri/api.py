"""The runtime's nouns and verbs, as the Container Runtime Interface has them.

The kubelet reads :class:`Sandbox` and :class:`Container` records and calls the two services; the
runtime alone writes the records. Verbs that take time tell the caller when they are done by calling
``on_done`` at a later virtual time.

Models:
    staging/src/k8s.io/cri-api/pkg/apis/services.go RuntimeService
    staging/src/k8s.io/cri-api/pkg/apis/services.go ImageManagerService
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from webapp.cri.logs import ContainerLog
    from webapp.cri.program_servers import ProgramServers
    from webapp.cri.programs.files.filesystem import Mount
    from webapp.cri.programs.process_namespace import ProcessNamespace
    from webapp.trace.facts import ObjectRef

CREATED = "CREATED"
RUNNING = "RUNNING"
EXITED = "EXITED"

INIT = "init"
SIDECAR = "sidecar"
APP = "app"
EPHEMERAL = "ephemeral"


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    """What a Pod's sandbox needs to know.

    Attributes:
        pod: The Pod.
        hostname: Name inside the sandbox.
        host_network: Share the machine's network instead of getting an address.
        runtime_handler: RuntimeClass handler, "" for the default.
        host_aliases: Addresses with names for ``/etc/hosts``.
        memory_limit_bytes: Of all containers together; 0 for none.
        share_processes: Whether its containers see one another's processes.
    """

    pod: ObjectRef
    hostname: str
    host_network: bool = False
    runtime_handler: str = ""
    host_aliases: tuple[tuple[str, tuple[str, ...]], ...] = ()
    memory_limit_bytes: int = 0
    share_processes: bool = False


class Sandbox:
    """A Pod's sandbox: the namespaces that its containers share.

    Attributes:
        id: 64 hexadecimal digits.
        config: What it was made from.
        ip: Its address; "" once stopped.
        ready: Whether it is up.
        created_ms: Virtual time.
        containers: Containers made in it, oldest first.
        processes: What all containers see of one another's processes; ``None`` until it is needed.
        servers: Programs that listen by themselves; ``None`` until something could.
    """

    __slots__ = ("config", "containers", "created_ms", "id", "ip", "processes", "ready", "servers")

    def __init__(self, id_: str, config: SandboxConfig, ip: str, created_ms: int) -> None:
        self.id = id_
        self.config = config
        self.ip = ip
        self.ready = True
        self.created_ms = created_ms
        self.containers: list[Container] = []
        self.processes: ProcessNamespace | None = None
        self.servers: ProgramServers | None = None


def no_links() -> dict[str, str]:
    """No Services."""
    return {}


def no_mounts() -> dict[str, Mount]:
    """No volumes."""
    return {}


@dataclass(frozen=True, slots=True)
class ContainerConfig:
    """What a container is made from.

    Attributes:
        name: The container's name in the Pod.
        image: As the Pod's spec has it.
        command: Replaces the image's entrypoint unless empty.
        args: Replace the image's arguments unless empty.
        env: Name → value, in order.
        ports: Declared container ports.
        role: init, sidecar, app or ephemeral.
        attempt: Restarts before this instance.
        message_path: File whose text becomes the termination message.
        message_from_log: Use the log's end when that file is empty and the container failed.
        links: Gives variables about Services; asked when the container starts.
        mount_paths: Where volumes are mounted.
        mounts: Gives them: absolute path → volume; asked when something looks inside.
        read_only_root: Whether its own files may not change.
        working_dir: Where its first process begins; "" for the image's.
        run_as_user, run_as_group: Numbers of who runs it.
        groups: Numbers of further groups.
        capabilities: Names added and dropped, without ``CAP_``.
        privileged: Whether it may do everything.
        target: Container whose processes it sees; "" for its own.
        cpu_limit_millis, memory_limit_bytes: Limits; 0 for none.
        stdin: Whether somebody may type; otherwise its input is at its end.
        tty: Whether input and output are a terminal.
    """

    name: str
    image: str
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    ports: tuple[int, ...] = ()
    role: str = APP
    attempt: int = 0
    message_path: str = "/dev/termination-log"
    message_from_log: bool = False
    mount_paths: tuple[str, ...] = ()
    mounts: Callable[[], dict[str, Mount]] = no_mounts
    links: Callable[[], dict[str, str]] = no_links
    read_only_root: bool = False
    working_dir: str = ""
    run_as_user: int = 0
    run_as_group: int = 0
    groups: tuple[int, ...] = ()
    capabilities: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    privileged: bool = False
    target: str = ""
    cpu_limit_millis: int = 0
    memory_limit_bytes: int = 0
    stdin: bool = False
    tty: bool = False


class Container:
    """One instance of a container.

    Attributes:
        id: 64 hexadecimal digits.
        config: What it was made from.
        image: The image's full name, ``docker.io/library/nginx:1.29``.
        image_id: The image's name with digest.
        state: CREATED, RUNNING or EXITED.
        created_ms: Virtual times of the three moments; 0 until then.
        exit_code: Of the first process, once EXITED.
        reason: Completed, Error, OOMKilled; "" until EXITED.
        message: Why it could not run, or what it left as termination message.
        stopping: Whether it was asked to stop.
        log: What it printed.
    """

    __slots__ = (
        "config",
        "created_ms",
        "exit_code",
        "finished_ms",
        "id",
        "image",
        "image_id",
        "log",
        "message",
        "reason",
        "started_ms",
        "state",
        "stopping",
    )

    def __init__(
        self, id_: str, config: ContainerConfig, image: str, image_id: str, log: ContainerLog
    ) -> None:
        self.id = id_
        self.config = config
        self.image = image
        self.image_id = image_id
        self.log = log
        self.state = CREATED
        self.created_ms = 0
        self.started_ms = 0
        self.finished_ms = 0
        self.exit_code = 0
        self.reason = ""
        self.message = ""
        self.stopping = False

    @property
    def name(self) -> str:
        """The container's name in the Pod."""
        return self.config.name

    @property
    def running(self) -> bool:
        """Whether its first process runs."""
        return self.state == RUNNING

    @property
    def exited(self) -> bool:
        """Whether its first process has ended."""
        return self.state == EXITED


@dataclass(frozen=True, slots=True)
class Image:
    """An image on a machine.

    Attributes:
        name: Full name with tag or digest.
        digest: Full name with digest.
        size_bytes: Compressed size, as registries and Nodes report it.
    """

    name: str
    digest: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class PullFailure:
    """Why an image could not be pulled, in containerd's words."""

    message: str


@dataclass(frozen=True, slots=True)
class ExecResult:
    """What a command run inside a container gave.

    Attributes:
        exit_code: As the shell gives it; 126 for a command that is not modelled.
        output: Standard output and error together.
        modelled: Whether the command is understood, so that the rest means something.
        timed_out: Whether it was ended because its time was over.
    """

    exit_code: int
    output: str = ""
    modelled: bool = True
    timed_out: bool = False


class RuntimeService(Protocol):
    """Sandboxes and containers."""

    def run_pod_sandbox(
        self, config: SandboxConfig, on_done: Callable[[Sandbox | str], None]
    ) -> None:
        """Make a sandbox and give it an address; ``on_done`` gets it, or why it failed."""

    def stop_pod_sandbox(self, sandbox: Sandbox) -> None:
        """Take its network away; its containers must have ended."""

    def remove_pod_sandbox(self, sandbox: Sandbox) -> None:
        """Forget a stopped sandbox and its containers."""

    def create_container(
        self, sandbox: Sandbox, config: ContainerConfig, on_done: Callable[[Container], None]
    ) -> None:
        """Make a container out of an image that is present."""

    def start_container(
        self, container: Container, sandbox: Sandbox, on_done: Callable[[Container], None]
    ) -> None:
        """Start its first process."""

    def stop_container(self, container: Container, grace_ms: int) -> None:
        """Ask its first process to end, and kill it after ``grace_ms``."""

    def run_command(
        self,
        container: Container,
        command: tuple[str, ...],
        on_done: Callable[[ExecResult], None],
        *,
        timeout_ms: int = 0,
        background: bool = False,
    ) -> None:
        """Run a command inside and tell its result, at the latest when the time is over."""

    def is_up(self, container: Container) -> bool:
        """Whether its program has come up: it runs, and listens if that is what it does."""

    def http_status(self, sandbox: Sandbox, port: int, path: str) -> int | None:
        """What a GET inside a sandbox answers; ``None`` when nothing listens on the port."""

    def listens(self, sandbox: Sandbox, port: int) -> bool:
        """Whether something inside a sandbox answers on a TCP port."""

    def speaks_grpc(self, sandbox: Sandbox, port: int) -> bool:
        """Whether what answers on a port has the health service of gRPC."""


class ImageService(Protocol):
    """Images of one machine."""

    def image_status(self, image: str) -> Image | None:
        """The image, if it is here."""

    def list_images(self) -> list[Image]:
        """All images, in the order in which they came."""

    def plan_pull(
        self, image: str, registries: Collection[str] = ()
    ) -> tuple[Image | PullFailure, int]:
        """What a pull begun now would give with logins for ``registries``, and its milliseconds."""

    def may_use(self, image: str, registries: Collection[str]) -> bool:
        """Whether an image that is here may be used by whoever has these logins."""

    def add_image(self, image: Image) -> None:
        """Keep a pulled image."""
