"""Manifests from files into the world: ``podarium serve --apply FILE``.

Each document becomes a server-side apply request through the driver's inbox, as kubectl would send it,
so the journal has it and the page shows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from webapp.apimachinery.schema import parse_api_version
from webapp.apimachinery.scheme import BUILTIN_KINDS, Scheme
from webapp.apimachinery.serializer import decode_yaml_documents, encode_json
from webapp.apimachinery.status import StatusError
from webapp.apimachinery.wire import Request, Response

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.wire import Answer, UserInfo

FIELD_MANAGER = "podarium"
_CREATED = 201


class Door(Protocol):
    """Where requests go in: a driver."""

    def submit(self, request: Request, *, durable: bool) -> Answer:
        """Answer a request."""


class ManifestError(Exception):
    """A document cannot be applied; the message is one line."""


def apply_manifest(driver: Door, text: str, user: UserInfo) -> list[str]:
    """Apply every document of a YAML text in order.

    Returns:
        A line for each: ``deployment.apps/web created``.

    Raises:
        ManifestError: A document is not understood or was refused; the ones before it are applied.
    """
    try:
        documents = decode_yaml_documents(text)
    except StatusError as error:
        raise ManifestError(error.message) from error
    return [
        _apply(driver, item, user, document.line)
        for document in documents
        for item in _items(document.value)
    ]


def _items(obj: JSONObject) -> list[JSONObject]:
    items: list[JSONObject] = obj["items"] if obj.get("kind") == "List" else [obj]
    return items


def _apply(driver: Door, obj: JSONObject, user: UserInfo, line: int) -> str:
    path, what = _locate(obj, line)
    request = Request(
        "PATCH",
        path,
        {"fieldManager": [FIELD_MANAGER], "fieldValidation": ["Strict"], "force": ["true"]},
        {"content-type": "application/apply-patch+yaml", "accept": "application/json"},
        encode_json(obj),
        user,
        FIELD_MANAGER,
    )
    answer = driver.submit(request, durable=True)
    if not isinstance(answer, Response) or not isinstance(answer.body, dict):
        raise ManifestError(f"line {line}: {what} was not answered as expected")
    if answer.status_code >= 400:
        raise ManifestError(f"line {line}: {answer.body.get('message')}")
    return f"{what} {'created' if answer.status_code == _CREATED else 'configured'}"


def _locate(obj: JSONObject, line: int) -> tuple[str, str]:
    """URL path and printed name of the object."""
    group, version = parse_api_version(str(obj.get("apiVersion", "")))
    kind = str(obj.get("kind", ""))
    info = Scheme(BUILTIN_KINDS).by_kind(group, version, kind)
    if info is None:
        raise ManifestError(
            f'line {line}: no matches for kind "{kind}" in version "{obj.get("apiVersion", "")}"'
        )
    metadata = obj.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(metadata, dict) or not isinstance(name, str) or not name:
        raise ManifestError(f"line {line}: {kind} has no metadata.name")
    scope = (
        f"namespaces/{quote(metadata.get('namespace') or 'default')}/" if info.namespaced else ""
    )
    dotted = f".{group}" if group else ""
    return (
        f"{info.gvr.path}/{scope}{info.resource}/{quote(name)}",
        f"{info.singular}{dotted}/{name}",
    )
