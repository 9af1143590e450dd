"""What the API server refuses in a Pod's volumes.

Models:
    pkg/apis/core/validation/validation.go ValidateVolumes
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.api import formats
from webapp.api.core.validation.checks import items, need, no_duplicates, one_of, quantity
from webapp.api.core.validation.container import validate_descending_path
from webapp.api.objectmeta import problems
from webapp.apimachinery.field_path import FieldError, Path, forbidden, invalid, required

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject

_HOST_PATH_TYPES = (
    "",
    "BlockDevice",
    "CharDevice",
    "Directory",
    "DirectoryOrCreate",
    "File",
    "FileOrCreate",
    "Socket",
)
_PROJECTIONS = (
    "clusterTrustBundle",
    "configMap",
    "downwardAPI",
    "podCertificate",
    "secret",
    "serviceAccountToken",
)


def validate_volumes(spec: JSONObject, path: Path) -> list[FieldError]:
    """All volumes of a Pod or template."""
    errors: list[FieldError] = []
    names: list[tuple[Path, Any]] = []
    for item_path, volume in items(spec, "volumes", path):
        name = volume.get("name") or ""
        if not name:
            errors.append(required(item_path.child("name")))
        else:
            errors += problems(item_path.child("name"), name, formats.dns1123_label(name))
        names.append((item_path.child("name"), name))
        errors += _validate_source(volume, item_path)
    return errors + no_duplicates(names)


def _validate_source(volume: JSONObject, path: Path) -> list[FieldError]:
    given = [key for key, value in volume.items() if key != "name" and value is not None]
    if not given:
        return [required(path, "must specify a volume type")]
    errors: list[FieldError] = []
    for position, field in enumerate(given):
        if position:
            errors.append(forbidden(path.child(field), "may not specify more than 1 volume type"))
        elif field in _SOURCE_CHECKS:
            errors += _SOURCE_CHECKS[field](volume[field], path.child(field))
    return errors


def _needs(*fields: str) -> Callable[[JSONObject, Path], list[FieldError]]:
    def check(source: JSONObject, path: Path) -> list[FieldError]:
        return need(source, fields, path)

    return check


def _validate_empty_dir(source: JSONObject, path: Path) -> list[FieldError]:
    limit = source.get("sizeLimit")
    if limit is None or not quantity(limit, path):
        return []
    text = "SizeLimit field must be a valid resource quantity"
    return [forbidden(path.child("sizeLimit"), text)]


def _validate_host_path(source: JSONObject, path: Path) -> list[FieldError]:
    errors = need(source, ("path",), path)
    if errors:
        return errors
    if ".." in source["path"].split("/"):
        errors.append(invalid(path.child("path"), source["path"], "must not contain '..'"))
    return errors + one_of(source, "type", _HOST_PATH_TYPES, path, optional=True)


def _validate_secret(source: JSONObject, path: Path) -> list[FieldError]:
    return need(source, ("secretName",), path) + _validate_files(source, path)


def _validate_config_map(source: JSONObject, path: Path) -> list[FieldError]:
    return need(source, ("name",), path) + _validate_files(source, path)


def _validate_files(source: JSONObject, path: Path) -> list[FieldError]:
    errors = _validate_mode(source, "defaultMode", path)
    for item_path, item in items(source, "items", path):
        errors += need(item, ("key",), item_path) + _validate_file_path(item, item_path)
    return errors


def _validate_file_path(item: JSONObject, path: Path) -> list[FieldError]:
    errors = need(item, ("path",), path)
    if not errors:
        errors += validate_descending_path(item["path"], path.child("path"))
    return errors + _validate_mode(item, "mode", path)


def _validate_mode(source: JSONObject, field: str, path: Path) -> list[FieldError]:
    mode = source.get(field)
    if mode is None or 0 <= mode <= 0o777:
        return []
    text = "must be a number between 0 and 0777 (octal), both inclusive"
    return [invalid(path.child(field), mode, text)]


def _validate_downward_api(source: JSONObject, path: Path) -> list[FieldError]:
    errors = _validate_mode(source, "defaultMode", path)
    for item_path, item in items(source, "items", path):
        errors += _validate_file_path(item, item_path)
        given = [field for field in ("fieldRef", "resourceFieldRef") if item.get(field)]
        if not given:
            text = "one of fieldRef and resourceFieldRef is required"
            errors.append(required(item_path.child("fieldRef"), text))
        elif len(given) > 1:
            text = "fieldRef and resourceFieldRef can not be specified simultaneously"
            errors.append(invalid(item_path, "resource", text))
    return errors


def _validate_projected(source: JSONObject, path: Path) -> list[FieldError]:
    errors = _validate_mode(source, "defaultMode", path)
    for item_path, projection in items(source, "sources", path):
        given = [field for field in _PROJECTIONS if projection.get(field) is not None]
        if not given:
            errors.append(required(item_path, "must specify a source"))
        for position, field in enumerate(given):
            if position:
                text = "may not specify more than 1 volume type per source"
                errors.append(forbidden(item_path.child(field), text))
            elif field in _PROJECTION_CHECKS:
                errors += _PROJECTION_CHECKS[field](projection[field], item_path.child(field))
    return errors


_PROJECTION_CHECKS: dict[str, Callable[[JSONObject, Path], list[FieldError]]] = {
    "configMap": _validate_config_map,
    "downwardAPI": _validate_downward_api,
    "secret": _validate_config_map,
    "serviceAccountToken": _needs("path"),
}
_SOURCE_CHECKS: dict[str, Callable[[JSONObject, Path], list[FieldError]]] = {
    "configMap": _validate_config_map,
    "csi": _needs("driver"),
    "downwardAPI": _validate_downward_api,
    "emptyDir": _validate_empty_dir,
    "ephemeral": _needs("volumeClaimTemplate"),
    "hostPath": _validate_host_path,
    "iscsi": _needs("targetPortal", "iqn"),
    "nfs": _needs("server", "path"),
    "persistentVolumeClaim": _needs("claimName"),
    "projected": _validate_projected,
    "secret": _validate_secret,
}
