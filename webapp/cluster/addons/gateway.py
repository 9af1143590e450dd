"""The Gateway API: definitions of its kinds, and the class of the built-in controller.

Models:
    kubernetes-sigs/gateway-api/config/crd/standard/gateway.networking.k8s.io_gateways.yaml
    kubernetes-sigs/gateway-api/config/crd/standard/gateway.networking.k8s.io_httproutes.yaml
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.cluster.addons.objects import make_object
from webapp.network.gateway_routes import CLASS, CONTROLLER, GROUP

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

BUNDLE = {
    "api-approved.kubernetes.io": "https://github.com/kubernetes-sigs/gateway-api/pull/3328",
    "gateway.networking.k8s.io/bundle-version": "v1.4.0",
    "gateway.networking.k8s.io/channel": "standard",
}
_TEXT: JSONObject = {"type": "string"}
_ANY: JSONObject = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_PORT: JSONObject = {"type": "integer", "format": "int32", "minimum": 1, "maximum": 65535}


def gateway_definitions() -> list[JSONObject]:
    """The kinds' definitions."""
    return [
        _definition(
            "GatewayClass",
            "gatewayclasses",
            "gc",
            "Cluster",
            _object(["controllerName"], controllerName=_TEXT, description=_TEXT),
            [("Controller", ".spec.controllerName"), ("Accepted", _condition("Accepted"))],
        ),
        _definition(
            "Gateway",
            "gateways",
            "gtw",
            "Namespaced",
            _object(
                ["gatewayClassName", "listeners"],
                gatewayClassName=_TEXT,
                listeners={"type": "array", "minItems": 1, "maxItems": 64, "items": _listener()},
            ),
            [
                ("Class", ".spec.gatewayClassName"),
                ("Address", ".status.addresses[*].value"),
                ("Programmed", _condition("Programmed")),
            ],
        ),
        _definition(
            "HTTPRoute",
            "httproutes",
            "",
            "Namespaced",
            _object(
                [],
                parentRefs=_array(_parent_ref()),
                hostnames=_array(_TEXT),
                rules=_array(_rule()),
            ),
            [("Hostnames", ".spec.hostnames")],
        ),
    ]


def gateway_class() -> JSONObject:
    """The class of the built-in controller."""
    return make_object(
        f"{GROUP}/v1", "GatewayClass", CLASS, "", spec={"controllerName": CONTROLLER}
    )


def _definition(
    kind: str, plural: str, short: str, scope: str, spec: JSONObject, columns: list[tuple[str, str]]
) -> JSONObject:
    names: JSONObject = {"kind": kind, "plural": plural, "singular": kind.lower()}
    names["categories"] = ["gateway-api"]
    if short:
        names["shortNames"] = [short]
    printed: list[JSONObject] = [
        {"name": name, "type": "string", "jsonPath": path} for name, path in columns
    ]
    printed.append({"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"})
    schema = _object(["spec"], spec=spec, status=_status())
    version: JSONObject = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}},
        "additionalPrinterColumns": printed,
    }
    return make_object(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        f"{plural}.{GROUP}",
        "",
        annotations=BUNDLE,
        spec={"group": GROUP, "names": names, "scope": scope, "versions": [version]},
    )


def _listener() -> JSONObject:
    namespaces = _object(
        [], **{"from": _choice("All", "Same", "Selector", "None"), "selector": _ANY}
    )
    return _object(
        ["name", "port", "protocol"],
        name=_TEXT,
        hostname=_TEXT,
        port=_PORT,
        protocol=_TEXT,
        tls=_ANY,
        allowedRoutes=_object([], namespaces=namespaces, kinds=_array(_ANY)),
    )


def _parent_ref() -> JSONObject:
    return _object(
        ["name"],
        group=_TEXT,
        kind=_TEXT,
        namespace=_TEXT,
        name=_TEXT,
        sectionName=_TEXT,
        port=_PORT,
    )


def _rule() -> JSONObject:
    pair = _object(["name", "value"], type=_TEXT, name=_TEXT, value=_TEXT)
    path = _object([], type=_choice("Exact", "PathPrefix", "RegularExpression"), value=_TEXT)
    match = _object([], path=path, headers=_array(pair), queryParams=_array(pair), method=_TEXT)
    backend = _object(
        ["name"],
        group=_TEXT,
        kind=_TEXT,
        name=_TEXT,
        namespace=_TEXT,
        port=_PORT,
        weight={"type": "integer", "format": "int32", "minimum": 0, "maximum": 1_000_000},
        filters=_array(_ANY),
    )
    return _object(
        [],
        name=_TEXT,
        matches=_array(match),
        filters=_array(_filter()),
        backendRefs=_array(backend),
        timeouts=_ANY,
    )


def _filter() -> JSONObject:
    path = _object([], type=_TEXT, replaceFullPath=_TEXT, replacePrefixMatch=_TEXT)
    redirect = _object(
        [],
        scheme=_choice("http", "https"),
        hostname=_TEXT,
        path=path,
        port=_PORT,
        statusCode={"type": "integer", "format": "int32"},
    )
    found = _object(
        ["type"],
        type=_TEXT,
        requestRedirect=redirect,
        urlRewrite=_object([], hostname=_TEXT, path=path),
    )
    return {**found, "x-kubernetes-preserve-unknown-fields": True}


def _status() -> JSONObject:
    conditions = _array(
        _object(
            ["type", "status", "lastTransitionTime", "reason"],
            type=_TEXT,
            status=_choice("True", "False", "Unknown"),
            observedGeneration={"type": "integer", "format": "int64"},
            lastTransitionTime={"type": "string", "format": "date-time"},
            reason=_TEXT,
            message=_TEXT,
        )
    )
    kind = _object(["kind"], group=_TEXT, kind=_TEXT)
    listener = _object(
        ["name"],
        name=_TEXT,
        attachedRoutes={"type": "integer", "format": "int32"},
        supportedKinds=_array(kind),
        conditions=conditions,
    )
    parent = _object(
        ["parentRef", "controllerName"],
        parentRef=_parent_ref(),
        controllerName=_TEXT,
        conditions=conditions,
    )
    address = _object(["value"], type=_TEXT, value=_TEXT)
    return _object(
        [],
        conditions=conditions,
        addresses=_array(address),
        listeners=_array(listener),
        parents=_array(parent),
    )


def _object(required: list[str], **properties: Any) -> JSONObject:
    found: JSONObject = {"type": "object", "properties": properties}
    if required:
        found["required"] = required
    return found


def _array(items: JSONObject) -> JSONObject:
    return {"type": "array", "items": items}


def _choice(*values: str) -> JSONObject:
    return {"type": "string", "enum": list(values)}


def _condition(type_: str) -> str:
    return f'.status.conditions[?(@.type=="{type_}")].status'
