"""What the objects of a Namespace count for in one ResourceQuota, kept up to date one at a time. Pure.

Upstream measures everything again at every sync; here a change costs what changed.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import TYPE_CHECKING

from webapp.api.core.quota import amount_text, counted_resources, is_in_scope, usage_of

if TYPE_CHECKING:
    from webapp.api.core.quota import Amounts
    from webapp.apimachinery.meta import JSONObject


class QuotaTally:
    """The use of one quota.

    Args:
        quota: The quota, whose spec decides what counts.
    """

    def __init__(self, quota: JSONObject) -> None:
        self._spec = quota["spec"]
        self._hard: JSONObject = self._spec.get("hard") or {}
        self._concerned: dict[tuple[str, str], list[str]] = {}
        self._shares: dict[tuple[str, str, str], Amounts] = {}
        self._totals: Amounts = defaultdict(Fraction)

    def is_for(self, quota: JSONObject) -> bool:
        """Whether the quota still counts in the same way."""
        return bool(self._spec == quota["spec"])

    def counts(self, group: str, resource: str) -> bool:
        """Whether objects of a kind count at all."""
        return bool(self._names(group, resource))

    def put(self, group: str, resource: str, obj: JSONObject, now_ms: int) -> bool:
        """Count an object that is new or has changed; return whether the use differs."""
        key = (group, resource, obj["metadata"]["name"])
        share: Amounts = {}
        if is_in_scope(self._spec, group, resource, obj):
            usage = usage_of(group, resource, obj, now_ms)
            share = {name: usage[name] for name in self._names(group, resource) if usage.get(name)}
        if share == self._shares.get(key, {}):
            return False
        self._take(key)
        if share:
            self._shares[key] = share
            for name, amount in share.items():
                self._totals[name] += amount
        return True

    def remove(self, group: str, resource: str, name: str) -> bool:
        """Forget an object; return whether it counted."""
        return self._take((group, resource, name))

    def used(self) -> dict[str, str]:
        """``status.used``."""
        return {
            name: amount_text(self._totals[name], hard) if self._totals[name] else "0"
            for name, hard in self._hard.items()
        }

    def _names(self, group: str, resource: str) -> list[str]:
        known = self._concerned.get((group, resource))
        if known is None:
            known = counted_resources(sorted(self._hard), group, resource)
            self._concerned[group, resource] = known
        return known

    def _take(self, key: tuple[str, str, str]) -> bool:
        share = self._shares.pop(key, None)
        if share is None:
            return False
        for name, amount in share.items():
            self._totals[name] -= amount
        return True
