"""Random storage for both schedulers: volumes here and there, claims of every kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.scheduler.builders import named
from tests.unit.scheduler.volume_oracle import ZONE

if TYPE_CHECKING:
    import random

    from tests.unit.scheduler.world import World
    from webapp.apimachinery.meta import JSONObject

CLAIMS = [f"c{number}" for number in range(8)]


def add_storage(world: World, rng: random.Random, names: list[str]) -> None:
    """Classes, free and bound volumes, claims with and without one."""
    for name, mode, provisioner in (
        ("local", "WaitForFirstConsumer", "kubernetes.io/no-provisioner"),
        ("made", "WaitForFirstConsumer", "example.com/disks"),
        ("now", "Immediate", "example.com/disks"),
    ):
        world.add_class(name, mode, provisioner)
    for number in range(rng.randrange(6)):
        world.put_volume(random_volume(rng, f"free{number}", names, "local"))
    for name in CLAIMS:
        kind = rng.choice(["bound", "bound", "local", "local", "made", "now", "none"])
        if kind == "none":
            continue
        claim = {
            "metadata": {
                "name": name,
                "namespace": "default",
                "uid": f"uid-{name}",
                "resourceVersion": "1",
            },
            "spec": {
                "accessModes": [rng.choice(["ReadWriteOnce", "ReadWriteOncePod"])],
                "storageClassName": "now" if kind == "bound" else kind,
                "resources": {"requests": {"storage": f"{rng.randrange(1, 5)}Gi"}},
            },
        }
        if kind == "bound":
            volume = random_volume(rng, f"of-{name}", names, "now")
            volume["spec"]["claimRef"] = {"namespace": "default", "name": name}
            world.put_volume(volume)
            claim = bound(claim, f"of-{name}")
        world.put_claim(claim)


def random_volume(rng: random.Random, name: str, names: list[str], class_name: str) -> JSONObject:
    spec: JSONObject = {
        "capacity": {"storage": f"{rng.randrange(1, 6)}Gi"},
        "accessModes": ["ReadWriteOnce", "ReadWriteOncePod"],
        "storageClassName": class_name,
    }
    if rng.random() < 0.6:
        term = named("In", *rng.sample(names, min(len(names), rng.choice([1, 2, 5]))))
        spec["nodeAffinity"] = {"required": {"nodeSelectorTerms": [term]}}
    labels = {ZONE: rng.choice(["a", "b__c"])} if rng.random() < 0.3 else {}
    metadata = {"name": name, "labels": labels, "resourceVersion": "1"}
    return {"metadata": metadata, "spec": spec, "status": {"phase": "Available"}}


def bound(claim: JSONObject, volume: str) -> JSONObject:
    """The claim as it is when it has its volume."""
    annotations = {"pv.kubernetes.io/bind-completed": "yes"}
    metadata = {**claim["metadata"], "annotations": annotations, "resourceVersion": "2"}
    return {**claim, "metadata": metadata, "spec": {**claim["spec"], "volumeName": volume}}


def random_mounts(rng: random.Random) -> list[JSONObject]:
    """One or two claims of a Pod."""
    wanted = rng.sample(CLAIMS, rng.choice([1, 1, 2]))
    return [{"name": f"v{name}", "persistentVolumeClaim": {"claimName": name}} for name in wanted]
