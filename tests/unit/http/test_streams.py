"""exec and port-forward on the wire: every protocol carries the same stream, and refusals are Status."""

from __future__ import annotations

import struct

import gevent
import orjson
import pytest

from tests.unit.http.fake_api import FakeAPI
from tests.unit.http.stream_clients import (
    ACCEPT,
    KEY,
    OPEN,
    SPDYFrames,
    SPDYReader,
    WebSocketClient,
    handshake,
)
from webapp.driver.driver import SimulationDriver
from webapp.driver.journal import Journal

POD = "/api/v1/namespaces/default/pods/web"
EXEC = f"{POD}/exec?command=cat&stdin=true&stdout=true&stderr=true"
SUCCESS = {"metadata": {}, "status": "Success"}


@pytest.fixture(autouse=True)
def deadline():
    with gevent.Timeout(10):
        yield
    while OPEN:
        OPEN.pop().close()


def refusal(address, path, **headers):
    """The Status that an upgrade request gets instead of one."""
    connection, head = handshake(address, "GET", path, **headers)
    length = int(head.lower().partition("content-length: ")[2].split("\r\n")[0])
    status = orjson.loads(connection.recv(length))
    assert head.startswith(f"HTTP/1.1 {status['code']} ")
    return status


def wait_until(condition):
    while not condition():
        gevent.sleep(0.005)


@pytest.mark.parametrize("protocol", ["v5.channel.k8s.io", "v4.channel.k8s.io"])
def test_exec_over_a_websocket_echoes_and_says_the_exit_code(address, world, protocol):
    """Channels come in order, the status is the last message, and then the socket is closed well."""
    client = WebSocketClient(address, EXEC, protocol)
    client.send(b"\x00hello")
    client.send(b'\x04{"Width":80,"Height":24}')
    echoed = client.receive()
    client.send(b"\x007")
    assert client.receive() == b"\x017"
    world.session.stdin(None)

    assert f"Sec-WebSocket-Protocol: {protocol}" in client.head
    assert f"Sec-WebSocket-Accept: {ACCEPT}" in client.head
    assert echoed == b"\x01HELLO"
    assert client.receive() == b"\x02the end\n"
    status = client.receive()
    assert status[:1] == b"\x03"
    assert orjson.loads(status[1:])["details"]["causes"] == [{"reason": "ExitCode", "message": "7"}]
    assert client.receive() == 1000
    assert world.session.sizes == [(80, 24)]


def test_half_close_ends_the_input_but_not_the_output(address):
    """Version 5 can say that standard input is over."""
    client = WebSocketClient(address, EXEC, "v5.channel.k8s.io")

    client.send(b"\xff\x00")

    assert client.receive() == b"\x02the end\n"
    assert orjson.loads(client.receive()[1:]) == SUCCESS


def test_large_messages_pass_byte_for_byte(address):
    """Megabytes in both directions arrive whole and in order."""
    client = WebSocketClient(address, EXEC, "v5.channel.k8s.io")
    sent = [bytes([65 + number % 26]) * 32_000 for number in range(60)]

    writer = gevent.spawn(lambda: [client.send(b"\x00" + piece) for piece in sent])
    received = b""
    while len(received) < 60 * 32_000:
        received += client.receive()[1:]
    writer.join()

    assert received == b"".join(sent)


def test_ping_is_answered(address):
    """Clients find out that way whether the server is still there."""
    client = WebSocketClient(address, EXEC, "v4.channel.k8s.io")

    client.ping()

    assert client.receive() == b"still there?"


def test_command_is_cancelled_when_its_client_goes(address, world):
    """Nobody is left behind in the container."""
    client = WebSocketClient(address, EXEC, "v5.channel.k8s.io")
    client.send(b"\x00hello")
    client.receive()

    client.connection.close()

    wait_until(lambda: world.session.cancelled)
    assert world.hub.open_ids() == []


def test_exec_over_spdy_uses_a_stream_for_each_channel(address):
    """Older clients get the same bytes and the same status."""
    connection, head = handshake(
        address,
        "POST",
        EXEC,
        Upgrade="SPDY/3.1",
        X_Stream_Protocol_Version="v5.channel.k8s.io, v4.channel.k8s.io",
        Content_Length="0",
    )
    frames = SPDYFrames()
    reader = SPDYReader(lambda: connection.recv(65536))
    names = {1: "error", 3: "stdin", 5: "stdout", 7: "stderr"}
    for stream, name in names.items():
        connection.sendall(frames.syn_stream(stream, {"streamtype": name}))
    connection.sendall(frames.data(3, b"hello") + frames.data(3, b"3"))
    connection.sendall(frames.data(3, b"", is_last=True))

    received = dict.fromkeys(names.values(), b"")
    ended = 0
    while ended < 3:
        event = reader.data()
        received[names[event.stream]] += event.data
        ended += event.is_last

    assert "X-Stream-Protocol-Version: v4.channel.k8s.io" in head
    assert received["stdout"] == b"HELLO3"
    assert received["stderr"] == b"the end\n"
    assert orjson.loads(received["error"])["reason"] == "NonZeroExitCode"


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, "Upgrade request required"),
        ({"Upgrade": "h2c"}, "Upgrade request required"),
        (
            {
                "Upgrade": "websocket",
                "Sec_WebSocket_Key": KEY,
                "Sec_WebSocket_Version": "13",
                "Sec_WebSocket_Protocol": "base64.channel.k8s.io",
            },
            "unable to negotiate protocol: client supports [base64.channel.k8s.io], "
            "server accepts [v5.channel.k8s.io v4.channel.k8s.io]",
        ),
        (
            {
                "Upgrade": "websocket",
                "Sec_WebSocket_Key": "short",
                "Sec_WebSocket_Version": "13",
                "Sec_WebSocket_Protocol": "v5.channel.k8s.io",
            },
            "the WebSocket handshake is not valid",
        ),
    ],
    ids=["none", "another", "protocol", "key"],
)
def test_upgrade_that_cannot_be_given_is_refused_in_words(address, world, headers, message):
    """The world hears nothing of it."""
    status = refusal(address, EXEC, **headers)

    assert status["code"] == 400
    assert status["message"] == message
    assert world.requests == []


def forward(send, receive):
    """Open two connections over SPDY, one to a port where nobody listens."""
    frames = SPDYFrames()
    reader = SPDYReader(receive)
    for first, port, request in ((1, "80", "0"), (5, "81", "1")):
        for stream, kind in ((first, "error"), (first + 2, "data")):
            headers = {"streamtype": kind, "port": port, "requestid": request}
            send(frames.syn_stream(stream, headers))
    send(frames.data(3, b"hello"))
    send(frames.data(3, b"", is_last=True))
    received = {1: b"", 3: b"", 5: b"", 7: b""}
    ended = set()
    while len(ended) < 4:
        event = reader.data()
        received[event.stream] += event.data
        if event.is_last:
            ended.add(event.stream)
    return received


FORWARDED = {1: b"", 3: b"hello", 5: b"nobody listens on 81", 7: b""}


def test_ports_are_forwarded_over_spdy(address):
    """Data comes back on the data stream, the reason of a refusal on the error stream."""
    connection, head = handshake(
        address,
        "POST",
        f"{POD}/portforward",
        Upgrade="SPDY/3.1",
        X_Stream_Protocol_Version="portforward.k8s.io",
        Content_Length="0",
    )

    received = forward(connection.sendall, lambda: connection.recv(65536))

    assert "X-Stream-Protocol-Version: portforward.k8s.io" in head
    assert received == FORWARDED


def test_ports_are_forwarded_over_spdy_in_a_websocket(address):
    """Newer clients tunnel the same bytes."""
    client = WebSocketClient(address, f"{POD}/portforward", "SPDY/3.1+portforward.k8s.io")

    assert forward(client.send, client.receive) == FORWARDED


def test_ports_are_forwarded_over_channels(address):
    """The channel protocol names each port once on both of its channels."""
    client = WebSocketClient(address, f"{POD}/portforward?ports=80,81", "v4.channel.k8s.io")

    greetings = [client.receive() for _ in range(4)]
    failure = client.receive()
    client.send(b"\x00hello")

    assert greetings == [
        bytes([channel]) + struct.pack("<H", port)
        for channel, port in ((0, 80), (1, 80), (2, 81), (3, 81))
    ]
    assert failure == b"\x03nobody listens on 81"
    assert client.receive() == b"\x00hello"


@pytest.mark.parametrize("query", ["", "?ports=0", "?ports=http", "?ports=80,,81"])
def test_channels_need_ports(address, query):
    """A wrong port is refused before anything is opened."""
    status = refusal(
        address,
        f"{POD}/portforward{query}",
        Upgrade="websocket",
        Sec_WebSocket_Key=KEY,
        Sec_WebSocket_Version="13",
        Sec_WebSocket_Protocol="v4.channel.k8s.io",
    )

    assert status["reason"] == "BadRequest"


def test_replay_types_the_same_words(address, driver, world, tmp_path):
    """Input is journalled with its moment, so that a restored world has seen it, too."""
    client = WebSocketClient(address, EXEC, "v5.channel.k8s.io")
    client.send(b"\x00hello")
    client.send(b'\x04{"Width":80,"Height":24}')
    client.receive()
    client.send(b"\x00bye")
    client.receive()
    driver.stop()
    before = [(request.method, request.path, request.body) for request in world.requests]

    restored = FakeAPI()
    again = SimulationDriver(restored, Journal.open(tmp_path))
    again.replay()
    again.stop()

    assert [(item.method, item.path, item.body) for item in restored.requests] == before
    assert restored.session.sizes == [(80, 24)]
    assert restored.hub.open_ids() == [1]
