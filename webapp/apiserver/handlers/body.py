"""A request's body as an object: media type, decoding, strictness.

Bytes enter, a JSON tree of the expected kind leaves; what strict decoding objects to becomes an error
or warnings, as ``fieldValidation`` says. Objects of the cluster's own components come as trees and
pass as they are. (Protobuf has become JSON before it comes here.)

Models:
    staging/src/k8s.io/apiserver/pkg/endpoints/handlers/create.go createHandler
    staging/src/k8s.io/apiserver/pkg/endpoints/handlers/rest.go transformDecodeError
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from webapp.api.apiextensions.pruning import custom_structure
from webapp.api.schema.structural import validate_structure
from webapp.apimachinery.field_path import Path, invalid
from webapp.apimachinery.schema import parse_api_version
from webapp.apimachinery.serializer import (
    Decoded,
    decode_json,
    decode_json_strict,
    decode_yaml,
)
from webapp.apimachinery.status import BadRequest, Invalid, StatusError, UnsupportedMediaType
from webapp.apiserver.context import IGNORE, STRICT
from webapp.apiserver.registry.conversion import to_stored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.api.schema.structural import StructureReport
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.scheme import ResourceInfo
    from webapp.apiserver.context import RequestContext

JSON = "application/json"
YAML = "application/yaml"
_ACCEPTED = (JSON, YAML, "application/vnd.kubernetes.protobuf")
_PATH_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_NESTED_YAML = "application/apply-patch+yaml"


def media_type(ctx: RequestContext) -> str:
    """The body's media type without parameters; JSON when the request does not say."""
    return ctx.request.headers.get("content-type", JSON).split(";", 1)[0].strip() or JSON


def decode_any(ctx: RequestContext) -> Any:
    """The body as a JSON tree, whatever it is.

    Raises:
        BadRequest: It cannot be decoded.
    """
    body = ctx.request.body
    if not isinstance(body, bytes):
        return {} if body is None else body
    if media_type(ctx) in {YAML, _NESTED_YAML}:
        return decode_yaml(body).value
    return decode_json(body)


def decode_object(ctx: RequestContext) -> JSONObject:
    """The body as an object of the request's kind, in the form in which it is stored.

    Raises:
        BadRequest: It cannot be decoded, is of another kind, or strict decoding objects to it.
        UnsupportedMediaType: It is neither JSON nor YAML.
    """
    body = ctx.request.body
    expected = ctx.served
    if ctx.is_trusted and isinstance(body, dict):
        return to_stored(expected, _with_type(body, expected))
    decoded = _decode(ctx, body)
    obj = decoded.value
    if not isinstance(obj, dict):
        raise BadRequest(
            f"the object provided is unrecognized (must be of type {expected.kind}): "
            "couldn't get version/kind; json parse error: json: cannot unmarshal into Go value"
        )
    obj = _with_type(obj, expected)
    _check_type(obj, expected)
    return to_stored(expected, _structured(ctx, obj, expected, decoded.strict_errors))


def decode_as(ctx: RequestContext, group: str, version: str, kind: str) -> JSONObject:
    """The body of a subresource that exchanges a kind of its own.

    Raises:
        BadRequest: It cannot be decoded or is no object.
    """
    obj = decode_any(ctx)
    if ctx.is_trusted and isinstance(obj, dict):
        return obj
    return structured_as(obj, group, version, kind)


def structured_as(obj: Any, group: str, version: str, kind: str) -> JSONObject:
    """``obj`` as an object of a kind, without unknown fields and nulls.

    Raises:
        BadRequest: It is none.
    """
    if not isinstance(obj, dict):
        raise BadRequest(f"the object provided is unrecognized (must be of type {kind})")
    report = validate_structure(group, version, kind, obj)
    if report.type_error:
        raise BadRequest(_unhandled(kind, version, kind, report.type_error))
    return report.object


def _report(
    info: ResourceInfo, obj: JSONObject, known: JSONObject | None = None
) -> StructureReport:
    if info.custom is not None:
        return custom_structure(info.custom.schema, obj)
    return validate_structure(info.group, info.version, info.kind, obj, known)


def check_strictness(
    ctx: RequestContext, obj: JSONObject, expected: ResourceInfo, known: JSONObject | None
) -> JSONObject:
    """Check a patched or applied object against its kind's fields; returns it without unknown ones.

    Args:
        ctx: The request.
        obj: The object after the patch.
        expected: Its kind.
        known: The object before the patch, which passed when it was stored.

    Raises:
        BadRequest: A value is of a wrong type.
        Invalid: The patch sets unknown fields, and the request is strict.
    """
    report = _report(expected, obj, known)
    kind = expected.kind
    if report.type_error:
        raise BadRequest(_unhandled(kind, expected.version, kind, report.type_error))
    if report.unknown_fields:
        mode = ctx.field_validation
        if mode == STRICT:
            problem = f"strict decoding error: {', '.join(report.unknown_fields)}"
            error = invalid(Path("patch"), _patch_text(ctx), problem)
            raise Invalid(f' "" is invalid: {error}', _patch_details(error.reason, error.message))
        if mode != IGNORE:
            ctx.warnings.extend(report.unknown_fields)
    return report.object


def check_applied(ctx: RequestContext, applied: JSONObject) -> JSONObject:
    """Check an applied configuration; returns it without nulls.

    Raises:
        BadRequest: A value is of a wrong type.
        NotTyped: It sets fields that its kind does not have, whatever ``fieldValidation`` says.
    """
    served = ctx.served
    report = _report(served, applied)
    if report.type_error:
        raise BadRequest(_unhandled(served.kind, served.version, served.kind, report.type_error))
    if report.unknown_fields:
        metadata = applied["metadata"]
        name = "/".join(filter(None, (ctx.info.namespace, metadata["name"])))
        paths = (_typed_path(text.split('"')[1], applied) for text in report.unknown_fields)
        problems = [f"{path}: field not declared in schema" for path in paths]
        text = problems[0] if len(problems) == 1 else "errors:\n  " + "\n  ".join(problems)
        raise NotTyped(
            f"failed to create typed patch object ({name}; {served.group}/{served.version}, Kind={served.kind}): {text}"
        )
    return report.object


class NotTyped(StatusError):
    """An applied configuration does not fit its kind; upstream answers this without a reason."""

    reason = ""


def _typed_path(path: str, applied: JSONObject) -> str:
    """``spec.containers[0].x`` as server-side apply writes it: ``.spec.containers[name="main"].x``."""
    text = ""
    value: Any = applied
    for name, index in _PATH_STEP.findall(path):
        if index:
            value = value[int(index)]
            key = value.get("name") if isinstance(value, dict) else None
            text += f'[name="{key}"]' if key else f"[{index}]"
        else:
            value = value.get(name) if isinstance(value, dict) else None
            text += f".{name}"
    return text


def _patch_text(ctx: RequestContext) -> str:
    """The patch as the refusal quotes it: a strategic merge patch as Go prints maps, others as sent."""
    body = ctx.request.body
    if media_type(ctx) == "application/strategic-merge-patch+json":
        return _go_text(decode_any(ctx))
    return body.decode(errors="replace") if isinstance(body, bytes) else _go_text(body)


def _go_text(value: Any) -> str:
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{_go_text(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(_go_text, value)) + "]"
    if value is None:
        return "<nil>"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _decode(ctx: RequestContext, body: Any) -> Decoded:
    if body is None:
        return Decoded(None, ())
    if not isinstance(body, bytes):
        return Decoded(body, ())
    kind = media_type(ctx)
    if kind == YAML:
        return decode_yaml(body)
    if kind != JSON:
        raise UnsupportedMediaType(
            f"the body of the request was in an unknown format - accepted media types include: {', '.join(_ACCEPTED)}"
        )
    if ctx.field_validation == IGNORE:
        return Decoded(decode_json(body), ())
    return decode_json_strict(body)


def _structured(
    ctx: RequestContext, obj: JSONObject, expected: ResourceInfo, duplicates: Sequence[str]
) -> JSONObject:
    report = _report(expected, obj)
    kind = expected.kind
    if report.type_error:
        raise BadRequest(_unhandled(kind, expected.version, kind, report.type_error))
    problems = (*duplicates, *report.unknown_fields)
    if problems:
        mode = ctx.field_validation
        if mode == STRICT:
            text = f"strict decoding error: {', '.join(problems)}"
            raise BadRequest(_unhandled(kind, expected.version, kind, text))
        if mode != IGNORE:
            ctx.warnings.extend(problems)
    return report.object


def _with_type(obj: JSONObject, expected: ResourceInfo) -> JSONObject:
    """Clients that know the kind from the path may leave it out of the body."""
    if "kind" in obj and "apiVersion" in obj:
        return obj
    return {"kind": expected.kind, "apiVersion": expected.gvr.api_version, **obj}


def _check_type(obj: JSONObject, expected: ResourceInfo) -> None:
    api_version, kind = obj["apiVersion"], obj["kind"]
    if api_version != expected.gvr.api_version:
        raise BadRequest(
            f"the API version in the data ({api_version}) does not match the expected API version "
            f"({expected.gvr.api_version})"
        )
    if kind != expected.kind:
        _, version = parse_api_version(api_version)
        raise BadRequest(
            _unhandled(
                kind,
                version,
                expected.kind,
                f"converting ({kind}) to ({expected.kind}): unknown conversion",
            )
        )


def _unhandled(kind: str, version: str, expected: str, problem: str) -> str:
    return f'{kind} in version "{version}" cannot be handled as a {expected}: {problem}'


def _patch_details(reason: str, message: str) -> JSONObject:
    return {"causes": [{"reason": reason, "message": message, "field": "patch"}]}
