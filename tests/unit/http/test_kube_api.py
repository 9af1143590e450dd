"""The API over HTTP: encodings, limits, refusals, and streams that begin at once and end when they must."""

from __future__ import annotations

import gzip

import gevent
import gevent.socket
import orjson
import pytest

PODS = "/api/v1/namespaces/default/pods"


def wait_until(condition):
    with gevent.Timeout(5):
        while not condition():
            gevent.sleep(0.005)


def open_stream(address, path):
    connection = gevent.socket.create_connection(address)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    return connection


def test_answer_carries_json_and_quoted_warnings(ask):
    """Warnings travel in headers whose quotes are escaped, or kubectl drops them."""
    reply = ask("GET", PODS)

    assert reply.code == 200
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["warning"] == '299 - "use \\"v1\\", please"'
    assert orjson.loads(reply.body)["kind"] == "PodList"


def test_large_answer_is_compressed_when_the_client_takes_it(ask):
    """Above 128 KB gzip is used, below and for others not."""
    large = ask("GET", f"{PODS}?limit=480", Accept_Encoding="gzip")
    small = ask("GET", PODS, Accept_Encoding="gzip")
    plain = ask("GET", f"{PODS}?limit=480")

    assert "content-encoding" not in small.headers
    assert "content-encoding" not in plain.headers
    assert large.headers["content-encoding"] == "gzip"
    assert gzip.decompress(large.body) == plain.body


def test_long_list_leaves_in_chunks_that_join_to_valid_json(ask):
    """A list too long to encode in one go is streamed, and is still one JSON document."""
    reply = ask("GET", f"{PODS}?limit=1234")

    assert reply.headers["transfer-encoding"] == "chunked"
    body = b""
    rest = reply.body
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        body += rest[:length]
        rest = rest[length + 2 :]
    names = [item["metadata"]["name"] for item in orjson.loads(body)["items"]]
    assert names == [f"p{number}" for number in range(1234)]


def test_write_goes_through_the_journal(ask, driver, world):
    """A POST is journalled as it was received; a GET is not."""
    ask("GET", PODS)
    reply = ask("POST", f"{PODS}?dryRun=All", b"{}", Content_Type="application/json")

    assert reply.code == 201
    [entry] = driver._journal.commands()
    assert entry.request.body == b"{}"
    assert entry.request.query == {"dryRun": ["All"]}
    assert world.requests[-1].user.name == "kubernetes-admin"


def test_client_is_named_after_its_program(ask, world):
    """The actor of the facts is the program, not its version string."""
    ask("GET", PODS, User_Agent="kubectl/v1.36.2 (linux/amd64) kubernetes/abc")
    ask("GET", PODS, User_Agent="Mozilla/5.0 (X11)")

    assert [request.client for request in world.requests] == ["kubectl", "page"]


def test_body_above_the_limit_is_refused_before_it_is_read(ask):
    """A declared length above 3 MiB gives 413 in Kubernetes' words."""
    reply = ask("POST", PODS, b" " * (3 * 1024 * 1024 + 1))

    assert reply.code == 413
    status = orjson.loads(reply.body)
    assert status["reason"] == "RequestEntityTooLarge"
    assert status["message"] == "Request entity too large: limit is 3145728"


def test_chunked_body_above_the_limit_is_refused(send):
    """Without a declared length the body is cut off at the limit."""
    chunk = b"80000\r\n" + b" " * 0x80000 + b"\r\n"
    head = f"POST {PODS} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"

    reply = send(head.encode() + chunk * 7 + b"0\r\n\r\n")

    assert reply.code == 413


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"NONSENSE\r\n\r\n", id="no request line"),
        pytest.param(b"GET / HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n", id="unknown version"),
        pytest.param(
            b"POST /api HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: many\r\n\r\n",
            id="odd length",
        ),
    ],
)
def test_malformed_http_gets_a_status(send, raw):
    """What is no HTTP is answered with a Status and the connection closed."""
    reply = send(raw)

    assert reply.code == 400
    assert orjson.loads(reply.body)["kind"] == "Status"


@pytest.mark.parametrize(
    "path", ["/api/%ff%fe", "/api/v1/pods?limit=1&" + "&".join(["a=b"] * 1200)]
)
def test_path_or_query_that_cannot_be_read_is_a_bad_request(ask, path):
    """Bytes that are no UTF-8, and floods of parameters, are refused."""
    reply = ask("GET", path)

    assert (reply.code, orjson.loads(reply.body)["reason"]) == (400, "BadRequest")


def test_unknown_api_path_is_kubernetes_not_found(ask):
    """The text is the one that kubectl knows."""
    reply = ask("GET", "/apis/nothing.example.com/v1/things")

    assert reply.code == 404
    assert orjson.loads(reply.body)["message"] == "the server could not find the requested resource"


def test_fault_of_the_server_is_an_internal_error(ask, caplog):
    """An unexpected exception becomes a Status 500 and a line in the log."""
    reply = ask("GET", "/api/v1/boom")

    assert orjson.loads(reply.body)["reason"] == "InternalError"
    assert "a request failed" in caplog.text


@pytest.mark.usefixtures("caplog")
def test_stopped_simulation_is_said_and_the_journal_offered(ask):
    """After the simulator's own fault every answer says so, health included."""
    ask("POST", "/api/v1/fault", b"{}")

    reply = ask("GET", PODS)

    assert reply.code == 500
    message = orjson.loads(reply.body)["message"]
    assert message.startswith("the simulation stopped: two Pods have the same address")
    assert "/journal" in message
    assert ask("GET", "/livez").code == 500


def test_watch_sends_its_headers_before_any_event(address):
    """A client sees that its watch stands although nothing has happened yet."""
    connection = open_stream(address, f"{PODS}?watch=true")
    with gevent.Timeout(5):
        head = connection.recv(4096)

    assert head.startswith(b"HTTP/1.1 200 OK")
    assert b"chunked" in head
    connection.close()


def test_burst_of_events_leaves_in_one_write(address, world):
    """What gathers between two turns of the stream is joined."""
    connection = open_stream(address, f"{PODS}?watch=true")
    wait_until(lambda: world.watchers and world.watchers[0].deliver)
    connection.recv(4096)

    world.watchers[0].send("a", "b", "c")
    with gevent.Timeout(5):
        data = connection.recv(4096)

    assert data.split(b"\r\n")[1] == b'{"name":"a"}\n{"name":"b"}\n{"name":"c"}\n'
    connection.close()


def test_bookmarks_come_by_the_wall_clock_and_leave_the_world_alone(address, world, monkeypatch):
    """A quiet watch is told of the newest revision; the world never hears of the wish."""
    monkeypatch.setattr("webapp.http.watch_stream.BOOKMARK_SECONDS", 0.02)
    connection = open_stream(address, f"{PODS}?watch=true&allowWatchBookmarks=true")
    received = b""
    with gevent.Timeout(5):
        while b"bookmark" not in received:
            received += connection.recv(4096)
    connection.close()

    assert b'{"bookmark":1}\n' in received
    assert "allowWatchBookmarks" not in world.requests[0].query


def test_watch_of_a_client_that_left_is_stopped(address, world):
    """A closed connection ends the watch although no event is written to it."""
    connection = open_stream(address, f"{PODS}?watch=true")
    wait_until(lambda: world.watchers and world.watchers[0].deliver)
    connection.recv(4096)

    connection.close()

    wait_until(lambda: world.watchers[0].stopped)


def test_watch_of_a_client_that_does_not_read_is_ended(address, world):
    """A backlog beyond the limit ends the stream instead of growing."""
    connection = open_stream(address, f"{PODS}?watch=true")
    wait_until(lambda: world.watchers and world.watchers[0].deliver)
    watcher = world.watchers[0]

    for _ in range(12):
        watcher.send(*(["x" * 2000] * 4000))
        gevent.sleep(0.02)
    connection.close()

    wait_until(lambda: watcher.stopped)


def test_log_streams_until_its_end(address, world):
    """A followed log is text that goes on until the container's end."""
    connection = open_stream(address, f"{PODS}/web/log?follow=true")
    wait_until(lambda: world.log_sinks)
    world.log_sinks[0](b"second line\n")
    world.log_sinks[0](None)
    received = b""
    with gevent.Timeout(5):
        while not received.endswith(b"0\r\n\r\n"):
            received += connection.recv(4096)

    assert b"text/plain" in received
    assert b"first line\n" in received
    assert b"second line\n" in received
    wait_until(lambda: world.log_ended)
    connection.close()


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz"])
def test_health_is_a_plain_ok(ask, path):
    """Probes get two letters."""
    assert ask("GET", path).body == b"ok"


def test_metrics_count_requests_under_upstreams_name(ask):
    """Prometheus finds the names that it knows from Kubernetes."""
    ask("GET", PODS)

    text = ask("GET", "/metrics").body.decode()

    assert 'apiserver_request_total{code="200",group="",resource="pods"' in text
