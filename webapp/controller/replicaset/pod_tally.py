"""A running count of a ReplicaSet's Pods, kept up to date one Pod at a time. Pure.

Upstream counts all Pods of a ReplicaSet at every sync. With 10,000 replicas that are all starting,
counting again for each change would cost more than the change; so each Pod's share is remembered,
and a change takes the old share out and puts the new one in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from webapp.controller.pods import is_pod_ready, pod_phase

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject


class _Share(NamedTuple):
    active: bool
    ready: bool
    terminating: bool


_SHARES = {
    (active, ready, terminating): _Share(active, ready, terminating)
    for active in (False, True)
    for ready in (False, True)
    for terminating in (False, True)
}


def _share(pod: JSONObject) -> _Share:
    terminal = pod_phase(pod) in {"Failed", "Succeeded"}
    deleted = "deletionTimestamp" in pod["metadata"]
    active = not terminal and not deleted
    return _SHARES[active, active and is_pod_ready(pod), deleted and not terminal]


class PodTally:
    """The Pods of one controlling object.

    Attributes:
        pods: Pod key → Pod, in order of arrival.
        active: Pods that run or may still run.
        ready: Active Pods that are Ready.
        terminating: Pods being deleted whose containers may still run.
        labelled: Active Pods that carry all labels of the template.
        unchecked: Pods whose labels the controller has not looked at yet; key → Pod.
    """

    __slots__ = (
        "_labelled",
        "_shares",
        "active",
        "labelled",
        "pods",
        "ready",
        "terminating",
        "unchecked",
    )

    def __init__(self) -> None:
        self.pods: dict[str, JSONObject] = {}
        self.unchecked: dict[str, JSONObject] = {}
        self._shares: dict[str, _Share] = {}
        self._labelled: dict[str, None] = {}
        self.active = self.ready = self.terminating = self.labelled = 0

    def put(self, key: str, pod: JSONObject) -> bool:
        """Count a Pod that is new or has changed; return whether anything counted differs."""
        old = self.pods.get(key)
        self.pods[key] = pod
        share = _share(pod)
        old_share = self._shares.get(key)
        relabelled = old is None or old["metadata"].get("labels") != pod["metadata"].get("labels")
        if relabelled or key in self.unchecked:
            self.unchecked[key] = pod
        if share is not old_share:
            self._add(key, old_share, -1)
            self._shares[key] = share
            self._add(key, share, 1)
            return True
        return relabelled

    def remove(self, key: str) -> bool:
        """Forget a Pod; return whether it was counted."""
        share = self._shares.pop(key, None)
        if share is None:
            return False
        self._add(key, share, -1)
        del self.pods[key]
        self.unchecked.pop(key, None)
        self._labelled.pop(key, None)
        return True

    def check(self, key: str, *, labelled: bool) -> None:
        """The Pod's labels were looked at: it belongs, and carries the template's labels or not."""
        self.unchecked.pop(key, None)
        if labelled == (key in self._labelled):
            return
        if labelled:
            self._labelled[key] = None
        else:
            del self._labelled[key]
        if self._shares[key].active:
            self.labelled += 1 if labelled else -1

    def recheck(self) -> None:
        """The template's labels have changed: look at every Pod again."""
        self.unchecked.update(self.pods)

    def active_pods(self) -> list[JSONObject]:
        """The Pods counted in ``active``, in order of arrival."""
        return [pod for key, pod in self.pods.items() if self._shares[key].active]

    def ready_pods(self) -> list[JSONObject]:
        """The Pods counted in ``ready``, in order of arrival."""
        return [pod for key, pod in self.pods.items() if self._shares[key].ready]

    def _add(self, key: str, share: _Share | None, sign: int) -> None:
        if share is None:
            return
        if share.active:
            self.active += sign
            if key in self._labelled:
                self.labelled += sign
        if share.ready:
            self.ready += sign
        if share.terminating:
            self.terminating += sign
