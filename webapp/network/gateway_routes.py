"""Gateways and HTTPRoutes: which routes a listener takes, and what they mean as rules. Pure.

Models:
    kubernetes-sigs/gateway-api/apis/v1/gateway_types.go Listener, AllowedRoutes
    kubernetes-sigs/gateway-api/apis/v1/httproute_types.go HTTPRouteRule, HTTPRouteMatch
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from webapp.network.http_routes import EXACT, PREFIX, Backend, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.apimachinery.meta import JSONObject

GROUP = "gateway.networking.k8s.io"
CONTROLLER = "sim.podarium.dev/gateway-controller"
CLASS = "podarium"
GATEWAY_LABEL = "gateway.networking.k8s.io/gateway-name"
IMAGE = "envoyproxy/envoy"
_PATHS = {"Exact": EXACT, "PathPrefix": PREFIX}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def parents_in(route: JSONObject, gateway: JSONObject) -> list[JSONObject]:
    """The route's references to a Gateway."""
    return [ref for ref in parent_refs(route) if _names(ref, route, gateway)]


def parent_refs(route: JSONObject) -> list[JSONObject]:
    """All its references to Gateways."""
    refs: list[JSONObject] = (route.get("spec") or {}).get("parentRefs") or []
    return [
        ref
        for ref in refs
        if ref.get("kind", "Gateway") == "Gateway" and ref.get("group", GROUP) == GROUP
    ]


def parent_key(ref: JSONObject, route: JSONObject) -> str:
    """``namespace/name`` of the Gateway that is meant."""
    return f"{ref.get('namespace') or route['metadata']['namespace']}/{ref['name']}"


def _names(ref: JSONObject, route: JSONObject, gateway: JSONObject) -> bool:
    metadata = gateway["metadata"]
    return parent_key(ref, route) == f"{metadata['namespace']}/{metadata['name']}"


def refusal(route: JSONObject, ref: JSONObject, gateway: JSONObject) -> tuple[str, str]:
    """Why no listener of the Gateway takes a route, as reason and message; empty when one does."""
    listeners = _meant(ref, gateway)
    if not listeners:
        return "NoMatchingParent", "no listener matches the parentRef"
    allowed = [listener for listener in listeners if _allows(listener, route, gateway)]
    if not allowed:
        return "NotAllowedByListeners", "no listener allows routes of this namespace"
    if not any(hosts(listener, route) for listener in allowed):
        return "NoMatchingListenerHostname", "no hostname of the route matches a listener's"
    if _has_expressions(route):
        return "UnsupportedValue", "regular expressions are not supported"
    return "", ""


def _has_expressions(route: JSONObject) -> bool:
    return any(
        (part.get("type") or "") == "RegularExpression"
        for rule in (route.get("spec") or {}).get("rules") or ()
        for match in rule.get("matches") or ()
        for part in (match.get("path") or {}, *(match.get("headers") or ()))
    )


def attached(route: JSONObject, gateway: JSONObject) -> list[JSONObject]:
    """The listeners that take a route, in the Gateway's order."""
    found: dict[str, JSONObject] = {}
    for ref in parents_in(route, gateway):
        for listener in _meant(ref, gateway):
            if _allows(listener, route, gateway) and hosts(listener, route):
                found[listener["name"]] = listener
    return list(found.values())


def _meant(ref: JSONObject, gateway: JSONObject) -> list[JSONObject]:
    return [
        listener
        for listener in gateway["spec"].get("listeners") or ()
        if ref.get("sectionName") in (None, "", listener["name"])
        and ref.get("port") in (None, listener["port"])
    ]


def _allows(listener: JSONObject, route: JSONObject, gateway: JSONObject) -> bool:
    if listener.get("protocol") not in ("HTTP", "HTTPS"):
        return False
    allowed = (listener.get("allowedRoutes") or {}).get("namespaces") or {}
    if allowed.get("from", "Same") == "All":
        return True
    return bool(route["metadata"]["namespace"] == gateway["metadata"]["namespace"])


def hosts(listener: JSONObject, route: JSONObject) -> list[str]:
    """The hosts that listener and route have in common; "" for all."""
    own = (listener.get("hostname") or "").lower()
    wanted = [host.lower() for host in (route.get("spec") or {}).get("hostnames") or ()] or [""]
    found = []
    for host in wanted:
        if _covers(own, host):
            found.append(host or own)
        elif _covers(host, own):
            found.append(own)
    return found


def _covers(pattern: str, host: str) -> bool:
    if not pattern:
        return True
    if pattern.startswith("*."):
        return host.endswith(pattern[1:]) and host != pattern[1:]
    return pattern == host


def route_rules(route: JSONObject, listener: JSONObject) -> Iterator[Rule]:
    """What a route means to a listener that takes it."""
    metadata = route["metadata"]
    source = f"httproute/{metadata['namespace']}/{metadata['name']}"
    rules: list[JSONObject] = (route.get("spec") or {}).get("rules") or [{}]
    for rule in rules:
        backends = tuple(_backends(rule, metadata["namespace"]))
        matches: list[JSONObject] = rule.get("matches") or [{}]
        for match in matches:
            path = match.get("path") or {}
            if path.get("type", "PathPrefix") not in _PATHS:
                continue
            headers = tuple(
                (header["name"].lower(), header["value"])
                for header in match.get("headers") or ()
                if header.get("type", "Exact") == "Exact"
            )
            value = path.get("value") or "/"
            for host in hosts(listener, route):
                yield Rule(
                    source,
                    host,
                    _PATHS[path.get("type", "PathPrefix")],
                    value,
                    backends,
                    match.get("method", ""),
                    headers,
                    _rewrite(rule, value),
                    _redirect(rule, host),
                )


def _backends(rule: JSONObject, namespace: str) -> Iterator[Backend]:
    for ref in rule.get("backendRefs") or ():
        weight = ref.get("weight")
        if is_service(ref) and ref.get("namespace", namespace) == namespace:
            number = ref.get("port") or 0
            yield Backend(namespace, ref["name"], number, 1 if weight is None else weight)


def is_service(ref: JSONObject) -> bool:
    """Whether a backendRef means a Service."""
    return ref.get("kind", "Service") == "Service" and ref.get("group", "") in ("", "core")


def _rewrite(rule: JSONObject, prefix: str) -> str:
    for item in rule.get("filters") or ():
        path = (item.get("urlRewrite") or {}).get("path") or {}
        if path.get("type") == "ReplaceFullPath":
            return str(path.get("replaceFullPath") or "/")
        if path.get("type") == "ReplacePrefixMatch" and prefix != "/":
            return str(path.get("replacePrefixMatch") or "/")
    return ""


def _redirect(rule: JSONObject, host: str) -> tuple[int, str] | None:
    for item in rule.get("filters") or ():
        redirect = item.get("requestRedirect")
        if redirect is not None:
            path = quote((redirect.get("path") or {}).get("replaceFullPath") or "/", safe="/%?=&")
            target = quote(redirect.get("hostname") or host, safe="")
            scheme = "https" if redirect.get("scheme") == "https" else "http"
            status = redirect.get("statusCode")
            return status if status in _REDIRECTS else 302, f"{scheme}://{target}{path}"
    return None
