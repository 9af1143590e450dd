"""A vectorised scheduler and an oracle side by side, over random clusters."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from tests.unit.scheduler.builders import (
    MIB,
    expression,
    make_node,
    make_pod,
    named,
    preferred_affinity,
    required_affinity,
)
from tests.unit.scheduler.oracle import Oracle
from tests.unit.scheduler.volume_world import add_storage, bound, random_mounts
from webapp.scheduler.cache import Cache
from webapp.scheduler.config import Profile
from webapp.scheduler.diagnosis import Attempt
from webapp.scheduler.framework.interface import Handle
from webapp.scheduler.framework.listers import Listers
from webapp.scheduler.framework.nominator import Nominator
from webapp.scheduler.framework.types import PodInfo
from webapp.scheduler.framework.volumes import Volumes
from webapp.scheduler.schedule_pod import Algorithm
from webapp.sim.rng import RandomStreams

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.scheduler.schedule_pod import ScheduleResult

HOSTNAME = "kubernetes.io/hostname"
ZONE = "topology.kubernetes.io/zone"
TAINTS = [("dedicated", "gpu", "NoSchedule"), ("old", "", "PreferNoSchedule"),
          ("down", "", "NoExecute"), ("slow", "yes", "PreferNoSchedule")]  # fmt: skip


class World:
    """Both schedulers on the same cluster.

    Attributes:
        cache: The scheduler's cache.
        oracle: The plain one.
    """

    def __init__(self, seed: int = 1, percentage: int = 0) -> None:
        stream = RandomStreams(seed).stream("scheduler/tie-break")
        self.cache = Cache()
        client: Any = None  # no binding is written here
        self.listers = Listers()
        self.cache.nodes.namespace_labels = self.listers.namespace_labels
        self.nominator = Nominator()
        self.evicted: list[str] = []
        self.volumes = Volumes()
        handle = Handle(
            client,
            self.cache.nodes,
            self.listers,
            self.nominator,
            self._latest_pod,
            lambda victims, *_: self.evicted.extend(victim.uid for victim in victims),
            stream.keyed_bits64,
            self.volumes,
        )
        self.framework = Profile().build(handle)
        self.algorithm = Algorithm(self.cache, stream, percentage, self.nominator)
        self.oracle = Oracle(stream.keyed_bits64, percentage)
        self.pods: dict[str, JSONObject] = {}

    def add_node(self, node: JSONObject) -> None:
        self.cache.add_node(node)
        self.oracle.nodes.append(node)

    def remove_node(self, name: str) -> None:
        self.cache.remove_node(name)
        self.oracle.nodes = [n for n in self.oracle.nodes if n["metadata"]["name"] != name]

    def update_node(self, node: JSONObject) -> None:
        self.cache.update_node(node)
        name = node["metadata"]["name"]
        self.oracle.nodes = [
            node if old["metadata"]["name"] == name else old for old in self.oracle.nodes
        ]

    def add_owner(self, kind: str, name: str, selector: dict[str, str]) -> None:
        """A Service or a ReplicaSet."""
        if kind == "Service":
            self.oracle.services.append(selector)
        else:
            self.oracle.replica_sets[name] = selector
        wanted = selector if kind == "Service" else {"matchLabels": selector}
        metadata = {"name": name, "namespace": "default"}
        self.listers.put_owner(kind, {"metadata": metadata, "spec": {"selector": wanted}})

    def label_namespace(self, name: str, labels: dict[str, str]) -> None:
        self.listers.put_namespace({"metadata": {"name": name, "labels": labels}})
        self.cache.nodes.count_anew()
        self.oracle.namespaces[name] = labels

    def add_class(self, name: str, mode: str, provisioner: str) -> None:
        """A StorageClass."""
        storage_class = {"metadata": {"name": name}, "volumeBindingMode": mode}
        self.volumes.put_class({**storage_class, "provisioner": provisioner})
        storage = self.oracle.storage
        if mode == "WaitForFirstConsumer":
            storage.late.add(name)
        if provisioner != "kubernetes.io/no-provisioner":
            storage.made.add(name)

    def put_volume(self, volume: JSONObject) -> None:
        self.volumes.put_volume(volume)
        self.oracle.storage.volumes[volume["metadata"]["name"]] = volume

    def put_claim(self, claim: JSONObject) -> None:
        self.volumes.put_claim(claim)
        self.oracle.storage.claims[claim["metadata"]["name"]] = claim

    def bind_volumes(self, pod: JSONObject, info: PodInfo, result: ScheduleResult) -> None:
        """Let both choose volumes on the Pod's Node, and bind those."""
        node = self.oracle.node(result.node_name)
        chosen = self.oracle.storage.choose(pod, node) or {}
        self.framework.run_reserve_plugins(result.pod_class.state, info, result.node_name)
        for name, volume_name in chosen.items():
            claim = self.oracle.storage.claims[name]
            assumed = self.volumes.claim(f"default/{name}")
            if not volume_name:
                annotations = assumed["metadata"]["annotations"]
                assert annotations["volume.kubernetes.io/selected-node"] == result.node_name
                spec = {
                    "capacity": {"storage": "9Gi"},
                    "storageClassName": "made",
                    "claimRef": {"namespace": "default", "name": name},
                }
                self.put_volume({"metadata": {"name": f"made-for-{name}"}, "spec": spec})
            else:
                volume = self.volumes.volume(volume_name)
                assert volume["spec"]["claimRef"]["name"] == name
                metadata = {**volume["metadata"], "resourceVersion": "2"}
                self.put_volume({**volume, "metadata": metadata})
            self.put_claim(bound(claim, volume_name or f"made-for-{name}"))
        self.framework.run_unreserve_plugins(result.pod_class.state, info, result.node_name)

    def add_budget(self, name: str, labels: dict[str, str], allowed: int) -> None:
        metadata = {"name": name, "namespace": "default"}
        spec = {"selector": {"matchLabels": labels}}
        status = {"disruptionsAllowed": allowed}
        self.listers.put_budget({"metadata": metadata, "spec": spec, "status": status})
        self.oracle.budgets.append((labels, allowed))

    def nominate(self, pod: JSONObject, node: str) -> None:
        """Let a Pod wait for a Node; "" for none."""
        info = PodInfo(pod)
        self.nominator.put(info, node)
        self.oracle.nominated.pop(info.uid, None)
        if node:
            self.oracle.nominated[info.uid] = pod, node

    def _latest_pod(self, key: str) -> JSONObject | None:
        namespace, name = key.split("/")
        for pod, _ in self.oracle.bound.values():
            metadata = pod["metadata"]
            if (metadata["namespace"], metadata["name"]) == (namespace, name):
                return pod
        return None

    def end_pod(self, uid: str) -> None:
        """Mark a Pod as being deleted."""
        pod, node = self.oracle.bound[uid]
        ending = {**pod, "metadata": {**pod["metadata"], "deletionTimestamp": "now"}}
        self.cache.put_pod(PodInfo(ending), node)
        self.oracle.bound[uid] = (ending, node)

    def schedule(self, pod: JSONObject) -> ScheduleResult:
        """Let the vectorised one decide and assume."""
        info = PodInfo(pod)
        result = self.algorithm.schedule_pod(self.framework, info)
        self.attempt = Attempt(1, 0, self.cache.nodes.names, result)
        if result.node_name:
            self.cache.assume_pod(info, result.node_name)
            self.oracle.bound[info.uid] = (pod, result.node_name)
            if info.claims:
                self.bind_volumes(pod, info, result)
        return result

    def delete_pod(self, uid: str) -> None:
        self.cache.remove_pod(uid)
        del self.oracle.bound[uid]

    def compare(self, pod: JSONObject) -> str:
        """Let both decide; returns the chosen Node. The sums and messages must be equal as well."""
        expected = self.oracle.schedule(pod)
        self.evicted.clear()
        result = self.schedule(pod)
        assert result.node_name == expected.node, (pod, expected)
        assert result.status.message == expected.message, (pod, result.status.message, expected)
        assert self.algorithm.next_start == self.oracle.start
        self.post_nominated = (result.post.nominated_node if result.post else "") or ""
        assert self.post_nominated == expected.nominated
        assert self.evicted == expected.victims
        if expected.totals:
            verdicts = {node.name: node.total for node in self.attempt.nodes() if node.fits}
            assert verdicts == expected.totals
        return result.node_name


def make_room(world: World, rng: random.Random, pod: JSONObject) -> None:
    """What follows a preemption: victims go, and the Pod is tried again, sooner or later."""
    victims = list(world.evicted)
    if rng.random() < 0.7:
        world.nominate(pod, world.post_nominated)
    for uid in victims:
        if rng.random() < 0.8:
            world.delete_pod(uid)
        else:
            world.end_pod(uid)
    if rng.random() < 0.6:
        world.compare(pod)
        world.nominate(pod, "")


def random_node(rng: random.Random, name: str) -> JSONObject:
    labels = {"rank": str(rng.randrange(5))}
    if rng.random() < 0.8:
        labels["topology.kubernetes.io/zone"] = rng.choice("abc")
    if rng.random() < 0.5:
        labels["disk"] = rng.choice(["ssd", "hdd"])
    extra = {"example.com__gpu": str(rng.randrange(3))} if rng.random() < 0.3 else {}
    if rng.random() < 0.5:
        extra["ephemeral_storage"] = f"{rng.choice([1, 10])}Gi"
    return make_node(
        name,
        f"{rng.choice([0, 1000, 2000, 4000])}m" if rng.random() < 0.9 else "8",
        f"{rng.choice([512, 2048, 8192])}Mi",
        str(rng.choice([2, 5, 110])),
        labels=labels,
        taints=[t for t in TAINTS if rng.random() < 0.15],
        unschedulable=rng.random() < 0.1,
        images={f"app:{i}": rng.randrange(10, 900) * MIB for i in range(3) if rng.random() < 0.4},
        **extra,
    )


def random_term(rng: random.Random, names: list[str]) -> JSONObject:
    return rng.choice(
        [
            lambda: expression("disk", "In", "ssd"),
            lambda: expression("disk", "NotIn", "ssd", "nvme"),
            lambda: expression("disk", "Exists"),
            lambda: expression("disk", "DoesNotExist"),
            lambda: expression("rank", "Gt", str(rng.randrange(4))),
            lambda: expression("rank", "Lt", str(rng.randrange(1, 5))),
            lambda: expression("missing", "Gt", "1"),
            lambda: named("NotIn", *rng.sample(names, min(2, len(names)))),
            lambda: {**named("In", *rng.sample(names, min(3, len(names)))), **expression("rank", "Lt", "4")},
            lambda: {"matchExpressions": []},
            lambda: expression("topology.kubernetes.io/zone", "In", "a", "b"),
        ]
    )()  # fmt: skip


def random_template(rng: random.Random, names: list[str]) -> dict[str, Any]:
    spec: dict[str, Any] = {"image": f"app:{rng.randrange(4)}"}
    if rng.random() < 0.6:
        spec["priority"] = rng.choice([-5, 10, 100])
    if rng.random() < 0.8:
        spec["cpu"] = f"{rng.choice([50, 250, 900, 3000])}m"
    if rng.random() < 0.8:
        spec["memory"] = f"{rng.choice([64, 300, 1500])}Mi"
    if rng.random() < 0.15:
        spec["requests"] = {"example.com/gpu": "1"}
    elif rng.random() < 0.15:
        spec["requests"] = {"ephemeral-storage": "700Mi"}
    if rng.random() < 0.2:
        spec["ports"] = [(rng.choice(["", "127.0.0.1"]), rng.choice(["TCP", "UDP"]), 80)]
    if rng.random() < 0.2:
        spec["nodeSelector"] = {"disk": rng.choice(["ssd", "hdd"])}
    if rng.random() < 0.2:
        spec["affinity"] = required_affinity(
            *(random_term(rng, names) for _ in range(rng.choice([1, 2])))
        )
    elif rng.random() < 0.3:
        spec["affinity"] = preferred_affinity(
            *((rng.randrange(1, 101), random_term(rng, names)) for _ in range(2))
        )
    if rng.random() < 0.35:
        spec["affinity"] = {**spec.get("affinity", {}), **random_pod_affinity(rng)}
    if rng.random() < 0.2:
        spec["namespace"] = "other"
    if rng.random() < 0.4:
        key, value, effect = rng.choice(TAINTS)
        toleration = rng.choice(
            [
                {"key": key, "operator": "Exists"},
                {"key": key, "value": value, "effect": effect},
                {"operator": "Exists", "effect": effect},
                {"key": "node.kubernetes.io/unschedulable", "operator": "Exists"},
            ]
        )
        spec["tolerations"] = [toleration]
    if rng.random() < 0.1:
        spec["preemptionPolicy"] = "Never"
    if rng.random() < 0.7:
        spec["labels"] = {"app": rng.choice("abc")}
        if rng.random() < 0.5:
            spec["labels"]["hash"] = rng.choice("xy")
    if rng.random() < 0.2:
        spec["owner"] = rng.choice(["rs1", "rs2"])
    if rng.random() < 0.2 and spec.get("namespace") is None:
        spec["volumes"] = random_mounts(rng)
    if rng.random() < 0.2:
        spec["initContainers"] = [random_init(rng, number) for number in range(rng.choice([1, 3]))]
    if rng.random() < 0.1:
        spec["overhead"] = {"cpu": "50m", "memory": "64Mi"}
    if rng.random() < 0.1:
        spec["resources"] = {"requests": {rng.choice(["cpu", "memory"]): "700Mi"}}
        if "cpu" in spec["resources"]["requests"]:
            spec["resources"]["requests"]["cpu"] = "900m"
    if rng.random() < 0.35:
        spec["topologySpreadConstraints"] = [
            random_constraint(rng) for _ in range(rng.choice([1, 2, 3]))
        ]
    return spec


def random_init(rng: random.Random, number: int) -> JSONObject:
    container: JSONObject = {"name": f"init{number}", "image": "app:1"}
    if rng.random() < 0.5:
        container["restartPolicy"] = "Always"
    if rng.random() < 0.8:
        requests = {"cpu": f"{rng.choice([100, 600, 1500])}m", "memory": "256Mi"}
        container["resources"] = {"requests": requests}
    return container


def random_pod_affinity(rng: random.Random) -> JSONObject:
    affinity: JSONObject = {}
    for kind in ("podAffinity", "podAntiAffinity"):
        own: JSONObject = {}
        if rng.random() < 0.35:
            own["requiredDuringSchedulingIgnoredDuringExecution"] = [
                random_pod_term(rng) for _ in range(rng.choice([1, 1, 2]))
            ]
        if rng.random() < 0.4:
            own["preferredDuringSchedulingIgnoredDuringExecution"] = [
                {"weight": rng.randrange(1, 101), "podAffinityTerm": random_pod_term(rng)}
                for _ in range(rng.choice([1, 2]))
            ]
        if own:
            affinity[kind] = own
    return affinity


def random_pod_term(rng: random.Random) -> JSONObject:
    term: JSONObject = {
        "topologyKey": rng.choice([ZONE, HOSTNAME, HOSTNAME, "disk"]),
        "labelSelector": random_selector(rng),
    }
    if rng.random() < 0.2:
        term["namespaces"] = rng.sample(["default", "other", "third"], rng.choice([1, 2]))
    if rng.random() < 0.2:
        term["namespaceSelector"] = rng.choice([{}, {"matchLabels": {"team": "x"}}])
    if rng.random() < 0.2:
        term[rng.choice(["matchLabelKeys", "mismatchLabelKeys"])] = ["hash", "missing"]
    return term


def random_selector(rng: random.Random) -> JSONObject | None:
    return rng.choice(
        [
            {"matchLabels": {"app": rng.choice("abc")}},
            {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["a"]}]},
            {"matchExpressions": [{"key": "hash", "operator": "Exists"}]},
            {},
            None,
        ]
    )


def random_constraint(rng: random.Random) -> JSONObject:
    constraint: JSONObject = {
        "maxSkew": rng.choice([1, 1, 2, 4]),
        "topologyKey": rng.choice([ZONE, ZONE, HOSTNAME, HOSTNAME, "disk", "rank"]),
        "whenUnsatisfiable": rng.choice(["DoNotSchedule", "ScheduleAnyway"]),
        "labelSelector": random_selector(rng),
    }
    if rng.random() < 0.2 and constraint["whenUnsatisfiable"] == "DoNotSchedule":
        constraint["minDomains"] = rng.choice([2, 3, 5])
    if rng.random() < 0.3:
        constraint["matchLabelKeys"] = ["hash", "missing"]
    if rng.random() < 0.3:
        constraint["nodeAffinityPolicy"] = rng.choice(["Honor", "Ignore"])
    if rng.random() < 0.3:
        constraint["nodeTaintsPolicy"] = rng.choice(["Honor", "Ignore"])
    return constraint


def run_trial(seed: int, node_count: int, steps: int, percentage: int = 0) -> int:
    """A random history on a random cluster; returns how many Pods got a Node."""
    rng = random.Random(seed)
    world = World(seed, percentage)
    names = [f"n{i}" for i in range(node_count)]
    for name in names:
        world.add_node(random_node(rng, name))
    for number in range(rng.choice([0, 0, 1, 3])):
        world.add_budget(f"b{number}", {"app": rng.choice("abc")}, rng.randrange(4))
    add_storage(world, rng, names)
    templates = [random_template(rng, names) for _ in range(rng.choice([1, 4, 12]))]
    world.add_owner("ReplicaSet", "rs1", {"app": "a"})
    world.add_owner("ReplicaSet", "rs2", {"app": "b", "hash": "x"})
    scheduled = 0
    for step in range(steps):
        chance = rng.random()
        if chance < 0.1 and world.oracle.bound:
            world.delete_pod(rng.choice(sorted(world.oracle.bound)))
        elif chance < 0.12 and world.oracle.bound:
            world.end_pod(rng.choice(sorted(world.oracle.bound)))
        elif chance < 0.14:
            world.update_node(random_node(rng, rng.choice(world.oracle.nodes)["metadata"]["name"]))
        elif chance < 0.16:
            names.append(f"m{step}")
            world.add_node(random_node(rng, names[-1]))
        elif chance < 0.17 and len(world.oracle.nodes) > 1:
            world.remove_node(rng.choice(world.oracle.nodes)["metadata"]["name"])
        elif chance < 0.175:
            world.label_namespace("other", rng.choice([{}, {"team": "x"}]))
        elif chance < 0.18:
            world.add_owner("Service", f"s{step}", {"app": rng.choice("abc")})
        else:
            pod = make_pod(f"p{step}", **rng.choice(templates))
            if rng.random() < 0.8:
                pod["status"]["startTime"] = f"2026-01-01T00:00:0{rng.randrange(10)}Z"
            scheduled += bool(world.compare(pod))
            if world.evicted:
                make_room(world, rng, pod)
    return scheduled
