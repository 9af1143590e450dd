"""Fixtures: the HTTP layer over a small fake world, on a real loopback socket."""

from __future__ import annotations

import gc

import gevent.socket
import pytest

from tests.unit.http.fake_api import FakeAPI
from webapp.apimachinery.wire import UserInfo
from webapp.driver.driver import SimulationDriver
from webapp.driver.journal import Genesis, Journal
from webapp.http.access import Gate
from webapp.http.kube_api import KubeAPI
from webapp.http.metrics import Metrics
from webapp.http.server import listen, make_server


@pytest.fixture
def world():
    return FakeAPI()


@pytest.fixture
def driver(world, tmp_path):
    genesis = Genesis(seed=0, start_ms=1_000_000, nodes=1, product_version="0")
    driver = SimulationDriver(world, Journal.create(tmp_path, genesis))
    driver.start()
    yield driver
    driver.stop()
    gc.enable()
    gc.unfreeze()


@pytest.fixture
def tokens():
    return {}


@pytest.fixture
def address(driver, tokens):
    """Host and port of a running server."""
    gate = Gate(
        KubeAPI(driver, Metrics(driver)),
        tokens=tokens,
        local_user=UserInfo("kubernetes-admin"),
        host_names=frozenset() if tokens else frozenset({"127.0.0.1", "localhost"}),
    )
    listener = listen("127.0.0.1", 0)
    server = make_server(listener, gate)
    server.start()
    yield listener.getsockname()
    server.stop(timeout=0)


class Reply:
    """An HTTP answer, taken apart."""

    def __init__(self, raw):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.code = int(lines[0].split()[1])
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(": ")
            self.headers.setdefault(name.lower(), value)


@pytest.fixture
def send(address):
    """Send raw bytes on a new connection and read until the server closes it."""

    def send_raw(data):
        with gevent.Timeout(5), gevent.socket.create_connection(address) as connection:
            connection.sendall(data)
            received = b""
            while chunk := connection.recv(65536):
                received += chunk
        return Reply(received)

    return send_raw


@pytest.fixture
def ask(send):
    """Make one request with headers and body."""

    def ask_once(method, path, body=b"", **headers):
        head = {"Host": "127.0.0.1", "Connection": "close"}
        head |= {name.replace("_", "-"): value for name, value in headers.items()}
        if body:
            head.setdefault("Content-Length", str(len(body)))
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        return send(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode("latin-1") + body)

    return ask_once
