"""Storage for the plain scheduler: claims and volumes as dicts, one Node and one claim at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

JSON = dict[str, Any]

UNBOUND = "pod has unbound immediate PersistentVolumeClaims"
NOT_HERE = "node(s) didn't match PersistentVolume's node affinity"
NONE_LEFT = "node(s) didn't find available persistent volumes to bind"
GONE = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"
OTHER_ZONE = "node(s) had no available volume zone"
TAKEN = (
    "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode"
)
ZONE = "topology.kubernetes.io/zone"


@dataclass
class Storage:
    """What there is.

    Attributes:
        matches: Whether a node selector term matches a Node.
        claims: Name → claim.
        volumes: Name → volume.
        made: Names of classes whose volumes are made when they are needed.
        late: Names of classes whose claims wait for a Pod's Node.
    """

    matches: Callable[[JSON, JSON], bool]
    claims: dict[str, JSON] = field(default_factory=dict)
    volumes: dict[str, JSON] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    late: set[str] = field(default_factory=set)

    def problem(self, pod: JSON) -> str:
        """Why no Node is looked at, or ""."""
        names = names_of(pod)
        for name in names:
            if name not in self.claims:
                return f'persistentvolumeclaim "{name}" not found'
        if any(not is_bound(self.claims[name]) and not self._is_late(name) for name in names):
            return UNBOUND
        for name in names:
            volume = self.claims[name]["spec"].get("volumeName")
            if volume and volume not in self.volumes:
                return f'persistentvolume "{volume}" not found'
        return ""

    def refuse(self, pod: JSON, node: JSON, placed: Iterable[JSON]) -> tuple[list[str], bool]:
        """Reasons against one Node, and whether eviction could not help."""
        names = names_of(pod)
        used = {name for other in placed for name in names_of(other)}
        for name in names:
            if name in used and "ReadWriteOncePod" in self.claims[name]["spec"]["accessModes"]:
                return [TAKEN], False
        reasons = []
        bound = [
            self.volumes[self.claims[n]["spec"]["volumeName"]] for n in names if self._bound(n)
        ]
        if not all(self._is_here(volume, node) for volume in bound):
            reasons.append(NOT_HERE)
        if self.choose(pod, node) is None:
            reasons.append(NONE_LEFT)
        if reasons:
            return reasons, True
        labels = node["metadata"]["labels"]
        for volume in bound:
            zones = volume["metadata"].get("labels", {}).get(ZONE)
            if zones and ZONE in labels and labels[ZONE] not in zones.split("__"):
                return [OTHER_ZONE], True
        return [], False

    def choose(self, pod: JSON, node: JSON) -> dict[str, str] | None:
        """Claim → volume on a Node, "" where one is made; ``None`` when one gets none."""
        waiting = [name for name in names_of(pod) if not self._bound(name)]
        waiting.sort(key=lambda name: size(self.claims[name]["spec"]["resources"]["requests"]))
        chosen: dict[str, str] = {}
        for name in waiting:
            own = self.claims[name]["spec"]
            suitable = [
                volume
                for volume in self.volumes.values()
                if volume["spec"]["storageClassName"] == own["storageClassName"]
                and not volume["spec"].get("claimRef")
                and size(volume["spec"]["capacity"]) >= size(own["resources"]["requests"])
                and self._is_here(volume, node)
                and volume["metadata"]["name"] not in chosen.values()
            ]
            suitable.sort(key=lambda one: (size(one["spec"]["capacity"]), one["metadata"]["name"]))
            if suitable:
                chosen[name] = suitable[0]["metadata"]["name"]
            elif own["storageClassName"] in self.made:
                chosen[name] = ""
            else:
                return None
        return chosen

    def _bound(self, name: str) -> bool:
        return is_bound(self.claims[name])

    def _is_late(self, name: str) -> bool:
        return self.claims[name]["spec"]["storageClassName"] in self.late

    def _is_here(self, volume: JSON, node: JSON) -> bool:
        required = volume["spec"].get("nodeAffinity", {}).get("required")
        if required is None:
            return True
        return any(self.matches(term, node) for term in required["nodeSelectorTerms"])


def names_of(pod: JSON) -> list[str]:
    """Claims of a Pod."""
    return [
        volume["persistentVolumeClaim"]["claimName"] for volume in pod["spec"].get("volumes", [])
    ]


def is_bound(claim: JSON) -> bool:
    """Whether it has its volume for good."""
    return bool(claim["spec"].get("volumeName"))


def size(amounts: JSON) -> int:
    """Whole gibibytes."""
    return int(amounts["storage"].removesuffix("Gi"))
