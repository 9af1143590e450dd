"""THE SEAM for faults inside a kubelet's work: probes that fail, images that cannot be pulled.

One object serves all kubelets of a world. Faults put their judgements in under their names; without
any, each question costs one look at an empty dictionary.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject


class Sabotage:
    """What Faults make go wrong.

    Attributes:
        probes: Fault → whether a probe (Pod, container's name, kind) fails this time.
        pulls: Fault → whether a pull (Node's name, Pod, image) fails.
    """

    def __init__(self) -> None:
        self.probes: dict[str, Callable[[JSONObject, str, str], bool]] = {}
        self.pulls: dict[str, Callable[[str, JSONObject, str], bool]] = {}

    def fails_probe(self, pod: JSONObject, container: str, kind: str) -> bool:
        """Whether a probe is to fail this time."""
        return any(judge(pod, container, kind) for judge in self.probes.values())

    def fails_pull(self, node: str, pod: JSONObject, image: str) -> bool:
        """Whether the registry is out of reach for a pull."""
        return any(judge(node, pod, image) for judge in self.pulls.values())
