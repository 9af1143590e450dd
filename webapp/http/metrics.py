"""Prometheus metrics, under upstream's names where upstream has one.

Models:
    staging/src/k8s.io/apiserver/pkg/endpoints/metrics/metrics.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.driver.driver import SimulationDriver

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """One server's counters and gauges."""

    def __init__(self, driver: SimulationDriver) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "apiserver_request",
            "API requests by verb, resource and HTTP code.",
            ("verb", "group", "version", "resource", "subresource", "code"),
            registry=self._registry,
        )
        self._durations = Histogram(
            "apiserver_request_duration_seconds",
            "Wall time of an API request, streams left out.",
            ("verb", "resource"),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._streams = Gauge(
            "apiserver_longrunning_requests",
            "Streams open now.",
            ("verb", "resource"),
            registry=self._registry,
        )
        sim = driver.world.sim
        self._gauge("etcd_revision", "Newest revision of the store.", lambda: driver.world.revision)
        self._gauge(
            "podarium_virtual_time_seconds",
            "Virtual now, seconds since the Unix epoch.",
            lambda: sim.now_ms / 1000,
        )
        self._gauge(
            "podarium_virtual_lag_seconds",
            "How far virtual time trails its target.",
            lambda: driver.lag_ms / 1000,
        )
        self._gauge(
            "podarium_events_processed",
            "Handlers that the simulation has run.",
            lambda: sim.events_processed,
        )
        self._gauge("podarium_facts", "Facts recorded.", lambda: driver.world.recorder.last_seq)

    def observe(
        self, verb: str, coordinates: tuple[str, str, str, str], code: int, seconds: float
    ) -> None:
        """Count a request; ``coordinates`` are group, version, resource and subresource."""
        self._requests.labels(verb.upper(), *coordinates, code).inc()
        self._durations.labels(verb.upper(), coordinates[2]).observe(seconds)

    def stream_opened(self, verb: str, resource: str) -> None:
        """A watch or log began."""
        self._streams.labels(verb.upper(), resource).inc()

    def stream_closed(self, verb: str, resource: str) -> None:
        """A watch or log ended."""
        self._streams.labels(verb.upper(), resource).dec()

    def text(self) -> bytes:
        """All of them in Prometheus' text format."""
        return generate_latest(self._registry)

    def _gauge(self, name: str, documentation: str, function: Callable[[], float]) -> None:
        Gauge(name, documentation, registry=self._registry).set_function(function)
