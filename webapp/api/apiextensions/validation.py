"""What is wrong with a CustomResourceDefinition.

Models:
    staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.apiextensions.structural_schema import validate_structural
from webapp.api.formats import name_is_dns1035_label, name_is_dns_subdomain
from webapp.api.objectmeta import validate_immutable
from webapp.apimachinery.field_path import Path, duplicate, invalid, not_supported, required
from webapp.apimachinery.json_path import JSONPath, JSONPathError

if TYPE_CHECKING:
    from webapp.apimachinery.field_path import FieldError
    from webapp.apimachinery.meta import JSONObject

APPROVED = "api-approved.kubernetes.io"
_SPEC = Path("spec")
_NAMES = _SPEC.child("names")
_VERSIONS = _SPEC.child("versions")
_COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
_PROTECTED = (".k8s.io", ".kubernetes.io")
_NOT_PRESERVED = (
    "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in "
    "spec.versions[*].schema instead"
)


def validate_definition(definition: JSONObject) -> list[FieldError]:
    """All that is wrong with it apart from its metadata."""
    spec = definition.get("spec") or {}
    errors = _validate_name(definition, spec)
    errors += _validate_group(definition, spec)
    if spec.get("scope") not in {"Cluster", "Namespaced"}:
        path = _SPEC.child("scope")
        scope = spec.get("scope") or ""
        errors.append(
            not_supported(path, scope, ("Cluster", "Namespaced")) if scope else required(path)
        )
    errors += _validate_names(spec.get("names") or {})
    if spec.get("preserveUnknownFields"):
        errors.append(invalid(_SPEC.child("preserveUnknownFields"), True, _NOT_PRESERVED))
    return errors + _validate_versions(spec.get("versions") or [])


def validate_definition_change(new: JSONObject, old: JSONObject) -> list[FieldError]:
    """What a definition keeps for ever once objects of it can exist."""
    after, before = new["spec"], old["spec"]
    errors: list[FieldError] = []
    for field in ("group", "scope"):
        errors += validate_immutable(after.get(field), before.get(field), _SPEC.child(field))
    for field in ("kind", "plural"):
        new_name, old_name = after["names"].get(field), before["names"].get(field)
        errors += validate_immutable(new_name, old_name, _NAMES.child(field))
    served = {version["name"] for version in after.get("versions") or ()}
    stored = (old.get("status") or {}).get("storedVersions") or ()
    for index, name in enumerate(stored):
        if name not in served:
            path = Path("status").child("storedVersions").index(index)
            errors.append(
                invalid(path, name, "missing from spec.versions; must remove from storedVersions")
            )
    return errors


def _validate_name(definition: JSONObject, spec: JSONObject) -> list[FieldError]:
    wanted = f"{(spec.get('names') or {}).get('plural', '')}.{spec.get('group', '')}"
    name = definition["metadata"].get("name", "")
    if name == wanted:
        return []
    return [invalid(Path("metadata.name"), name, 'must be spec.names.plural+"."+spec.group')]


def _validate_group(definition: JSONObject, spec: JSONObject) -> list[FieldError]:
    path, group = _SPEC.child("group"), spec.get("group") or ""
    if not group:
        return [required(path)]
    problems = name_is_dns_subdomain(group, False)
    if problems:
        return [invalid(path, group, problem) for problem in problems]
    if "." not in group:
        return [invalid(path, group, "should be a domain with at least one dot")]
    annotations = definition["metadata"].get("annotations") or {}
    if f".{group}".endswith(_PROTECTED) and not annotations.get(APPROVED):
        place = Path("metadata.annotations").key(APPROVED)
        text = (
            f'protected groups must have approval annotation "{APPROVED}", '
            "see https://github.com/kubernetes/enhancements/pull/1111"
        )
        return [required(place, text)]
    return []


def _validate_names(names: JSONObject) -> list[FieldError]:
    errors: list[FieldError] = []
    for field in ("plural", "singular", "kind", "listKind"):
        name, path = names.get(field) or "", _NAMES.child(field)
        if not name:
            errors.append(required(path))
            continue
        label = name.lower() if field in {"kind", "listKind"} else name
        errors += [invalid(path, name, problem) for problem in name_is_dns1035_label(label, False)]
    for field in ("shortNames", "categories"):
        for index, name in enumerate(names.get(field) or ()):
            path = _NAMES.child(field).index(index)
            problems = name_is_dns1035_label(name, False)
            errors += [invalid(path, name, problem) for problem in problems]
    if names.get("kind") and names.get("kind") == names.get("listKind"):
        path = _NAMES.child("listKind")
        errors.append(invalid(path, names["listKind"], "kind and listKind may not be the same"))
    return errors


def _validate_versions(versions: list[JSONObject]) -> list[FieldError]:
    if not versions:
        return [required(_VERSIONS, "must have at least one version")]
    errors: list[FieldError] = []
    seen: set[str] = set()
    for index, version in enumerate(versions):
        path, name = _VERSIONS.index(index), version.get("name") or ""
        if name in seen:
            errors.append(duplicate(path.child("name"), name))
        seen.add(name)
        problems = name_is_dns1035_label(name, False)
        errors += [invalid(path.child("name"), name, problem) for problem in problems]
        errors += _validate_version(version, path)
    if sum(bool(version.get("storage")) for version in versions) != 1:
        text = "must have exactly one version marked as storage version"
        errors.append(invalid(_VERSIONS, versions, text))
    return errors


def _validate_version(version: JSONObject, path: Path) -> list[FieldError]:
    place = path.child("schema", "openAPIV3Schema")
    schema = (version.get("schema") or {}).get("openAPIV3Schema")
    errors = (
        [required(place, "schemas are required")]
        if schema is None
        else validate_structural(schema, place)
    )
    for index, column in enumerate(version.get("additionalPrinterColumns") or ()):
        errors += _validate_column(column, path.child("additionalPrinterColumns").index(index))
    subresources = version.get("subresources") or {}
    if "scale" in subresources:
        errors += _validate_scale(subresources["scale"] or {}, path.child("subresources", "scale"))
    return errors


def _validate_column(column: JSONObject, path: Path) -> list[FieldError]:
    errors = []
    if not column.get("name"):
        errors.append(required(path.child("name")))
    if column.get("type") not in _COLUMN_TYPES:
        text = "must be one of boolean,date,integer,number,string"
        kind = column.get("type") or ""
        place = path.child("type")
        errors.append(invalid(place, kind, text) if kind else required(place, text))
    return errors + _validate_path(column.get("jsonPath"), path.child("jsonPath"))


def _validate_scale(scale: JSONObject, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    for field, root in (("specReplicasPath", ".spec."), ("statusReplicasPath", ".status.")):
        place, text = path.child(field), scale.get(field)
        errors += _validate_path(text, place)
        if text and not text.startswith(root):
            errors.append(invalid(place, text, f"should be a json path under {root[:-1]}"))
    selector = scale.get("labelSelectorPath")
    if selector and not selector.startswith((".spec.", ".status.")):
        text = "should be a json path under either .spec or .status"
        errors.append(invalid(path.child("labelSelectorPath"), selector, text))
    return errors


def _validate_path(text: str | None, path: Path) -> list[FieldError]:
    if not text:
        return [required(path)]
    if not text.startswith("."):
        return [invalid(path, text, "must be a simple json path starting with .")]
    try:
        JSONPath(text)
    except JSONPathError as error:
        return [invalid(path, text, str(error))]
    return []
