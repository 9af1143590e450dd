"""Filling in what an object leaves out, without touching the object.

Every function returns its argument when there is nothing to add, so that an object made from an already
defaulted template costs only the look.

Models:
    pkg/apis/*/v1/zz_generated.defaults.go the walk over an object
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.apimachinery.quantity import canonical_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject

_UNSET = (None, "")


def fill(obj: JSONObject, defaults: dict[str, Any]) -> JSONObject:
    """Add the defaults of all fields that are missing, null or an empty text."""
    get = obj.get
    for key in defaults:
        if get(key) in _UNSET:
            break
    else:
        return obj
    missing = {key: value for key, value in defaults.items() if get(key) in _UNSET}
    return {**obj, **missing}


def fill_numbers(obj: JSONObject, defaults: dict[str, int]) -> JSONObject:
    """Add the defaults of all numbers that are missing, null or zero."""
    missing = {key: value for key, value in defaults.items() if not obj.get(key)}
    return {**obj, **missing} if missing else obj


def map_field(obj: JSONObject, key: str, function: Callable[[Any], Any]) -> JSONObject:
    """Apply ``function`` to the field where it is set and not null."""
    old = obj.get(key)
    if old is None:
        return obj
    new = function(old)
    return obj if new is old else {**obj, key: new}


def map_items(
    obj: JSONObject, key: str, function: Callable[[JSONObject], JSONObject]
) -> JSONObject:
    """Apply ``function`` to each item of a list field."""
    old = obj.get(key)
    if not old:
        return obj
    new = [function(item) for item in old]
    for before, after in zip(old, new, strict=True):
        if before is not after:
            return {**obj, key: new}
    return obj


def map_spec(function: Callable[[JSONObject], JSONObject]) -> Callable[[JSONObject], JSONObject]:
    """A function of ``spec`` as a function of the whole object; a missing spec counts as empty."""

    def on_object(obj: JSONObject) -> JSONObject:
        old = obj.get("spec")
        new = function(old if old is not None else {})
        return obj if new is old else {**obj, "spec": new}

    return on_object


def canonical_amounts(amounts: JSONObject) -> JSONObject:
    """Resource name → quantity in the text that the API server gives back."""
    for amount in amounts.values():
        if _canonical_or_same(amount) != amount:
            return {name: _canonical_or_same(value) for name, value in amounts.items()}
    return amounts


def _canonical_or_same(amount: Any) -> Any:
    # What is no quantity stays, for validation to name it.
    try:
        return canonical_text(amount)
    except ValueError:
        return amount
