"""The Traffic kind's rules: who sends how many requests where; defaults and validation."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from webapp.api.defaulting import fill, map_spec
from webapp.api.objectmeta import validate_label_selector
from webapp.api.sim.durations import parse_duration_ms
from webapp.apimachinery.field_path import Path, invalid, not_supported, required

if TYPE_CHECKING:
    from webapp.apimachinery.field_path import FieldError
    from webapp.apimachinery.meta import JSONObject

HTTP = "HTTP"
PROTOCOLS = (HTTP, "TCP", "UDP")
MOST_A_SECOND = 100_000
DESTINATIONS = ("pod", "service", "url")


def _default_spec(spec: JSONObject) -> JSONObject:
    spec = fill(spec, {"requestsPerSecond": 1, "timeout": "1s", "from": {"external": True}})
    if isinstance(spec.get("to"), dict):
        return {**spec, "to": fill(spec["to"], {"protocol": HTTP, "path": "/"})}
    return spec


default_traffic = map_spec(_default_spec)


def validate_traffic(obj: JSONObject) -> list[FieldError]:
    """What is wrong with a Traffic's spec."""
    spec, path = obj.get("spec") or {}, Path("spec")
    errors = _validate_source(spec.get("from") or {}, path.child("from"))
    errors += _validate_destination(spec.get("to") or {}, path.child("to"))
    rate = spec.get("requestsPerSecond", 1)
    if not 0 < rate <= MOST_A_SECOND:
        detail = f"must be greater than 0 and at most {MOST_A_SECOND}"
        errors.append(invalid(path.child("requestsPerSecond"), rate, detail))
    for name in ("duration", "timeout"):
        errors += _validate_duration(spec.get(name), path.child(name))
    return errors


def _validate_source(source: JSONObject, path: Path) -> list[FieldError]:
    selector = source.get("podSelector")
    if selector is None:
        return []
    if source.get("external"):
        detail = "may not be set when `external` is true"
        return [invalid(path.child("podSelector"), selector, detail)]
    return list(validate_label_selector(selector, path.child("podSelector")))


def _validate_destination(to: JSONObject, path: Path) -> list[FieldError]:
    named = [name for name in DESTINATIONS if to.get(name)]
    if len(named) != 1:
        detail = "exactly one of `url`, `service` and `pod` is required"
        return [invalid(path, named, detail)] if named else [required(path, detail)]
    errors: list[FieldError] = []
    if to.get("url") and not is_url(to["url"]):
        detail = "must be a URL such as http://web.default.svc:80/path"
        errors.append(invalid(path.child("url"), to["url"], detail))
    protocol = to.get("protocol", HTTP)
    if protocol not in PROTOCOLS:
        errors.append(not_supported(path.child("protocol"), protocol, PROTOCOLS))
    port = to.get("port")
    if isinstance(port, int) and not 1 <= port <= 65_535:
        errors.append(invalid(path.child("port"), port, "must be between 1 and 65535, inclusive"))
    if not str(to.get("path", "/")).startswith("/"):
        errors.append(invalid(path.child("path"), to["path"], "must begin with '/'"))
    return errors


def _validate_duration(text: str | None, path: Path) -> list[FieldError]:
    if not text:
        return []
    try:
        positive = parse_duration_ms(text) > 0
    except ValueError as error:
        return [invalid(path, text, str(error))]
    return [] if positive else [invalid(path, text, "must be greater than 0")]


def is_url(text: str) -> bool:
    """Whether requests can be sent to it."""
    try:
        parts = urlsplit(text)
        return parts.scheme == "http" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
