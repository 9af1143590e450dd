"""What the API server refuses in ConfigMaps and Secrets.

Models:
    pkg/apis/core/validation/validation.go ValidateConfigMap, ValidateSecret
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from typing import TYPE_CHECKING

import orjson

from webapp.api import formats
from webapp.api.objectmeta import problems, validate_immutable
from webapp.apimachinery.field_path import (
    FieldError,
    Path,
    forbidden,
    invalid,
    required,
    too_long,
)

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

SIZE_LIMIT = 1024 * 1024
_BINARY_DATA = Path("binaryData")
_DATA = Path("data")
_DOCKER_KEYS = {
    "kubernetes.io/dockercfg": ".dockercfg",
    "kubernetes.io/dockerconfigjson": ".dockerconfigjson",
}
_FROZEN = "field is immutable when `immutable` is set"
_REDACTED = "<secret contents redacted>"
_REQUIRED_KEYS = {
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}
_ACCOUNT_ANNOTATION = "kubernetes.io/service-account.name"


def validate_config_map(config_map: JSONObject) -> list[FieldError]:
    """A ConfigMap's keys and size."""
    data, binary = config_map.get("data") or {}, config_map.get("binaryData") or {}
    errors: list[FieldError] = []
    size = 0
    for key, text in data.items():
        errors += problems(_DATA.key(key), key, formats.config_map_key(key))
        if key in binary:
            errors.append(invalid(_DATA.key(key), key, "duplicate of key present in binaryData"))
        size += len(text.encode())
    for key, text in binary.items():
        errors += problems(_BINARY_DATA.key(key), key, formats.config_map_key(key))
        size += decoded_size(text)
    return [*errors, too_long(Path(), SIZE_LIMIT)] if size > SIZE_LIMIT else errors


def validate_config_map_change(new: JSONObject, old: JSONObject) -> list[FieldError]:
    """A frozen ConfigMap stays as it is."""
    return _validate_frozen(new, old, ("data", "binaryData"))


def validate_secret(secret: JSONObject) -> list[FieldError]:
    """A Secret's keys and size, and what its type asks for."""
    data = secret.get("data") or {}
    errors: list[FieldError] = []
    size = 0
    for key, text in data.items():
        errors += problems(_DATA.key(key), key, formats.config_map_key(key))
        size += decoded_size(text)
    if size > SIZE_LIMIT:
        errors.append(too_long(_DATA, SIZE_LIMIT))
    return errors + _validate_secret_type(secret, data)


def validate_secret_change(new: JSONObject, old: JSONObject) -> list[FieldError]:
    """A Secret's type stays, and a frozen Secret stays as it is."""
    errors = validate_immutable(new.get("type", ""), old.get("type", ""), Path("type"))
    return errors + _validate_frozen(new, old, ("data",))


def decoded_size(text: str) -> int:
    """Bytes behind a base64 text."""
    return len(text) * 3 // 4 - text[-2:].count("=")


def _validate_secret_type(secret: JSONObject, data: JSONObject) -> list[FieldError]:
    type_ = secret.get("type", "")
    if type_ == "kubernetes.io/service-account-token":
        annotations = secret["metadata"].get("annotations") or {}
        if annotations.get(_ACCOUNT_ANNOTATION):
            return []
        return [required(Path("metadata").child("annotations").key(_ACCOUNT_ANNOTATION))]
    if type_ == "kubernetes.io/basic-auth":
        if "username" in data or "password" in data:
            return []
        return [required(_DATA.key("username")), required(_DATA.key("password"))]
    if type_ in _DOCKER_KEYS:
        return _validate_docker_config(_DOCKER_KEYS[type_], data)
    return [required(_DATA.key(key)) for key in _REQUIRED_KEYS.get(type_, ()) if key not in data]


def _validate_docker_config(key: str, data: JSONObject) -> list[FieldError]:
    path = _DATA.key(key)
    if key not in data:
        return [required(path)]
    try:
        orjson.loads(b64decode(data[key], validate=True))
    except (Base64Error, orjson.JSONDecodeError) as error:
        return [invalid(path, _REDACTED, str(error))]
    return []


def _validate_frozen(new: JSONObject, old: JSONObject, fields: tuple[str, ...]) -> list[FieldError]:
    if not old.get("immutable"):
        return []
    errors: list[FieldError] = []
    if not new.get("immutable"):
        errors.append(forbidden(Path("immutable"), _FROZEN))
    return errors + [
        forbidden(Path(field), _FROZEN)
        for field in fields
        if (new.get(field) or {}) != (old.get(field) or {})
    ]
