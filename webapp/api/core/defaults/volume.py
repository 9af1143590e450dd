"""What the API server fills in for a Pod's volume.

Models:
    pkg/apis/core/v1/defaults.go SetDefaults_Volume and the volume sources' functions
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.api.core.defaults.container import default_field_ref, default_resource_field_ref
from webapp.api.core.images import default_pull_policy
from webapp.api.defaulting import map_field, map_items

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject

_FILE_MODE = 0o644
_TOKEN_SECONDS = 3600


def default_volume(volume: JSONObject) -> JSONObject:
    """One volume: without a source it is an empty directory."""
    filled = volume
    sources = 0
    for key, source in volume.items():
        if key == "name" or source is None:
            continue
        sources += 1
        function = _SOURCES.get(key)
        if function is not None:
            filled = map_field(filled, key, function)
    return filled if sources else {**volume, "emptyDir": {}}


def _with_missing(source: JSONObject, key: str, value: Any) -> JSONObject:
    return source if source.get(key) is not None else {**source, key: value}


def _default_files(source: JSONObject) -> JSONObject:
    return _with_missing(source, "defaultMode", _FILE_MODE)


def _default_downward_api(source: JSONObject) -> JSONObject:
    return _default_files(_default_downward_items(source))


def _default_downward_items(source: JSONObject) -> JSONObject:
    return map_items(source, "items", _default_downward_item)


def _default_downward_item(item: JSONObject) -> JSONObject:
    item = map_field(item, "fieldRef", default_field_ref)
    return map_field(item, "resourceFieldRef", default_resource_field_ref)


def _default_host_path(source: JSONObject) -> JSONObject:
    return _with_missing(source, "type", "")


def _default_image(source: JSONObject) -> JSONObject:
    if source.get("pullPolicy"):
        return source
    return {**source, "pullPolicy": default_pull_policy(source.get("reference") or "")}


def _default_projected(source: JSONObject) -> JSONObject:
    return _default_files(map_items(source, "sources", _default_projection))


def _default_projection(projection: JSONObject) -> JSONObject:
    projection = map_field(projection, "downwardAPI", _default_downward_items)
    return map_field(projection, "serviceAccountToken", _default_token)


def _default_token(projection: JSONObject) -> JSONObject:
    return _with_missing(projection, "expirationSeconds", _TOKEN_SECONDS)


def _default_ephemeral(source: JSONObject) -> JSONObject:
    return map_field(source, "volumeClaimTemplate", _default_claim_template)


def _default_claim_template(template: JSONObject) -> JSONObject:
    return map_field(template, "spec", default_claim_spec)


def default_claim_spec(spec: JSONObject) -> JSONObject:
    """What a claim for a volume asks for."""
    return _with_missing(spec, "volumeMode", "Filesystem")


_SOURCES: dict[str, Callable[[JSONObject], JSONObject]] = {
    "configMap": _default_files,
    "downwardAPI": _default_downward_api,
    "ephemeral": _default_ephemeral,
    "hostPath": _default_host_path,
    "image": _default_image,
    "projected": _default_projected,
    "secret": _default_files,
}
