"""The Pods under one PodDisruptionBudget, counted as they change one at a time. Pure.

Upstream lists and counts all Pods of a budget at every sync; here a change costs what changed.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from webapp.apimachinery.labels import selector_from_label_selector
from webapp.apimachinery.meta import controller_of
from webapp.controller.pods import is_pod_ready

if TYPE_CHECKING:
    from webapp.apimachinery.labels import Selector
    from webapp.apimachinery.meta import JSONObject


class _Share(NamedTuple):
    healthy: bool
    controller: str


class SelectedPods:
    """What a budget selects.

    Attributes:
        pods: Pod name → Pod, in order of arrival.
        healthy: Pods that are Ready and not being deleted.
    """

    def __init__(self, budget: JSONObject) -> None:
        self._label_selector = budget["spec"].get("selector")
        self._selector: Selector = selector_from_label_selector(self._label_selector)
        self._shares: dict[str, _Share] = {}
        self._by_controller: Counter[str] = Counter()
        self.pods: dict[str, JSONObject] = {}
        self.healthy = 0

    @property
    def unmanaged(self) -> int:
        """Pods that no controller manages."""
        return self._by_controller[""]

    def is_for(self, budget: JSONObject) -> bool:
        """Whether the budget still selects in the same way."""
        return bool(self._label_selector == budget["spec"].get("selector"))

    def put(self, pod: JSONObject) -> bool:
        """Look at a Pod that is new or has changed; return whether it is or was selected."""
        name = pod["metadata"]["name"]
        if not self._selector.matches(pod["metadata"].get("labels")):
            return self.remove(name)
        self.remove(name)
        owner = controller_of(pod)
        healthy = "deletionTimestamp" not in pod["metadata"] and is_pod_ready(pod)
        share = _Share(healthy, owner["uid"] if owner is not None else "")
        self.pods[name] = pod
        self._shares[name] = share
        self.healthy += share.healthy
        self._by_controller[share.controller] += 1
        return True

    def remove(self, name: str) -> bool:
        """Forget a Pod; return whether it was selected."""
        share = self._shares.pop(name, None)
        if share is None:
            return False
        del self.pods[name]
        self.healthy -= share.healthy
        self._by_controller[share.controller] -= 1
        if not self._by_controller[share.controller]:
            del self._by_controller[share.controller]
        return True

    def controllers(self) -> list[str]:
        """UIDs of the Pods' controllers, in order of arrival."""
        return [uid for uid in self._by_controller if uid]

    def one_of(self, controller: str) -> JSONObject:
        """The Pod of a controller that came first."""
        return next(
            pod for name, pod in self.pods.items() if self._shares[name].controller == controller
        )

    def is_healthy(self, name: str) -> bool:
        """Whether the Pod is counted as healthy."""
        share = self._shares.get(name)
        return share is not None and share.healthy
