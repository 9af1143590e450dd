"""Where a load balancer can be reached, as its Service says."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject


def addresses_of(service: JSONObject) -> list[str]:
    """A load balancer's addresses."""
    balancer = (service.get("status") or {}).get("loadBalancer") or {}
    return [entry["ip"] for entry in balancer.get("ingress") or () if entry.get("ip")]
