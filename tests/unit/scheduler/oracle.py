"""A plain scheduler to compare with: one Node after the other, nothing kept, nothing clever.

Nodes and Pods are JSON trees; quantities are whole millicores and MiB in the tests' own worlds, so
that this file shares no code with what it checks.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.unit.scheduler.volume_oracle import Storage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

JSON = dict[str, Any]

MIB = 1024 * 1024
UNRESOLVABLE = True


@dataclass
class Decision:
    """What the oracle decided: the Node ("" for none), sums by Node, the whole message, and whom
    to evict from where."""

    node: str
    totals: dict[str, int]
    message: str
    nominated: str = ""
    victims: list[str] = field(default_factory=list)


@dataclass
class Oracle:
    """A cluster as lists and dicts.

    Attributes:
        nodes: In order of arrival.
        bound: Pod UID → (Pod, Node name).
        start: Where the next scan begins.
        services: Selectors of Services.
        replica_sets: ReplicaSet name → the labels that it selects.
        namespaces: Name → labels.
        nominated: Pod UID → (Pod, Node that it waits for).
        budgets: Pairs of (labels, how many may go).
    """

    tie_break: Callable[[str], int]
    percentage: int = 0
    nodes: list[JSON] = field(default_factory=list)
    bound: dict[str, tuple[JSON, str]] = field(default_factory=dict)
    start: int = 0
    services: list[dict[str, str]] = field(default_factory=list)
    replica_sets: dict[str, dict[str, str]] = field(default_factory=dict)
    namespaces: dict[str, dict[str, str]] = field(default_factory=dict)
    nominated: dict[str, tuple[JSON, str]] = field(default_factory=dict)
    budgets: list[tuple[dict[str, str], int]] = field(default_factory=list)
    storage: Storage = field(default_factory=lambda: Storage(term_matches))

    def scan_order(self) -> list[JSON]:
        """Zones take turns."""
        zones: dict[Any, list[JSON]] = {}
        for node in self.nodes:
            labels = node["metadata"]["labels"]
            zone = labels.get("topology.kubernetes.io/zone", "")
            zones.setdefault(zone, []).append(node)
        lists = list(zones.values())
        longest = max(map(len, lists), default=0)
        return [own[i] for i in range(longest) for own in lists if i < len(own)]

    def node(self, name: str) -> JSON:
        """A Node by name."""
        return next(node for node in self.nodes if node["metadata"]["name"] == name)

    def pods_on(self, node: JSON) -> list[JSON]:
        """Pods bound to a Node."""
        name = node["metadata"]["name"]
        return [pod for pod, where in self.bound.values() if where == name]

    def schedule(self, pod: JSON) -> Decision:
        """Filter, score, choose."""
        order = self.scan_order()
        if not order:
            return Decision("", {}, "no nodes available to schedule pods")
        only = names_only(pod)
        if only is not None and not only:
            reasons = "pod affinity terms conflict"
            text = f"0/{len(order)} nodes are available: {reasons}."
            return Decision("", {}, f"{text} not found")
        problem = self.storage.problem(pod)
        if problem:
            return Decision("", {}, f"0/{len(order)} nodes are available: {problem}. not found")
        candidates = [n for n in order if only is None or n["metadata"]["name"] in only]
        total = len(candidates)
        if only is None:
            begin = self.start % total
            candidates = candidates[begin:] + candidates[:begin]
        wanted = nodes_to_find(self.percentage, len(order)) if only is None else total
        _, waits_for = self.nominated.get(pod["metadata"]["uid"], (None, ""))
        for node in candidates:
            if (
                node["metadata"]["name"] == waits_for
                and not self.refuse_with_nominated(pod, node)[0]
            ):
                return Decision(waits_for, {}, "")
        fitting, reasons, helpful, looked_at = [], {}, [], 0
        for node in candidates:
            looked_at += 1
            own, unresolvable = self.refuse_with_nominated(pod, node)
            if not own:
                fitting.append(node)
                if len(fitting) == wanted:
                    break
            else:
                if not unresolvable:
                    helpful.append(node)
                for reason in own:
                    reasons[reason] = reasons.get(reason, 0) + 1
        self.start = (self.start + looked_at) % len(order)
        if not fitting:
            left_out = len(order) - total
            if left_out:
                reasons["node(s) didn't satisfy plugin(s) [NodeAffinity]"] = left_out
            return self.with_preemption(pod, message(len(order), reasons), helpful)
        if len(fitting) == 1:
            return Decision(fitting[0]["metadata"]["name"], {}, "")
        totals = self.score(pod, fitting)
        best = max(totals.values())
        names = [n["metadata"]["name"] for n in fitting if totals[n["metadata"]["name"]] == best]
        index = self.tie_break(pod["metadata"]["uid"]) % len(names) if len(names) > 1 else 0
        return Decision(names[index], totals, "")

    def refuse_with_nominated(self, pod: JSON, node: JSON) -> tuple[list[str], bool]:
        """All filters, with as important Pods that wait for the Node, then without."""
        here = node["metadata"]["name"]
        waiting = {
            uid: (other, where)
            for uid, (other, where) in self.nominated.items()
            if where == here
            and uid != pod["metadata"]["uid"]
            and uid not in self.bound
            and priority(other) >= priority(pod)
        }
        if waiting:
            before, self.bound = self.bound, {**self.bound, **waiting}
            own = self.refuse(pod, node)
            self.bound = before
            if own[0]:
                return own
        return self.refuse(pod, node)

    def refuse(self, pod: JSON, node: JSON) -> tuple[list[str], bool]:
        """All filters, in order."""
        own, unresolvable = refuse(pod, node, self.pods_on(node))
        if not own and pod["spec"].get("volumes"):
            placed = [other for other, _ in self.placed()]
            own, unresolvable = self.storage.refuse(pod, node, placed)
        if not own:
            own, unresolvable = self.uneven(pod, node)
        if not own:
            own, unresolvable = self.unfriendly(pod, node)
        return own, unresolvable

    def with_preemption(self, pod: JSON, text: str, helpful: list[JSON]) -> Decision:
        """Evict, or say why not."""
        if pod["spec"].get("preemptionPolicy") == "Never":
            text += " no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never."
            return Decision("", {}, text)
        order = self.scan_order()
        helpful = [node for node in order if node in helpful]
        reasons: dict[str, int] = {}
        harmless, violating = [], []
        if helpful:
            offset = self.tie_break(pod["metadata"]["uid"] + "/preemption") % len(helpful)
            helpful = helpful[offset:] + helpful[:offset]
        wanted = max(100, len(helpful) // 10)
        for node in helpful:
            why, victims, violations = self.victims_on(pod, node)
            for reason in why:
                reasons[reason] = reasons.get(reason, 0) + 1
            if victims:
                found = (node["metadata"]["name"], victims, violations)
                (violating if violations else harmless).append(found)
                if harmless and len(harmless) + len(violating) >= wanted:
                    break
        candidates = harmless + violating
        if not candidates:
            if len(order) > len(helpful):
                reasons["Preemption is not helpful for scheduling"] = len(order) - len(helpful)
            return Decision(
                "",
                {},
                f"{text} no new claims to deallocate, preemption: {message(len(order), reasons)}",
            )

        def harm(candidate: tuple[str, list[JSON], int]) -> tuple[int, int, int, int]:
            _, victims, violations = candidate
            priorities = [priority(victim) for victim in victims]
            return violations, priorities[0], sum(p + 2**31 for p in priorities), len(victims)

        def earliest(candidate: tuple[str, list[JSON], int]) -> str:
            highest = max(priority(victim) for victim in candidate[1])
            return min(started(v) for v in candidate[1] if priority(v) == highest)

        least = min(map(harm, candidates))
        candidates = [one for one in candidates if harm(one) == least]
        latest = max(map(earliest, candidates))
        name, victims, _ = next(one for one in candidates if earliest(one) == latest)
        return Decision("", {}, text, name, [victim["metadata"]["uid"] for victim in victims])

    def victims_on(self, pod: JSON, node: JSON) -> tuple[list[str], list[JSON], int]:
        """Why eviction does not help, or the victims and how many of them budgets protect."""
        lower = [other for other in self.pods_on(node) if priority(other) < priority(pod)]
        if not lower:
            return ["No preemption victims found for incoming pod"], [], 0
        lower.sort(key=lambda one: (-priority(one), started(one), one["metadata"]["uid"]))
        before = self.bound
        gone = {other["metadata"]["uid"] for other in lower}
        self.bound = {uid: own for uid, own in before.items() if uid not in gone}
        why, _ = self.refuse_with_nominated(pod, node)
        victims, violations = [], 0
        if not why:
            protected = self.protected(lower)
            for other in sorted(lower, key=lambda one: one["metadata"]["uid"] not in protected):
                uid = other["metadata"]["uid"]
                self.bound = {**self.bound, uid: before[uid]}
                if self.refuse_with_nominated(pod, node)[0]:
                    self.bound = {u: own for u, own in self.bound.items() if u != uid}
                    victims.append(other)
                    violations += uid in protected
            victims = [other for other in lower if other in victims]
        self.bound = before
        return why, victims, violations

    def protected(self, pods: list[JSON]) -> set[str]:
        """UIDs of Pods that budgets do not let go, when evicted in this order."""
        left = [allowed for _, allowed in self.budgets]
        found = set()
        for pod in pods:
            if not pod["metadata"].get("labels") or pod["metadata"]["namespace"] != "default":
                continue
            for place, (selector, _) in enumerate(self.budgets):
                if labels_match({"matchLabels": selector}, pod["metadata"]["labels"]):
                    left[place] -= 1
                    if left[place] < 0:
                        found.add(pod["metadata"]["uid"])
        return found

    def score(self, pod: JSON, fitting: list[JSON]) -> dict[str, int]:
        """Weighted sums by Node name."""
        taints = normalized([unwelcome(pod, n) for n in fitting], reverse=True)
        preferred = preferred_terms(pod)
        wishes = [sum(w for w, t in preferred if term_matches(t, n)) for n in fitting]
        affinity = normalized(wishes, reverse=False) if preferred else [0] * len(fitting)
        spread = self.spread_scores(pod, fitting)
        friends = self.friend_scores(pod, fitting)
        totals = {}
        for place, node in enumerate(fitting):
            on_node = self.pods_on(node)
            total = 3 * taints[place] + 2 * affinity[place] + 2 * spread[place] + 2 * friends[place]
            total += least_allocated(pod, node, on_node)
            total += balanced(pod, node, on_node)
            total += self.image_score(pod, node)
            totals[node["metadata"]["name"]] = total
        return totals

    def uneven(self, pod: JSON, node: JSON) -> tuple[list[str], bool]:
        """PodTopologySpread's hard constraints."""
        hard = [
            c
            for c in pod["spec"].get("topologySpreadConstraints", [])
            if c["whenUnsatisfiable"] == "DoNotSchedule"
        ]
        reason = "node(s) didn't match pod topology spread constraints"
        labels = node["metadata"]["labels"]
        for constraint in hard:
            key = constraint["topologyKey"]
            if key not in labels:
                return [f"{reason} (missing required label)"], UNRESOLVABLE
            counts: dict[str, int] = {}
            for other in self.nodes:
                theirs = other["metadata"]["labels"]
                if all(c["topologyKey"] in theirs for c in hard) and included(
                    pod, constraint, other
                ):
                    counts.setdefault(theirs[key], 0)
                    counts[theirs[key]] += self.matching_on(other, pod, constraint)
            least = min(counts.values(), default=0)
            if len(counts) < (constraint.get("minDomains") or 1):
                least = 0
            itself = selected(pod, pod, constraint)
            if counts.get(labels[key], 0) + itself - least > constraint["maxSkew"]:
                return [reason], False
        return [], False

    def meant(self, owner: JSON, term: JSON, other: JSON) -> bool:
        """Whether an affinity term of ``owner`` means another Pod."""
        space = other["metadata"]["namespace"]
        spaces = term.get("namespaces", [])
        selector = term.get("namespaceSelector")
        if not spaces and selector is None:
            spaces = [owner["metadata"]["namespace"]]
        if space not in spaces and not labels_match(selector, self.namespaces.get(space, {})):
            return False
        labels, own = other["metadata"].get("labels", {}), owner["metadata"].get("labels", {})
        if not labels_match(term.get("labelSelector"), labels):
            return False
        return all(
            labels.get(key) == own[key] for key in term.get("matchLabelKeys", []) if key in own
        ) and all(
            labels.get(key) != own[key] for key in term.get("mismatchLabelKeys", []) if key in own
        )

    def same_place(self, key: str, one: JSON, other: JSON) -> bool:
        """Whether two Nodes share a domain."""
        mine, theirs = one["metadata"]["labels"], other["metadata"]["labels"]
        return key in mine and mine[key] == theirs.get(key)

    def placed(self) -> list[tuple[JSON, JSON]]:
        """All (Pod, Node) pairs."""
        by_name = {node["metadata"]["name"]: node for node in self.nodes}
        return [(pod, by_name[where]) for pod, where in self.bound.values() if where in by_name]

    def unfriendly(self, pod: JSON, node: JSON) -> tuple[list[str], bool]:
        """InterPodAffinity's required terms."""
        near = pod_terms(pod, "podAffinity")
        if near:
            everyone = [
                (other, where)
                for other, where in self.placed()
                if all(self.meant(pod, term, other) for term in near)
            ]
            somewhere = any(
                term["topologyKey"] in where["metadata"]["labels"]
                for _, where in everyone
                for term in near
            )
            has_keys = all(term["topologyKey"] in node["metadata"]["labels"] for term in near)
            here = all(
                any(self.same_place(term["topologyKey"], node, where) for _, where in everyone)
                for term in near
            )
            first = not somewhere and all(self.meant(pod, term, pod) for term in near)
            if not has_keys or not (here or first):
                return ["node(s) didn't match pod affinity rules"], UNRESOLVABLE
        for term in pod_terms(pod, "podAntiAffinity"):
            for other, where in self.placed():
                if self.same_place(term["topologyKey"], node, where) and self.meant(
                    pod, term, other
                ):
                    return ["node(s) didn't match pod anti-affinity rules"], False
        for other, where in self.placed():
            for term in pod_terms(other, "podAntiAffinity"):
                if self.same_place(term["topologyKey"], where, node) and self.meant(
                    other, term, pod
                ):
                    return ["node(s) didn't satisfy existing pods anti-affinity rules"], False
        return [], False

    def friend_scores(self, pod: JSON, fitting: list[JSON]) -> list[int]:
        """InterPodAffinity's preferred terms, normalized."""
        raw = []
        for node in fitting:
            score = 0
            for other, where in self.placed():
                for one, two, place in ((pod, other, where), (other, pod, where)):
                    for weight, term in pod_wishes(one):
                        if self.same_place(term["topologyKey"], place, node) and self.meant(
                            one, term, two
                        ):
                            score += weight
                for term in pod_terms(other, "podAffinity"):
                    if self.same_place(term["topologyKey"], where, node) and self.meant(
                        other, term, pod
                    ):
                        score += 1
            raw.append(score)
        least, most = min(raw), max(raw)
        return [int(100.0 * ((s - least) / (most - least))) if most > least else 0 for s in raw]

    def matching_on(self, node: JSON, pod: JSON, constraint: JSON) -> int:
        """Pods on a Node that a constraint counts."""
        return sum(
            selected(other, pod, constraint)
            for other in self.pods_on(node)
            if "deletionTimestamp" not in other["metadata"]
        )

    def spread_scores(self, pod: JSON, fitting: list[JSON]) -> list[int]:
        """PodTopologySpread's soft constraints, normalized."""
        own = pod["spec"].get("topologySpreadConstraints")
        if own:
            soft = [c for c in own if c["whenUnsatisfiable"] == "ScheduleAnyway"]
        else:
            soft = self.default_constraints(pod)
        if not soft:
            return [0] * len(fitting)
        keys = [c["topologyKey"] for c in soft]
        scores: dict[str, int] = {}
        scored = [n for n in fitting if not own or all(k in n["metadata"]["labels"] for k in keys)]
        for node in scored:
            score = 0.0
            for constraint in soft:
                key = constraint["topologyKey"]
                value = node["metadata"]["labels"].get(key)
                if value is None:
                    continue
                if key == "kubernetes.io/hostname":
                    count, domains = self.matching_on(node, pod, constraint), len(scored)
                else:
                    count = sum(
                        self.matching_on(other, pod, constraint)
                        for other in self.nodes
                        if other["metadata"]["labels"].get(key) == value
                        and (not own or all(k in other["metadata"]["labels"] for k in keys))
                        and included(pod, constraint, other)
                    )
                    domains = len({n["metadata"]["labels"].get(key) for n in scored})
                score += count * math.log(domains + 2) + (constraint["maxSkew"] - 1)
            scores[node["metadata"]["name"]] = math.floor(score + 0.5)
        least, most = min(scores.values(), default=0), max(scores.values(), default=0)
        result = []
        for node in fitting:
            name = node["metadata"]["name"]
            if name not in scores:
                result.append(0)
            elif most == 0:
                result.append(100)
            else:
                result.append(100 * (most + least - scores[name]) // most)
        return result

    def default_constraints(self, pod: JSON) -> list[JSON]:
        """For Pods that a Service or a ReplicaSet selects."""
        if pod["metadata"]["namespace"] != "default":
            return []
        labels = pod["metadata"].get("labels", {})
        wanted: dict[str, str] = {}
        for selector in self.services:
            if all(labels.get(key) == value for key, value in selector.items()):
                wanted |= selector
        owned = [
            {"key": key, "operator": "In", "values": [value]}
            for reference in pod["metadata"].get("ownerReferences", [])
            for key, value in self.replica_sets[reference["name"]].items()
        ]
        if not wanted and not owned:
            return []
        selector = {"matchLabels": wanted, "matchExpressions": owned}
        return [
            {"maxSkew": 3, "topologyKey": "kubernetes.io/hostname", "labelSelector": selector},
            {"maxSkew": 5, "topologyKey": "topology.kubernetes.io/zone", "labelSelector": selector},
        ]

    def image_score(self, pod: JSON, node: JSON) -> int:
        """ImageLocality."""
        total = 0
        containers = [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]
        for container in containers:
            image = container["image"]
            holders = [n for n in self.nodes if image in images(n)]
            if node in holders:
                total += int(images(node)[image] * (len(holders) / len(self.nodes)))
        low, high = 23 * MIB, 1000 * MIB * len(containers)
        return 100 * (min(max(total, low), high) - low) // (high - low)


def pod_terms(pod: JSON, kind: str) -> list[JSON]:
    """Required terms of a Pod."""
    affinity = pod["spec"].get("affinity", {}).get(kind, {})
    return affinity.get("requiredDuringSchedulingIgnoredDuringExecution", [])


def pod_wishes(pod: JSON) -> list[tuple[int, JSON]]:
    """Preferred terms of a Pod with their weights, negative for anti-affinity."""
    found = []
    for kind, sign in (("podAffinity", 1), ("podAntiAffinity", -1)):
        affinity = pod["spec"].get("affinity", {}).get(kind, {})
        wishes = affinity.get("preferredDuringSchedulingIgnoredDuringExecution", [])
        found.extend((sign * one["weight"], one["podAffinityTerm"]) for one in wishes)
    return found


def included(pod: JSON, constraint: JSON, node: JSON) -> bool:
    """Whether a Node counts for a constraint."""
    if constraint.get("nodeAffinityPolicy") != "Ignore" and not affinity_matches(pod, node):
        return False
    return constraint.get("nodeTaintsPolicy") != "Honor" or not any(
        effect in ("NoSchedule", "NoExecute") and not tolerated(pod, key, value, effect)
        for key, value, effect in taints(node)
    )


def selected(other: JSON, pod: JSON, constraint: JSON) -> bool:
    """Whether a Pod counts for a constraint of ``pod``."""
    if other["metadata"]["namespace"] != pod["metadata"]["namespace"]:
        return False
    labels = other["metadata"].get("labels", {})
    own = pod["metadata"].get("labels", {})
    keys = [key for key in constraint.get("matchLabelKeys", []) if key in own]
    return labels_match(constraint["labelSelector"], labels) and all(
        labels.get(key) == own[key] for key in keys
    )


def labels_match(selector: JSON | None, labels: dict[str, str]) -> bool:
    if selector is None:
        return False
    wanted = selector.get("matchLabels", {}).items()
    return all(labels.get(key) == value for key, value in wanted) and all(
        condition(labels.get(e["key"]), e) for e in selector.get("matchExpressions", [])
    )


def nodes_to_find(percentage: int, total: int) -> int:
    if total < 100:
        return total
    share = percentage or max(50 - total // 125, 5)
    return max(total * share // 100, 100)


def message(total: int, reasons: dict[str, int]) -> str:
    parts = sorted(f"{count} {reason}" for reason, count in reasons.items())
    return f"0/{total} nodes are available: {', '.join(parts)}."


def priority(pod: JSON) -> int:
    return pod["spec"].get("priority", 0)


def started(pod: JSON) -> str:
    return pod["status"].get("startTime", "~")


def images(node: JSON) -> dict[str, int]:
    return {
        name: image["sizeBytes"]
        for image in node["status"].get("images", [])
        for name in image["names"]
    }


def number(resource: str, text: str) -> int:
    """Only what the tests write: plain integers, ``m``, ``Mi``, ``Gi``."""
    digits, suffix = re.fullmatch(r"(\d+)(m|Mi|Gi)?", text).groups()
    if suffix == "m":
        return int(digits)
    value = int(digits) * {None: 1, "Mi": MIB, "Gi": 1024 * MIB}[suffix]
    return value * 1000 if resource == "cpu" else value


def asks(pod: JSON, *, defaults: bool = False) -> dict[str, int]:
    """The most that a Pod needs at any time: beside its sidecars, during each init container too."""
    spec = pod["spec"]
    running = summed(wants(container, defaults=defaults) for container in spec["containers"])
    sidecars: dict[str, int] = {}
    moments = []
    for container in spec.get("initContainers", []):
        own = wants(container, defaults=defaults)
        moments.append(summed([sidecars, own]))
        if container.get("restartPolicy") == "Always":
            sidecars = summed([sidecars, own])
    moments.append(summed([sidecars, running]))
    total = {name: max(m.get(name, 0) for m in moments) for moment in moments for name in moment}
    for name, text in spec.get("resources", {}).get("requests", {}).items():
        total[name] = number(name, text)
    overhead = {name: number(name, text) for name, text in spec.get("overhead", {}).items()}
    return summed([total, overhead])


def wants(container: JSON, *, defaults: bool) -> dict[str, int]:
    requests = container.get("resources", {}).get("requests", {})
    amounts = {name: number(name, text) for name, text in requests.items()}
    if defaults:
        amounts.setdefault("cpu", 100)
        amounts.setdefault("memory", 200 * MIB)
    return amounts


def summed(many: Iterable[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for amounts in many:
        for name, amount in amounts.items():
            total[name] = total.get(name, 0) + amount
    return total


def has(node: JSON) -> dict[str, int]:
    return {name: number(name, text) for name, text in node["status"]["allocatable"].items()}


def tolerated(pod: JSON, key: str, value: str, effect: str) -> bool:
    for toleration in pod["spec"].get("tolerations", []):
        if toleration.get("effect") not in (None, "", effect):
            continue
        if toleration.get("key") and toleration["key"] != key:
            continue
        if toleration.get("operator") == "Exists":
            return True
        if toleration.get("key") and toleration.get("value", "") == value:
            return True
    return False


def taints(node: JSON) -> list[tuple[str, str, str]]:
    return [(t["key"], t["value"], t["effect"]) for t in node["spec"].get("taints", [])]


def refuse(pod: JSON, node: JSON, on_node: list[JSON]) -> tuple[list[str], bool]:
    """Reasons of the first filter that refuses, and whether eviction could not help."""
    if node["spec"].get("unschedulable") and not tolerated(
        pod, "node.kubernetes.io/unschedulable", "", "NoSchedule"
    ):
        return ["node(s) were unschedulable"], UNRESOLVABLE
    for key, value, effect in taints(node):
        if effect in ("NoSchedule", "NoExecute") and not tolerated(pod, key, value, effect):
            return ["node(s) had untolerated taint(s)"], UNRESOLVABLE
    if not affinity_matches(pod, node):
        return ["node(s) didn't match Pod's node affinity/selector"], UNRESOLVABLE
    wanted = ports(pod)
    for other in on_node:
        for taken in ports(other):
            if any(clash(taken, want) for want in wanted):
                return ["node(s) didn't have free ports for the requested pod ports"], False
    return resources_short(pod, node, on_node)


def resources_short(pod: JSON, node: JSON, on_node: list[JSON]) -> tuple[list[str], bool]:
    reasons, unresolvable = [], False
    capacity = has(node)
    if len(on_node) + 1 > capacity["pods"]:
        reasons.append("Too many pods")
    used: dict[str, int] = {}
    for other in on_node:
        for name, amount in asks(other).items():
            used[name] = used.get(name, 0) + amount
    for name, amount in asks(pod).items():
        room = capacity.get(name, 0)
        if amount and amount + used.get(name, 0) > room:
            reasons.append(f"Insufficient {name}")
            unresolvable = unresolvable or amount > room
    return reasons, unresolvable


def ports(pod: JSON) -> list[tuple[str, str, int]]:
    return [
        (port["hostIP"] or "0.0.0.0", port["protocol"], port["hostPort"])
        for container in pod["spec"]["containers"]
        for port in container.get("ports", [])
    ]


def clash(one: tuple[str, str, int], other: tuple[str, str, int]) -> bool:
    return one[1:] == other[1:] and (one[0] == other[0] or "0.0.0.0" in (one[0], other[0]))


def node_affinity(pod: JSON) -> JSON:
    return pod["spec"].get("affinity", {}).get("nodeAffinity", {})


def required_terms(pod: JSON) -> list[JSON] | None:
    required = node_affinity(pod).get("requiredDuringSchedulingIgnoredDuringExecution")
    return None if required is None else required["nodeSelectorTerms"]


def preferred_terms(pod: JSON) -> list[tuple[int, JSON]]:
    found = node_affinity(pod).get("preferredDuringSchedulingIgnoredDuringExecution", [])
    return [(one["weight"], one["preference"]) for one in found]


def names_only(pod: JSON) -> set[str] | None:
    terms = required_terms(pod)
    if not terms:
        return None
    named: set[str] = set()
    for term in terms:
        fields = [f for f in term.get("matchFields", []) if f["operator"] == "In"]
        if not fields:
            return None
        own = set(fields[0]["values"])
        for other in fields[1:]:
            own &= set(other["values"])
        named |= own
    return named


def affinity_matches(pod: JSON, node: JSON) -> bool:
    labels = node["metadata"]["labels"]
    for key, value in pod["spec"].get("nodeSelector", {}).items():
        if labels.get(key) != value:
            return False
    terms = required_terms(pod)
    return terms is None or any(term_matches(term, node) for term in terms)


def term_matches(term: JSON, node: JSON) -> bool:
    labels = node["metadata"]["labels"]
    expressions, fields = term.get("matchExpressions", []), term.get("matchFields", [])
    if not expressions and not fields:
        return False
    return all(condition(labels.get(e["key"]), e) for e in expressions) and all(
        condition(node["metadata"]["name"], f) for f in fields
    )


def condition(value: str | None, wanted: JSON) -> bool:
    operator, values = wanted["operator"], wanted.get("values", [])
    if operator == "In":
        return value is not None and value in values
    if operator == "NotIn":
        return value is None or value not in values
    if operator == "Exists":
        return value is not None
    if operator == "DoesNotExist":
        return value is None
    if value is None or not re.fullmatch(r"-?\d+", value):
        return False
    return int(value) > int(values[0]) if operator == "Gt" else int(value) < int(values[0])


def unwelcome(pod: JSON, node: JSON) -> int:
    relevant = {
        "spec": {
            "tolerations": [
                t
                for t in pod["spec"].get("tolerations", [])
                if t.get("effect") in (None, "", "PreferNoSchedule")
            ]
        }
    }
    return sum(
        effect == "PreferNoSchedule" and not tolerated(relevant, key, value, effect)
        for key, value, effect in taints(node)
    )


def normalized(scores: list[int], *, reverse: bool) -> list[int]:
    largest = max(scores)
    if not largest:
        return [100 if reverse else 0] * len(scores)
    scaled = [100 * score // largest for score in scores]
    return [100 - score for score in scaled] if reverse else scaled


def least_allocated(pod: JSON, node: JSON, on_node: list[JSON]) -> int:
    capacity = has(node)
    scores = []
    for name in ("cpu", "memory"):
        room = capacity[name]
        used = sum(asks(p, defaults=True)[name] for p in [*on_node, pod])
        if room:
            scores.append((room - used) * 100 // room if used <= room else 0)
    return sum(scores) // len(scores) if scores else 0


def balanced(pod: JSON, node: JSON, on_node: list[JSON]) -> int:
    asked = asks(pod)
    if not asked.get("cpu") and not asked.get("memory"):
        return 0
    before, after = evenness(node, on_node), evenness(node, [*on_node, pod])
    return 50 + (50 + after - before) // 2


def evenness(node: JSON, pods: list[JSON]) -> int:
    capacity = has(node)
    shares = []
    for name in ("cpu", "memory"):
        if capacity[name]:
            used = sum(asks(p).get(name, 0) for p in pods)
            shares.append(min(used / capacity[name], 1.0))
    deviation = abs((shares[0] - shares[1]) / 2) if len(shares) == 2 else 0.0
    return int((1 - deviation) * 100)
