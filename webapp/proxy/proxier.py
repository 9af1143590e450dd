"""kube-proxy on every Node: each Node follows the shared table of rules after its own sync delay.

Nodes are dealt into a few waves, one timer a wave, so that a change costs a handful of timers
whatever the number of Nodes. Facts tell of each Node's sync up to :data:`NODES_TOLD` Nodes; in larger
clusters they would be the bulk of the log, and one a wave stands for all.

Models:
    pkg/proxy/iptables/proxier.go Proxier.syncProxyRules
    pkg/proxy/runner/bounded_frequency_runner.go BoundedFrequencyRunner
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.proxy.change_tracker import ChangeTracker
from webapp.sim.latency import Latency
from webapp.trace.facts import RulesSynced

if TYPE_CHECKING:
    from webapp.client.informer import InformerFactory
    from webapp.network.dataplane import DataPlane
    from webapp.sim.events import Timer
    from webapp.sim.loop import Simulation
    from webapp.sim.rng import RandomStream
    from webapp.trace.recorder import Recorder

WAVES = 8
NODES_TOLD = 64
SYNC_LATENCY = Latency(60, 0.5, 10)
MIN_SYNC_PERIOD_MS = 1_000


class Proxier:
    """All kube-proxies of the process."""

    def __init__(
        self,
        sim: Simulation,
        recorder: Recorder,
        stream: RandomStream,
        informers: InformerFactory,
        plane: DataPlane,
    ) -> None:
        self._sim = sim
        self._recorder = recorder
        self._stream = stream
        self._plane = plane
        self._waves: list[dict[str, None]] = [{} for _ in range(WAVES)]
        self._timers: list[Timer | None] = [None] * WAVES
        self._synced_ms: list[int] = [-MIN_SYNC_PERIOD_MS] * WAVES
        self._tracker = ChangeTracker(informers, self._on_change)

    def add(self, node: str) -> None:
        """A machine's kube-proxy starts, and syncs for the first time."""
        wave = self._wave_of(node)
        self._waves[wave][node] = None
        self._request(wave)

    def remove(self, node: str) -> None:
        """A machine is gone."""
        self._waves[self._wave_of(node)].pop(node, None)

    def _wave_of(self, node: str) -> int:
        return self._stream.keyed_bits64(node) % WAVES

    def _on_change(self) -> None:
        for wave, nodes in enumerate(self._waves):
            if nodes:
                self._request(wave)

    def _request(self, wave: int) -> None:
        timer = self._timers[wave]
        if timer is not None and timer.pending:
            return
        earliest_ms = self._synced_ms[wave] + MIN_SYNC_PERIOD_MS
        delay_ms = max(SYNC_LATENCY.draw(self._stream), earliest_ms - self._sim.now_ms)
        self._timers[wave] = self._sim.schedule(delay_ms, self._sync, wave)

    def _sync(self, wave: int) -> None:
        self._synced_ms[wave] = self._sim.now_ms
        table = self._tracker.table()
        changed = [
            node for node in self._waves[wave] if self._plane.table(node).version != table.version
        ]
        for node in changed:
            self._plane.install(node, table)
        told = changed if sum(map(len, self._waves)) <= NODES_TOLD else changed[:1]
        for node in told:
            self._recorder.record(
                RulesSynced(
                    actor=f"kube-proxy/{node}",
                    node=node,
                    services=table.services,
                    endpoints=table.endpoints,
                )
            )
