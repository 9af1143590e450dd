"""Columns of what is computed: metrics, and the list of API groups.

Models:
    sigs.k8s.io/metrics-server/pkg/api/table.go
    staging/src/k8s.io/kube-aggregator/pkg/registry/apiservice/etcd/etcd.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.apimachinery.quantity import add_quantities
from webapp.apiserver.printers.columns import AGE, NAME, Column, TablePrinter, age, name

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

_USE_COLUMNS = (NAME, Column("cpu"), Column("memory"), Column("Window", format="duration"))


def _node_row(obj: JSONObject, now_ms: int) -> list[Any]:
    del now_ms
    usage = obj["usage"]
    return [name(obj), usage["cpu"], usage["memory"], obj["window"]]


def _pod_row(obj: JSONObject, now_ms: int) -> list[Any]:
    del now_ms
    uses = [container["usage"] for container in obj["containers"]]
    sums = [add_quantities(*(use[kind] for use in uses)) for kind in ("cpu", "memory")]
    return [name(obj), *sums, obj["window"]]


def _api_service_row(obj: JSONObject, now_ms: int) -> list[Any]:
    service = obj["spec"].get("service")
    where = f"{service['namespace']}/{service['name']}" if service else "Local"
    conditions = (obj.get("status") or {}).get("conditions") or ()
    available = next((item for item in conditions if item["type"] == "Available"), None)
    text = available["status"] if available else "Unknown"
    if available and text != "True":
        text = f"{text} ({available['reason']})"
    return [name(obj), where, text, age(obj, now_ms)]


PRINTERS = {
    ("apiregistration.k8s.io", "apiservices"): TablePrinter(
        (NAME, Column("Service"), Column("Available"), AGE), _api_service_row
    ),
    ("metrics.k8s.io", "nodes"): TablePrinter(_USE_COLUMNS, _node_row),
    ("metrics.k8s.io", "pods"): TablePrinter(_USE_COLUMNS, _pod_row),
}
