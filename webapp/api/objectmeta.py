"""What every object's metadata must look like, and what of it must not change.

An object's metadata enters, field errors leave; each kind's rules call this first.

Models:
    staging/src/k8s.io/apimachinery/pkg/api/validation/objectmeta.go
    staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go ValidateLabels, ValidateLabelSelector
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.api import formats
from webapp.apimachinery.field_path import (
    FieldError,
    Path,
    forbidden,
    invalid,
    required,
    too_long,
)
from webapp.apimachinery.schema import parse_api_version

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from webapp.apimachinery.meta import JSONObject

METADATA = Path("metadata")
ANNOTATIONS_SIZE_LIMIT = 256 * 1024
IMMUTABLE = "field is immutable"

_IMMUTABLE_FIELDS = (
    "name",
    "namespace",
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
)
_STANDARD_FINALIZERS = frozenset(
    {
        "customresourcecleanup.apiextensions.k8s.io",
        "foregroundDeletion",
        "kubernetes",
        "orphan",
    }
)
_MISSING = {"deletionGracePeriodSeconds": None, "deletionTimestamp": None}
_OPERATOR_TEXT = "must be specified when `operator` is 'In' or 'NotIn'"
_NO_VALUES_TEXT = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"


def problems(path: Path, value: str, found: Sequence[str]) -> list[FieldError]:
    """One error a problem that a format found."""
    return [invalid(path, value, problem) for problem in found]


def validate_object_meta(
    metadata: JSONObject,
    namespaced: bool,
    name_rule: Callable[[str, bool], tuple[str, ...]],
    path: Path = METADATA,
) -> list[FieldError]:
    """Metadata of a new object, after a name was generated where one was asked for."""
    errors: list[FieldError] = []
    generate_name = metadata.get("generateName")
    if generate_name:
        found = name_rule(generate_name, True)
        if found:
            errors += problems(path.child("generateName"), generate_name, found)
    name = metadata.get("name")
    if not name:
        errors.append(required(path.child("name"), "name or generateName is required"))
    else:
        found = name_rule(name, False)
        if found:
            errors += problems(path.child("name"), name, found)
    errors += _validate_namespace(metadata.get("namespace") or "", namespaced, path)
    errors += _validate_common(metadata, path)
    for finalizer in metadata.get("finalizers") or ():
        errors += validate_finalizer(finalizer, path.child("finalizers"))
    return errors


def validate_object_meta_update(
    new: JSONObject, old: JSONObject, path: Path = METADATA
) -> list[FieldError]:
    """Metadata of a changed object against what is stored."""
    if new is old:
        return []
    errors: list[FieldError] = []
    if old.get("deletionTimestamp"):
        errors += _validate_no_new_finalizers(new, old, path.child("finalizers"))
    if not new.get("resourceVersion"):
        errors.append(invalid(path.child("resourceVersion"), "", "must be specified for an update"))
    if (new.get("generation") or 0) < (old.get("generation") or 0):
        errors.append(
            invalid(path.child("generation"), new.get("generation") or 0, "must not be decremented")
        )
    for field in _IMMUTABLE_FIELDS:
        errors += validate_immutable(
            new.get(field) or _MISSING.get(field, ""),
            old.get(field) or _MISSING.get(field, ""),
            path.child(field),
        )
    errors += _validate_common(new, path)
    return errors


def validate_immutable(new: Any, old: Any, path: Path) -> list[FieldError]:
    """A field that must stay as it is."""
    return [] if new == old else [invalid(path, new, IMMUTABLE)]


def validate_labels(labels: Mapping[str, str] | None, path: Path) -> list[FieldError]:
    """Keys and values of labels."""
    errors: list[FieldError] = []
    for key, value in (labels or {}).items():
        if formats.qualified_name(key) or formats.label_value(value):
            errors += problems(path, key, formats.qualified_name(key))
            errors += problems(path, value, formats.label_value(value))
    return errors


def validate_label_selector(selector: JSONObject | None, path: Path) -> list[FieldError]:
    """What ``matchLabels`` and ``matchExpressions`` hold."""
    if not selector:
        return []
    errors = validate_labels(selector.get("matchLabels"), path.child("matchLabels"))
    for index, requirement in enumerate(selector.get("matchExpressions") or ()):
        errors += _validate_requirement(requirement, path.child("matchExpressions").index(index))
    return errors


def validate_finalizer(finalizer: str, path: Path) -> list[FieldError]:
    """A finalizer's name: a standard one, or one with a domain in front."""
    errors = problems(path, finalizer, formats.qualified_name(finalizer))
    if not errors and "/" not in finalizer and finalizer not in _STANDARD_FINALIZERS:
        text = "name is neither a standard finalizer name nor is it fully qualified"
        errors.append(invalid(path, finalizer, text))
    return errors


def _validate_requirement(requirement: JSONObject, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    operator = requirement.get("operator", "")
    values = requirement.get("values") or ()
    if operator in {"In", "NotIn"}:
        if not values:
            errors.append(required(path.child("values"), _OPERATOR_TEXT))
    elif operator in {"Exists", "DoesNotExist"}:
        if values:
            errors.append(forbidden(path.child("values"), _NO_VALUES_TEXT))
    else:
        errors.append(invalid(path.child("operator"), operator, "not a valid selector operator"))
    key = requirement.get("key", "")
    errors += problems(path.child("key"), key, formats.qualified_name(key))
    for index, value in enumerate(values):
        errors += problems(path.child("values").index(index), value, formats.label_value(value))
    return errors


def _validate_namespace(namespace: str, namespaced: bool, path: Path) -> list[FieldError]:
    if not namespaced:
        return [forbidden(path.child("namespace"), "not allowed on this type")] if namespace else []
    if not namespace:
        return [required(path.child("namespace"))]
    found = formats.dns1123_label(namespace)
    return problems(path.child("namespace"), namespace, found) if found else []


def _validate_common(metadata: JSONObject, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    labels, annotations = metadata.get("labels"), metadata.get("annotations")
    if labels:
        errors += validate_labels(labels, path.child("labels"))
    if annotations:
        errors += _validate_annotations(annotations, path.child("annotations"))
    owners = metadata.get("ownerReferences")
    if owners:
        errors += _validate_owners(owners, path.child("ownerReferences"))
    return errors


def _validate_annotations(annotations: Mapping[str, str] | None, path: Path) -> list[FieldError]:
    if not annotations:
        return []
    errors: list[FieldError] = []
    for key in annotations:
        errors += problems(path, key, formats.qualified_name(key.lower()))
    size = sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items())
    if size > ANNOTATIONS_SIZE_LIMIT:
        errors.append(too_long(path, ANNOTATIONS_SIZE_LIMIT))
    return errors


def _validate_owners(owners: Sequence[JSONObject], path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, owner in enumerate(owners):
        errors += _validate_owner(owner, path.index(index))
    controllers = [
        f"{owner.get('kind', '')}/{owner.get('name', '')}"
        for owner in owners
        if owner.get("controller")
    ]
    errors += [
        invalid(
            path,
            list(owners),
            "Only one reference can have Controller set to true. "
            f'Found "true" in references for {controllers[0]} and {other}',
        )
        for other in controllers[1:]
    ]
    return errors


def _validate_owner(owner: JSONObject, path: Path) -> list[FieldError]:
    errors = [
        required(path.child(field), "must not be empty")
        for field in ("apiVersion", "kind", "name", "uid")
        if not owner.get(field)
    ]
    group, version = parse_api_version(owner.get("apiVersion") or "")
    if (group, version, owner.get("kind")) == ("", "v1", "Event"):
        errors.append(invalid(path, owner, "/v1, Kind=Event is disallowed from being an owner"))
    return errors


def _validate_no_new_finalizers(new: JSONObject, old: JSONObject, path: Path) -> list[FieldError]:
    extra = sorted({*(new.get("finalizers") or ())} - {*(old.get("finalizers") or ())})
    if not extra:
        return []
    shown = ", ".join(f'"{finalizer}"' for finalizer in extra)
    text = (
        "no new finalizers can be added if the object is being deleted, "
        f"found new finalizers []string{{{shown}}}"
    )
    return [forbidden(path, text)]
