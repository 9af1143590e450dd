"""Terms of Pod affinity and anti-affinity, parsed once for all Pods that carry equal ones.

Models:
    staging/src/k8s.io/kube-scheduler/framework/types.go AffinityTerm
    pkg/registry/core/pod/strategy.go applyMatchLabelKeysAndMismatchLabelKeys
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import orjson

from webapp.apimachinery.labels import (
    IN,
    NOT_IN,
    NOTHING,
    Requirement,
    Selector,
    selector_from_label_selector,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from webapp.apimachinery.meta import JSONObject

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


class AffinityTerm(NamedTuple):
    """Which Pods, in which kind of place.

    Attributes:
        topology_key: The Node label whose values are the places.
        namespaces: Pods in these count,
        namespace_selector: and those in namespaces whose labels it selects,
        selector: if it selects their labels.
    """

    topology_key: str
    namespaces: frozenset[str]
    namespace_selector: Selector
    selector: Selector

    def matches(
        self,
        namespace: str,
        labels: Mapping[str, str],
        namespace_labels: Callable[[str], Mapping[str, str]],
    ) -> bool:
        """Whether a Pod with these labels in this namespace is meant."""
        if namespace not in self.namespaces:
            selector = self.namespace_selector
            if selector.selects_nothing or not selector.matches(namespace_labels(namespace)):
                return False
        return self.selector.matches(labels)


class AffinityTerms(NamedTuple):
    """All that a Pod says about other Pods.

    Attributes:
        required: Pods that must be near.
        required_anti: Pods that must not be near.
        preferred: Pairs of (weight, term); the weight is negative for anti-affinity.
    """

    required: tuple[AffinityTerm, ...]
    required_anti: tuple[AffinityTerm, ...]
    preferred: tuple[tuple[int, AffinityTerm], ...]


NO_TERMS = AffinityTerms((), (), ())


def affinity_terms(pod: JSONObject) -> AffinityTerms:
    """What the Pod says about other Pods."""
    affinity = pod["spec"].get("affinity")
    if not affinity:
        return NO_TERMS
    near, apart = affinity.get("podAffinity"), affinity.get("podAntiAffinity")
    if not near and not apart:
        return NO_TERMS
    metadata = pod["metadata"]
    text = orjson.dumps((near, apart, metadata.get("labels")))
    return _parsed(metadata.get("namespace", ""), text)


@lru_cache(maxsize=2048)
def _parsed(namespace: str, text: bytes) -> AffinityTerms:
    near, apart, labels = orjson.loads(text)
    near, apart, labels = near or {}, apart or {}, labels or {}

    def term(own: JSONObject) -> AffinityTerm:
        namespaces = own.get("namespaces") or ()
        of_namespaces = own.get("namespaceSelector")
        if not namespaces and of_namespaces is None:
            namespaces = (namespace,)
        return AffinityTerm(
            own["topologyKey"],
            frozenset(namespaces),
            selector_from_label_selector(of_namespaces),
            with_label_keys(
                selector_from_label_selector(own.get("labelSelector")),
                labels,
                own.get("matchLabelKeys") or (),
                own.get("mismatchLabelKeys") or (),
            ),
        )

    def weighted(owner: JSONObject, sign: int) -> list[tuple[int, AffinityTerm]]:
        return [
            (sign * own["weight"], term(own["podAffinityTerm"]))
            for own in owner.get(_PREFERRED) or ()
        ]

    return AffinityTerms(
        tuple(term(own) for own in near.get(_REQUIRED) or ()),
        tuple(term(own) for own in apart.get(_REQUIRED) or ()),
        (*weighted(near, 1), *weighted(apart, -1)),
    )


def with_label_keys(
    selector: Selector,
    labels: Mapping[str, str],
    match: tuple[str, ...] | list[str],
    mismatch: tuple[str, ...] | list[str] = (),
) -> Selector:
    """A selector narrowed to Pods whose values of the named labels equal (or differ from) these."""
    if selector is NOTHING or not (match or mismatch):
        return selector
    more = [Requirement(key, IN, (labels[key],)) for key in match if key in labels]
    more += [Requirement(key, NOT_IN, (labels[key],)) for key in mismatch if key in labels]
    return Selector((*selector.requirements, *more)) if more else selector
