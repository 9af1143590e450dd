"""Two-way streams into a Pod: what exec, attach and port-forward pass between a client and a container.

Below, a kubelet makes an :class:`ExecSession` or a :class:`PortForwarder`. The API server wraps it in
a :class:`Stream`, which numbers nothing and knows no transport: input comes as
:class:`StreamInput` at a virtual instant (each one a journalled command), output is called out of the
world to whoever listens. A replay gives the same input and has no listener.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple, Protocol

from webapp.apimachinery.status import StatusError

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject

MAX_UNREAD_BYTES = 64 * 1024 * 1024
"""Output kept for a listener that has not come yet; more is dropped, for nobody may ever come."""

STDIN = "stdin"
STDIN_END = "stdin-end"
RESIZE = "resize"
CONNECT = "connect"
DATA = "data"
DATA_END = "data-end"
RESET = "reset"
CLOSE = "close"
"""Kinds of input; the last one ends any stream."""

STDOUT = "stdout"
STDERR = "stderr"
STATUS = "status"
FAILED = "failed"
"""Kinds of output, with ``DATA`` and ``DATA_END`` of forwarded connections."""

SUCCESS: JSONObject = {"metadata": {}, "status": "Success"}


class NodeRefused(StatusError):
    """A kubelet does not begin a stream; the message is its own words."""


class StreamInput(NamedTuple):
    """Something that a client sent.

    Attributes:
        kind: STDIN, STDIN_END, RESIZE, CONNECT, DATA, DATA_END, RESET or CLOSE.
        data: Of STDIN and DATA.
        connection: Which forwarded connection.
        first, second: A port, or columns and rows.
    """

    kind: str
    data: bytes = b""
    connection: int = 0
    first: int = 0
    second: int = 0


class StreamOutput(NamedTuple):
    """Something that a client is to get.

    Attributes:
        kind: STDOUT, STDERR, STATUS (the end), DATA, DATA_END or FAILED.
        data: Bytes; the text of FAILED.
        connection: Which forwarded connection.
        status: Of STATUS.
    """

    kind: str
    data: bytes = b""
    connection: int = 0
    status: JSONObject = SUCCESS


class ExecSession(Protocol):
    """A command in a container whose input and output are somewhere else.

    The attributes are set before the first virtual instant passes.

    Attributes:
        on_stdout, on_stderr: Get output.
        on_exit: Gets the exit code, once, at the end.
        on_failure: Gets the reason, instead, when the command could not be run.
    """

    on_stdout: Callable[[bytes], None]
    on_stderr: Callable[[bytes], None]
    on_exit: Callable[[int], None]
    on_failure: Callable[[str], None]

    def stdin(self, data: bytes | None) -> None:
        """Take input; ``None`` is its end."""

    def resize(self, width: int, height: int) -> None:
        """The terminal has another size, in columns and rows."""

    def cancel(self) -> None:
        """The client is gone; nothing is called any more."""


class PodConnection(Protocol):
    """A TCP connection to a port inside a Pod."""

    def send(self, data: bytes | None) -> None:
        """Take bytes from the client; ``None`` is their end."""

    def cancel(self) -> None:
        """The client is gone."""


class PortForwarder(Protocol):
    """Opens connections to one Pod."""

    def connect(self, port: int, on_data: Callable[[bytes | None], None]) -> PodConnection | str:
        """A connection, whose bytes and end go to ``on_data``; or why there is none."""


class ExecOptions(NamedTuple):
    """How a command is run, or a container attached to.

    Attributes:
        command: Words; empty to attach.
        stdin, stdout, stderr: Which streams the client wants.
        tty: Whether it is a terminal; then there is no ``stderr``.

    Models:
        staging/src/k8s.io/api/core/v1/types.go PodExecOptions
    """

    command: tuple[str, ...] = ()
    stdin: bool = False
    stdout: bool = False
    stderr: bool = False
    tty: bool = False


class Stream:
    """One open stream, seen from the API.

    Attributes:
        id: Its number in this run, given when it is admitted.
        over: Whether its last output was made, or it was closed.
    """

    def __init__(self) -> None:
        self.id = 0
        self.over = False
        self._unread: deque[StreamOutput] = deque()
        self._unread_bytes = 0
        self._listener: Callable[[StreamOutput], None] | None = None

    def subscribe(self, listener: Callable[[StreamOutput], None]) -> None:
        """Give all output, and what there was before, to ``listener``; it must not touch the world."""
        self._listener = listener
        while self._unread:
            listener(self._unread.popleft())

    def receive(self, message: StreamInput) -> None:
        """Take input."""
        if message.kind == CLOSE:
            self.over = True
            self._listener = _discard
            self._unread.clear()
            self._cancel()
        elif not self.over:
            self._take(message)

    def _emit(self, output: StreamOutput) -> None:
        if self._listener is not None:
            self._listener(output)
            return
        self._unread_bytes += len(output.data)
        if self._unread_bytes <= MAX_UNREAD_BYTES:
            self._unread.append(output)

    def _take(self, message: StreamInput) -> None:
        raise NotImplementedError

    def _cancel(self) -> None:
        raise NotImplementedError


class ExecStream(Stream):
    """A command's or a container's input and output.

    Args:
        session: What runs.
        options: What the client wants.
    """

    def __init__(self, session: ExecSession, options: ExecOptions) -> None:
        super().__init__()
        self._session = session
        self._options = options
        session.on_stdout = self._on_stdout
        session.on_stderr = self._on_stderr
        session.on_exit = self._on_exit
        session.on_failure = self._on_failure

    def _on_stdout(self, data: bytes) -> None:
        if self._options.stdout and data:
            self._emit(StreamOutput(STDOUT, data))

    def _on_stderr(self, data: bytes) -> None:
        if self._options.stderr and data:
            self._emit(StreamOutput(STDERR, data))

    def _on_exit(self, code: int) -> None:
        # Attaching succeeds whatever the program's exit; the client looks into the Pod's status.
        self._finish(exit_status(code) if self._options.command else SUCCESS)

    def _on_failure(self, message: str) -> None:
        self._finish(failure_status(message))

    def _finish(self, status: JSONObject) -> None:
        if not self.over:
            self.over = True
            self._emit(StreamOutput(STATUS, status=status))

    def _take(self, message: StreamInput) -> None:
        if message.kind == RESIZE:
            self._session.resize(message.first, message.second)
        elif message.kind == STDIN_END:
            self._session.stdin(None)
        elif message.kind == STDIN:
            self._session.stdin(message.data)

    def _cancel(self) -> None:
        self._session.cancel()


class FailedStream(Stream):
    """A stream that only tells why there is none, as an API server does that has already upgraded."""

    def __init__(self, message: str) -> None:
        super().__init__()
        self.over = True
        self._emit(StreamOutput(STATUS, status=failure_status(message)))

    def _take(self, message: StreamInput) -> None:
        """Nothing runs."""

    def _cancel(self) -> None:
        """Nothing runs."""


class PortForwardStream(Stream):
    """Connections to a Pod's ports, numbered by the client."""

    def __init__(self, forwarder: PortForwarder) -> None:
        super().__init__()
        self._forwarder = forwarder
        self._connections: dict[int, PodConnection] = {}

    def _take(self, message: StreamInput) -> None:
        number = message.connection
        if message.kind == CONNECT:
            self._connect(number, message.first)
            return
        connection = self._connections.get(number)
        if connection is None:
            return
        if message.kind == DATA:
            connection.send(message.data)
        elif message.kind == DATA_END:
            connection.send(None)
        elif message.kind == RESET:
            del self._connections[number]
            connection.cancel()

    def _connect(self, number: int, port: int) -> None:
        connection = self._forwarder.connect(port, lambda data: self._on_data(number, data))
        if isinstance(connection, str):
            self._emit(StreamOutput(FAILED, connection.encode(), number))
        else:
            self._connections[number] = connection

    def _on_data(self, number: int, data: bytes | None) -> None:
        if data is None:
            self._connections.pop(number, None)
            self._emit(StreamOutput(DATA_END, b"", number))
        else:
            self._emit(StreamOutput(DATA, data, number))

    def _cancel(self) -> None:
        for connection in self._connections.values():
            connection.cancel()
        self._connections.clear()


def exit_status(code: int) -> JSONObject:
    """What a client is told of a command's end.

    Models:
        staging/src/k8s.io/kubelet/pkg/cri/streaming/remotecommand/exec.go ServeExec
    """
    if code == 0:
        return SUCCESS
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: error executing command in "
        f"container: command terminated with exit code {code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }


def failure_status(message: str) -> JSONObject:
    """What a client is told when nothing could be run."""
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"Internal error occurred: {message}",
        "reason": "InternalError",
        "details": {"causes": [{"message": message}]},
        "code": 500,
    }


def _discard(_: StreamOutput) -> None:
    return
