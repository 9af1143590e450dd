"""What a scrape of one Node brings, and when the last one was.

Models:
    sigs.k8s.io/metrics-server/pkg/scraper/client/resource/decode.go
    sigs.k8s.io/metrics-server/pkg/storage/storage.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

RESOLUTION_MS = 15_000
"""``--metric-resolution``; scrapes are at multiples of it."""


class Use(NamedTuple):
    """What something used.

    Attributes:
        name: A container's name, or the Node's.
        cpu_nanocores: Average over the window, in billionths of a core.
        memory_bytes: Working set.
        window_ms: Over how long.
    """

    name: str
    cpu_nanocores: int
    memory_bytes: int
    window_ms: int


class Kubelets(Protocol):
    """Asks the kubelets."""

    def node_use(self, node: str) -> Use | None:
        """What a Node uses altogether; ``None`` when its kubelet does not answer, or not yet."""

    def pod_use(self, node: str, uid: str) -> Sequence[Use]:
        """What the running containers of a Pod use, in order; empty while one of them is fresh."""


def last_scrape_ms(now_ms: int) -> int:
    """When the last scrape was."""
    return now_ms - now_ms % RESOLUTION_MS
