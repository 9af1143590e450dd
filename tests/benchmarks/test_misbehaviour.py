"""What people feel while containers misbehave: answers of a real server over HTTP."""

from __future__ import annotations

import http.client
from time import perf_counter
from urllib.parse import urlsplit

import orjson
import pytest

from tests.api.conftest import Server
from tests.benchmarks.test_containers import SCRIPTS, TROUBLEMAKERS
from tests.factories import make_container, make_pod

READS = 1_500
PODS = "/api/v1/namespaces/default/pods"


def _all_run(server):
    pods = server.get(PODS)["items"]
    return sum(pod["status"]["phase"] == "Running" for pod in pods) == TROUBLEMAKERS


@pytest.mark.timeout(300)
@pytest.mark.parametrize("speed", ["1", "max"])
@pytest.mark.benchmark(group="misbehaviour")
def test_reads_over_http_while_containers_misbehave(benchmark, speed):
    """Endless loops, fork bombs and floods of output from their first moment on, one client that reads."""
    server = Server("--speed", speed, "--nodes", "5")
    try:
        for number in range(TROUBLEMAKERS):
            script = SCRIPTS[number % len(SCRIPTS)]
            shell = make_container("app", "busybox:1.36", command=["sh", "-c", script])
            server.send("POST", PODS, make_pod(f"p{number}", containers=[shell]))
        address = urlsplit(server.url)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=10)

        def read():
            waits = []
            while len(waits) % READS or not (waits and _all_run(server)):
                began = perf_counter()
                connection.request("GET", f"{PODS}/p0")
                answer = connection.getresponse()
                document = orjson.loads(answer.read())
                waits.append(perf_counter() - began)
                assert document["metadata"]["name"] == "p0"
            return sorted(waits)

        waits = benchmark.pedantic(read, rounds=1)

        connection.close()
        assert len(waits) >= READS
        assert _all_run(server)
    finally:
        server.kill()
    p99 = waits[len(waits) * 99 // 100]
    benchmark.extra_info.update(
        p50_ms=round(waits[len(waits) // 2] * 1000, 1),
        p99_ms=round(p99 * 1000, 1),
        max_ms=round(waits[-1] * 1000, 1),
    )
    assert p99 < 0.1
