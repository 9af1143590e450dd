"""Which rules hold for which kind: the one table that the API server's registry looks into."""

from __future__ import annotations

from functools import lru_cache

from webapp.api.rules import KindRules
from webapp.apimachinery.scheme import BUILTIN_KINDS

_OWN_RULES: dict[tuple[str, str], KindRules] = {}
"""(group, kind) → its rules, sorted; kinds without an entry have the generic ones."""

_GENERIC_RULES = {
    (info.group, info.kind): KindRules(namespaced=info.namespaced, has_status=info.has_status)
    for info in BUILTIN_KINDS
}


def rules_for(group: str, kind: str, namespaced: bool = True) -> KindRules:
    """The rules of a kind.

    Args:
        group: API group, "" for core.
        kind: CamelCase kind.
        namespaced: Whether its objects live in a Namespace; asked only for custom kinds.
    """
    key = (group, kind)
    return _OWN_RULES.get(key) or _GENERIC_RULES.get(key) or _custom_rules(namespaced)


@lru_cache(maxsize=2)
def _custom_rules(namespaced: bool) -> KindRules:
    return KindRules(namespaced=namespaced, has_status=True, tracks_generation=True)
