"""What a CustomResourceDefinition begins with, and the rules of the kinds that it defines.

Models:
    staging/src/k8s.io/apiextensions-apiserver/pkg/registry/customresourcedefinition/strategy.go
    staging/src/k8s.io/apiextensions-apiserver/pkg/registry/customresource/strategy.go
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING

from webapp.api.apiextensions.pruning import with_defaults
from webapp.api.apiextensions.values import validate_custom_object
from webapp.api.rules import KindRules
from webapp.apimachinery.meta import with_fields

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.scheme import ResourceInfo

CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io"


def prepare_new_definition(definition: JSONObject) -> JSONObject:
    """A new definition with the versions stored so far, and the finalizer that clears away its objects."""
    finalizers = definition["metadata"].get("finalizers") or []
    if CLEANUP_FINALIZER not in finalizers:
        path = ("metadata", "finalizers")
        definition = with_fields(definition, path, [*finalizers, CLEANUP_FINALIZER])
    return _with_stored_version(definition)


def prepare_changed_definition(new: JSONObject, old: JSONObject) -> JSONObject:
    """A changed definition that remembers each version that objects were ever stored as."""
    del old
    return _with_stored_version(new)


def _with_stored_version(definition: JSONObject) -> JSONObject:
    status = definition.get("status") or {}
    stored = status.get("storedVersions") or []
    current = [
        version.get("name")
        for version in definition["spec"].get("versions") or ()
        if version.get("storage") and version.get("name") not in stored
    ]
    if not current:
        return definition
    return {**definition, "status": {**status, "storedVersions": [*stored, *current]}}


@lru_cache(maxsize=256)
def custom_rules(info: ResourceInfo) -> KindRules:
    """The rules of a custom kind, as its schema gives them."""
    if info.custom is None:
        raise ValueError(f"{info.kind} is no custom kind")
    schema = info.custom.schema
    return KindRules(
        namespaced=info.namespaced,
        has_status=info.has_status,
        tracks_generation=True,
        default_object=partial(with_defaults, schema),
        validate_object=partial(validate_custom_object, schema),
        validate_status_change=lambda new, old: (
            [] if new == old else validate_custom_object(schema, new)
        ),
    )
