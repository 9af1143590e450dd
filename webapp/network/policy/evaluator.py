"""Which connections the policies of a cluster let pass.

Policies and namespaces' labels enter as they change; :meth:`PolicyEvaluator.verdict` answers for two
ends and a port. Policies that select an end are found once for each set of labels in a namespace, and
verdicts are remembered until something changes: other policies cost nothing.

Models:
    pkg/apis/networking/types.go NetworkPolicy
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from webapp.network.policy.compiler import compile_policy
from webapp.network.policy.ends import ALLOWED, EGRESS, INGRESS, End, RuleRef, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webapp.apimachinery.meta import JSONObject
    from webapp.network.policy.compiler import CompiledPolicy, CompiledRule

REMEMBERED_VERDICTS = 50_000


class _Selected(NamedTuple):
    """Policies that isolate Pods with certain labels, in order of their names."""

    ingress: tuple[CompiledPolicy, ...]
    egress: tuple[CompiledPolicy, ...]


class PolicyEvaluator:
    """All NetworkPolicies of a cluster.

    Attributes:
        blocks_match_pods: Whether an ipBlock also means Pods; Cilium's does not.
        evaluations: Verdicts worked out, not remembered; for tests of the cost.
    """

    def __init__(self, *, blocks_match_pods: bool = True) -> None:
        self.blocks_match_pods = blocks_match_pods
        self.evaluations = 0
        self._policies: dict[str, dict[str, CompiledPolicy]] = {}
        self._namespaces: dict[str, Mapping[str, str]] = {}
        self._selected: dict[str, dict[tuple[tuple[str, str], ...], _Selected]] = {}
        self._verdicts: dict[tuple[End, End, int, str], Verdict] = {}

    @property
    def policies(self) -> list[CompiledPolicy]:
        """All policies, sorted by key."""
        return [
            policy
            for namespace in sorted(self._policies)
            for _, policy in sorted(self._policies[namespace].items())
        ]

    def put_policy(self, policy: JSONObject) -> None:
        """A policy is new or has changed."""
        compiled = compile_policy(policy)
        self._policies.setdefault(compiled.namespace, {})[compiled.key] = compiled
        self._forget(compiled.namespace)

    def remove_policy(self, policy: JSONObject) -> None:
        """A policy is gone."""
        metadata = policy["metadata"]
        held = self._policies.get(metadata["namespace"], {})
        held.pop(f"{metadata['namespace']}/{metadata['name']}", None)
        self._forget(metadata["namespace"])

    def put_namespace(self, name: str, labels: Mapping[str, str]) -> None:
        """A namespace is new or has other labels."""
        if self._namespaces.get(name) != labels:
            self._namespaces[name] = labels
            self._verdicts.clear()

    def remove_namespace(self, name: str) -> None:
        """A namespace is gone."""
        self._namespaces.pop(name, None)
        self._verdicts.clear()

    def verdict(self, source: End, destination: End, port: int, protocol: str = "TCP") -> Verdict:
        """Whether ``source`` may open a connection to a port of ``destination``.

        Args:
            source: Who connects.
            destination: Whom it reaches, after Services were resolved.
            port: The port there.
            protocol: TCP, UDP or SCTP.
        """
        if not self._policies:
            return ALLOWED
        key = (source, destination, port, protocol)
        found = self._verdicts.get(key)
        if found is None:
            if len(self._verdicts) >= REMEMBERED_VERDICTS:
                self._verdicts.clear()
            found = self._verdicts[key] = self._evaluate(source, destination, port, protocol)
        return found

    def isolating(self, end: End, direction: str) -> tuple[CompiledPolicy, ...]:
        """Policies that isolate a Pod in a direction, in order of their names."""
        if not end.selectable:
            return ()
        selected = self._selected_for(end)
        return selected.ingress if direction == INGRESS else selected.egress

    def _evaluate(self, source: End, destination: End, port: int, protocol: str) -> Verdict:
        self.evaluations += 1
        if _always_allowed(source, destination):
            return ALLOWED
        passed: dict[str, RuleRef | None] = {}
        for direction, end, peer in (
            (EGRESS, source, destination),
            (INGRESS, destination, source),
        ):
            policies = self.isolating(end, direction)
            found = self._allowing(policies, direction, peer, destination, port, protocol)
            if policies and found is None:
                names = tuple(policy.key for policy in policies)
                return Verdict(False, direction, names, egress=passed.get(EGRESS))
            passed[direction] = found
        return Verdict(True, egress=passed[EGRESS], ingress=passed[INGRESS])

    def _allowing(
        self,
        policies: tuple[CompiledPolicy, ...],
        direction: str,
        peer: End,
        destination: End,
        port: int,
        protocol: str,
    ) -> RuleRef | None:
        for policy in policies:
            for index, rule in enumerate(policy.rules(direction) or ()):
                if self._matches(rule, peer, destination, port, protocol):
                    return RuleRef(policy.key, direction, index)
        return None

    def _matches(
        self, rule: CompiledRule, peer: End, destination: End, port: int, protocol: str
    ) -> bool:
        if rule.ports and not any(
            matcher.matches(destination, port, protocol) for matcher in rule.ports
        ):
            return False
        return not rule.peers or any(
            matcher.matches(peer, self._namespaces.get, blocks_match_pods=self.blocks_match_pods)
            for matcher in rule.peers
        )

    def _selected_for(self, end: End) -> _Selected:
        remembered = self._selected.setdefault(end.namespace, {})
        labels = tuple(sorted(end.labels.items()))
        found = remembered.get(labels)
        if found is None:
            held = self._policies.get(end.namespace, {})
            matching = [held[key] for key in sorted(held) if held[key].pods.matches(end.labels)]
            found = remembered[labels] = _Selected(
                tuple(policy for policy in matching if policy.ingress is not None),
                tuple(policy for policy in matching if policy.egress is not None),
            )
        return found

    def _forget(self, namespace: str) -> None:
        if not self._policies.get(namespace, True):
            del self._policies[namespace]
        self._selected.pop(namespace, None)
        self._verdicts.clear()


def _always_allowed(source: End, destination: End) -> bool:
    """A Pod reaches itself, and a machine reaches the Pods that run on it: its kubelet probes them."""
    if source.uid and source.uid == destination.uid:
        return True
    return source.host and bool(source.node) and source.node == destination.node
