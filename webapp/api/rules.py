"""What the API server asks about a kind before it stores an object: the strategy of the kind.

The registry calls, in this order, on create: ``default``, ``prepare_for_create``, ``validate``; on update:
``default``, ``prepare_for_update``, ``validate_update``; on an update of status: ``default``,
``prepare_for_status_update``, ``validate_status_update``. Every function is pure: it returns its argument
when nothing changes and a copy that shares the rest otherwise.

Models:
    staging/src/k8s.io/apiserver/pkg/registry/rest/create.go RESTCreateStrategy
    staging/src/k8s.io/apiserver/pkg/registry/rest/update.go RESTUpdateStrategy
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.api.formats import name_is_dns_subdomain
from webapp.api.objectmeta import validate_object_meta, validate_object_meta_update

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.field_path import FieldError
    from webapp.apimachinery.meta import JSONObject

_NOT_COMPARED = frozenset({"apiVersion", "kind", "metadata", "status"})


def unchanged(obj: JSONObject) -> JSONObject:
    """What has no defaults."""
    return obj


def no_errors(obj: JSONObject) -> list[FieldError]:
    """What has no rules beyond its metadata."""
    del obj
    return []


def no_update_errors(new: JSONObject, old: JSONObject) -> list[FieldError]:
    """What may change in any way."""
    del new, old
    return []


def keep_new(new: JSONObject, old: JSONObject) -> JSONObject:
    """What nothing has to be carried over for."""
    del old
    return new


@dataclass(frozen=True, slots=True)
class KindRules:
    """Defaults, preparation and validation of one kind.

    Attributes:
        namespaced: Whether objects live in a Namespace.
        name_rule: (name, whether only a prefix) → what is wrong with it.
        has_status: Whether status is written through its own subresource only.
        keeps_status_on_create: Whether a new object may bring its status along, as Nodes do.
        tracks_generation: Whether ``metadata.generation`` counts changes of what is desired.
        default_object: Fills in what the object leaves out.
        prepare_new: The kind's own part of ``prepare_for_create``.
        prepare_changed: The kind's own part of ``prepare_for_update``.
        prepare_status: The kind's own part of ``prepare_for_status_update``.
        validate_object: What is wrong apart from metadata.
        validate_new: What is wrong only while the object is being created.
        validate_change: What must not change apart from metadata, (new, old); the new object itself
            is checked by ``validate_object`` before.
        validate_status_change: What is wrong with a new status, (new, old).
    """

    namespaced: bool = True
    name_rule: Callable[[str, bool], tuple[str, ...]] = name_is_dns_subdomain
    has_status: bool = False
    keeps_status_on_create: bool = False
    tracks_generation: bool = False
    default_object: Callable[[JSONObject], JSONObject] = unchanged
    prepare_new: Callable[[JSONObject], JSONObject] = unchanged
    prepare_changed: Callable[[JSONObject, JSONObject], JSONObject] = keep_new
    prepare_status: Callable[[JSONObject, JSONObject], JSONObject] = keep_new
    validate_object: Callable[[JSONObject], list[FieldError]] = no_errors
    validate_new: Callable[[JSONObject], list[FieldError]] = no_errors
    validate_change: Callable[[JSONObject, JSONObject], list[FieldError]] = no_update_errors
    validate_status_change: Callable[[JSONObject, JSONObject], list[FieldError]] = no_update_errors

    def default(self, obj: JSONObject) -> JSONObject:
        """The object with all that the API server fills in; the same object when that is nothing."""
        return self.default_object(obj)

    def prepare_for_create(self, obj: JSONObject) -> JSONObject:
        """Drop what only the system writes, set what it starts with; comes after ``default``."""
        if self.has_status and not self.keeps_status_on_create and "status" in obj:
            obj = {key: value for key, value in obj.items() if key != "status"}
        if self.tracks_generation:
            obj = _with_generation(obj, 1)
        return self.prepare_new(obj)

    def prepare_for_update(self, new: JSONObject, old: JSONObject) -> JSONObject:
        """Keep the stored status; count up the generation when what is desired changed."""
        if self.has_status:
            new = _with_status_of(new, old)
        new = self.prepare_changed(new, old)
        generation = _generation(old)
        if self.tracks_generation and not _same_desire(new, old):
            generation += 1
        return _with_generation(new, generation)

    def prepare_for_status_update(self, new: JSONObject, old: JSONObject) -> JSONObject:
        """Keep all but status and metadata as stored."""
        kept = {key: value for key, value in old.items() if key not in {"metadata", "status"}}
        prepared = {**kept, "metadata": new["metadata"]}
        if "status" in new:
            prepared["status"] = new["status"]
        prepared = _with_generation(prepared, _generation(old))
        return self.prepare_status(prepared, old)

    def validate(self, obj: JSONObject) -> list[FieldError]:
        """All that is wrong with a new object."""
        errors = validate_object_meta(obj["metadata"], self.namespaced, self.name_rule)
        return errors + self.validate_object(obj) + self.validate_new(obj)

    def validate_update(self, new: JSONObject, old: JSONObject) -> list[FieldError]:
        """All that is wrong with a changed object, and all that must not have changed."""
        errors = validate_object_meta_update(new["metadata"], old["metadata"])
        if not _same_desire(new, old):
            errors += self.validate_object(new)
        return errors + self.validate_change(new, old)

    def validate_status_update(self, new: JSONObject, old: JSONObject) -> list[FieldError]:
        """All that is wrong with an update of status."""
        errors = validate_object_meta_update(new["metadata"], old["metadata"])
        return errors + self.validate_status_change(new, old)


def _same_desire(new: JSONObject, old: JSONObject) -> bool:
    for key in new.keys() | old.keys():
        if key in _NOT_COMPARED:
            continue
        if new.get(key) is not old.get(key) and new.get(key) != old.get(key):
            return False
    return True


def _with_status_of(new: JSONObject, old: JSONObject) -> JSONObject:
    if new.get("status") is old.get("status"):
        return new
    if "status" in old:
        return {**new, "status": old["status"]}
    return {key: value for key, value in new.items() if key != "status"}


def _generation(obj: JSONObject) -> int:
    generation: int = obj["metadata"].get("generation") or 0
    return generation


def _with_generation(obj: JSONObject, generation: int) -> JSONObject:
    if _generation(obj) == generation:
        return obj
    metadata = {key: value for key, value in obj["metadata"].items() if key != "generation"}
    if generation:
        metadata["generation"] = generation
    return {**obj, "metadata": metadata}
