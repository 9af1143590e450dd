"""Between a stream of the world and a client's connection: two greenlets and no opinion.

The receiving greenlet turns what the client sends into journalled commands, each of which is on disk
before the next one is read; the request's own greenlet writes what the world puts out. Whoever ends
first, the stream is closed in the world by one last command.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Protocol

import gevent
from gevent.event import Event

from webapp.apimachinery.streams import CLOSE, StreamInput
from webapp.cluster.streams import stream_request
from webapp.driver.driver import StoppedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.apimachinery.streams import Stream, StreamOutput
    from webapp.driver.driver import SimulationDriver

MAX_BACKLOG_BYTES = 64 * 1024 * 1024
FAREWELL_SECONDS = 5.0

logger = logging.getLogger(__name__)


class ProtocolError(Exception):
    """The client breaks the rules of its protocol."""


class Channels(Protocol):
    """How one kind of client speaks on one connection."""

    def open(self) -> None:
        """Exchange what comes before the first input; waits for the client."""

    def receive(self) -> Iterator[StreamInput]:
        """Input as it comes, until the client is gone.

        Raises:
            ProtocolError: It does not speak as it should.
        """

    def send(self, output: StreamOutput) -> bool:
        """Write output; returns whether it was the last."""


class StreamBridge:
    """Carries one stream."""

    def __init__(self, driver: SimulationDriver, stream: Stream, channels: Channels) -> None:
        self._driver = driver
        self._stream = stream
        self._channels = channels
        self._outputs: deque[StreamOutput] = deque()
        self._output_bytes = 0
        self._gone = False
        self._arrived = Event()

    def run(self) -> None:
        """Carry until either side ends; then the stream is closed."""
        reader: gevent.Greenlet | None = None
        try:
            self._channels.open()
            reader = gevent.spawn(self._read)
            self._stream.subscribe(self._take)
            self._write()
            # The client's goodbye comes at once; without it the connection would seem cut.
            reader.join(FAREWELL_SECONDS)
        except (OSError, ProtocolError) as error:
            logger.debug("a stream ended: %s", error)
        finally:
            if reader is not None:
                reader.kill()
            self._submit(StreamInput(CLOSE))

    def _take(self, output: StreamOutput) -> None:
        self._output_bytes += len(output.data)
        if self._output_bytes > MAX_BACKLOG_BYTES:
            self._gone = True
        else:
            self._outputs.append(output)
        self._arrived.set()

    def _write(self) -> None:
        while not self._gone:
            if not self._outputs:
                self._arrived.clear()
                self._arrived.wait()
                continue
            output = self._outputs.popleft()
            self._output_bytes -= len(output.data)
            if self._channels.send(output):
                return

    def _read(self) -> None:
        try:
            for message in self._channels.receive():
                if not self._submit(message):
                    break
        except (OSError, ProtocolError) as error:
            logger.debug("a client's stream ended: %s", error)
        self._gone = True
        self._arrived.set()

    def _submit(self, message: StreamInput) -> bool:
        try:
            self._driver.submit(stream_request(self._stream.id, message), durable=True)
        except StoppedError:
            # Whoever restores this run closes the streams that it finds open.
            return False
        return True


def close_orphans(driver: SimulationDriver, open_streams: list[int]) -> None:
    """Close streams whose clients are gone since the run was restored."""
    for number in open_streams:
        driver.submit(stream_request(number, StreamInput(CLOSE)), durable=True)
