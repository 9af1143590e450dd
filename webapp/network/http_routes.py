"""Which backend an HTTP request goes to: rules of Ingresses and HTTPRoutes in one shape. Pure.

The most specific host wins, then an exact path, then the longest prefix, then the older rule.

Models:
    kubernetes/ingress-nginx/internal/ingress/controller/controller.go getBackendServers
    pkg/apis/networking/types.go HTTPIngressPath
    kubernetes-sigs/gateway-api/apis/v1/httproute_types.go HTTPRouteRule
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from webapp.apimachinery.meta import JSONObject

EXACT = "Exact"
PREFIX = "Prefix"
REWRITE_ANNOTATION = "nginx.ingress.kubernetes.io/rewrite-target"
_REFERENCE = re.compile(r"\$\d")


class Backend(NamedTuple):
    """A Service's port that requests may go to.

    Attributes:
        namespace, service: The Service.
        port: Its number, or its name.
        weight: Share of the requests among a rule's backends.
    """

    namespace: str
    service: str
    port: int | str
    weight: int = 1


class Rule(NamedTuple):
    """One rule.

    Attributes:
        source: ``kind/namespace/name`` of where it stands, for people.
        host: Exact, ``*.example.com``, or "" for all.
        path_type: EXACT or PREFIX.
        path: Where matching paths begin, or what they are.
        backends: Where requests go.
        method: Only this one, "" for all.
        headers: Name in lower case → value that a request must have.
        rewrite: The path that backends get instead, "" to leave it.
        redirect: Status and location to answer with instead, or ``None``.
    """

    source: str
    host: str
    path_type: str
    path: str
    backends: tuple[Backend, ...]
    method: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    rewrite: str = ""
    redirect: tuple[int, str] | None = None


def choose(
    rules: Iterable[Rule], host: str, path: str, method: str, headers: Mapping[str, str]
) -> Rule | None:
    """The rule that a request matches; rules are in order of age."""
    host = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    host, path = host.lower(), path.partition("?")[0]
    known = {name.lower(): value for name, value in headers.items()}
    fitting = [rule for rule in rules if host_matches(rule.host, host)]
    if not fitting:
        return None
    nearest = max(map(_host_rank, fitting))
    found = [
        rule
        for rule in fitting
        if _host_rank(rule) == nearest
        and path_matches(rule, path)
        and rule.method in ("", method)
        and all(known.get(name) == value for name, value in rule.headers)
    ]
    # Of equals, max keeps the first: the oldest.
    return max(found, key=_path_rank) if found else None


def host_matches(pattern: str, host: str) -> bool:
    """Whether a host is meant; a wildcard stands for exactly one label."""
    if pattern.startswith("*."):
        first, dot, rest = host.partition(".")
        return bool(first and dot) and rest == pattern[2:]
    return pattern in ("", host)


def path_matches(rule: Rule, path: str) -> bool:
    """Whether a path is meant; prefixes match whole elements."""
    if rule.path_type == EXACT:
        return path == rule.path
    prefix = rule.path.rstrip("/")
    return path == prefix or path.startswith(f"{prefix}/")


def _host_rank(rule: Rule) -> tuple[bool, bool, int]:
    return bool(rule.host), not rule.host.startswith("*"), len(rule.host)


def _path_rank(rule: Rule) -> tuple[bool, int, bool, int]:
    return rule.path_type == EXACT, len(rule.path), bool(rule.method), len(rule.headers)


def ingress_rules(ingress: JSONObject) -> Iterator[Rule]:
    """The rules of an Ingress, its default backend last."""
    metadata, spec = ingress["metadata"], ingress.get("spec") or {}
    namespace = metadata["namespace"]
    source = f"ingress/{namespace}/{metadata['name']}"
    rewrite = (metadata.get("annotations") or {}).get(REWRITE_ANNOTATION, "")
    if _REFERENCE.search(rewrite):
        rewrite = ""
    for rule in spec.get("rules") or ():
        host = (rule.get("host") or "").lower()
        for entry in (rule.get("http") or {}).get("paths") or ():
            backend = _service_backend(namespace, entry.get("backend") or {})
            if backend is not None:
                type_ = EXACT if entry.get("pathType") == EXACT else PREFIX
                path = entry.get("path") or "/"
                yield Rule(source, host, type_, path, (backend,), rewrite=rewrite)
    backend = _service_backend(namespace, spec.get("defaultBackend") or {})
    if backend is not None:
        hosts = {(rule.get("host") or "").lower(): None for rule in spec.get("rules") or ()}
        for host in hosts or {"": None}:
            yield Rule(source, host, PREFIX, "/", (backend,))


def _service_backend(namespace: str, backend: JSONObject) -> Backend | None:
    service = backend.get("service")
    if not service:
        return None
    port = service.get("port") or {}
    return Backend(namespace, service["name"], port.get("name") or port.get("number") or 0)


def backend_addresses(
    service: JSONObject | None, slices: Iterable[JSONObject], port: int | str
) -> list[tuple[str, int]]:
    """Addresses and ports of the ready endpoints behind a Service's port, sorted."""
    if service is None:
        return []
    names = [
        entry.get("name") or ""
        for entry in service["spec"].get("ports") or ()
        if port in (entry.get("port"), entry.get("name"))
    ]
    if not names:
        return []
    found: dict[tuple[str, int], None] = {}
    for piece in slices:
        numbers = [
            entry["port"]
            for entry in piece.get("ports") or ()
            if (entry.get("name") or "") == names[0] and entry.get("port")
        ]
        for endpoint in piece.get("endpoints") or ():
            if numbers and (endpoint.get("conditions") or {}).get("ready") is not False:
                for address in endpoint.get("addresses") or ():
                    found[address, numbers[0]] = None
    return sorted(found)
