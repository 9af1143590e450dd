"""Which names a definition may have: none that another one of its group holds.

Models:
    staging/src/k8s.io/apiextensions-apiserver/pkg/controller/status/naming_controller.go calculateNamesAndConditions
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.apimachinery.meta import JSONObject

_REASONS = {
    "plural": "PluralConflict",
    "singular": "SingularConflict",
    "shortNames": "ShortNamesConflict",
    "kind": "KindConflict",
    "listKind": "ListKindConflict",
}
"""Field of ``spec.names`` → reason when it is taken, in upstream's order."""

_KINDS = frozenset(("kind", "listKind"))


def name_conflicts(definition: JSONObject, others: Sequence[JSONObject]) -> list[tuple[str, str]]:
    """(reason, message) of each name that another definition of the group holds."""
    resources: set[str] = set()
    kinds: set[str] = set()
    for other in others:
        if other["spec"]["group"] == definition["spec"]["group"]:
            held = (other.get("status") or {}).get("acceptedNames") or {}
            resources.update(_resource_names(held))
            kinds.update(held[field] for field in _KINDS if held.get(field))
    names = definition["spec"]["names"]
    return [
        (reason, f'"{name}" is already in use')
        for field, reason in _REASONS.items()
        for name in _values(names, field)
        if name in (kinds if field in _KINDS else resources)
    ]


def accepted_names(definition: JSONObject, problems: Sequence[tuple[str, str]]) -> JSONObject:
    """The names as accepted: all of them, or those accepted before while some are taken."""
    if not problems:
        names: JSONObject = definition["spec"]["names"]
        return names
    held = (definition.get("status") or {}).get("acceptedNames") or {}
    return {"plural": "", "kind": "", **held}


def _resource_names(names: JSONObject) -> list[str]:
    return [
        name for field in ("plural", "singular", "shortNames") for name in _values(names, field)
    ]


def _values(names: JSONObject, field: str) -> Sequence[str]:
    value = names.get(field) or ()
    return (value,) if isinstance(value, str) else value
