"""Which claims and disks a Pod names.

Models:
    staging/src/k8s.io/component-helpers/storage/ephemeral/ephemeral.go VolumeClaimName
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

    from webapp.apimachinery.meta import JSONObject

_DISK_NAMES = {
    "awsElasticBlockStore": ("volumeID",),
    "gcePersistentDisk": ("pdName",),
    "iscsi": ("iqn",),
}


def claim_names(pod: JSONObject) -> tuple[tuple[str, bool], ...]:
    """Names of the claims that a Pod uses, each with whether it is made for this Pod alone."""
    found = []
    for volume in pod["spec"].get("volumes") or ():
        if "persistentVolumeClaim" in volume:
            found.append((volume["persistentVolumeClaim"]["claimName"], False))
        elif "ephemeral" in volume:
            found.append((f"{pod['metadata']['name']}-{volume['name']}", True))
    return tuple(found)


def disks(pod: JSONObject) -> tuple[tuple[Hashable, ...], ...]:
    """Disks named in the Pod itself, of kinds that one Pod a Node may write to.

    Returns:
        Kind, names, and last whether the Pod only reads.
    """
    found: list[tuple[Hashable, ...]] = []
    for volume in pod["spec"].get("volumes") or ():
        for kind, names in _DISK_NAMES.items():
            if kind in volume:
                own = volume[kind]
                reads = kind != "awsElasticBlockStore" and bool(own.get("readOnly"))
                found.append((kind, *(own.get(name) for name in names), reads))
        if "rbd" in volume:
            own = volume["rbd"]
            found.extend(
                ("rbd", monitor, own.get("pool"), own.get("image"), bool(own.get("readOnly")))
                for monitor in own.get("monitors") or ()
            )
    return tuple(found)
