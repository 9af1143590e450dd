"""Columns and rows of any resource: what the API server's Table answers are made of.

The handlers of GET and watch call this; an object and the virtual time enter, cells leave. Rows do not
depend on anything else, so that they can be kept by object revision as long as no age is shown anew.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from webapp.apiserver.printers import cluster, metrics, network, workloads
from webapp.apiserver.printers.columns import CREATED_AT, NAME, TablePrinter, name
from webapp.apiserver.printers.custom import custom_printer

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.scheme import ResourceInfo


def _created_at_row(obj: JSONObject, now_ms: int) -> list[Any]:
    del now_ms
    return [name(obj), obj["metadata"].get("creationTimestamp") or ""]


_PRINTERS = {**cluster.PRINTERS, **metrics.PRINTERS, **network.PRINTERS, **workloads.PRINTERS}
_DEFAULT = TablePrinter((NAME, CREATED_AT), _created_at_row)


def printer_for(info: ResourceInfo) -> TablePrinter:
    """What prints the objects of a kind."""
    if info.custom is not None:
        return _custom_printer(info.custom)
    return printer_of(info.group, info.resource)


def printer_of(group: str, resource: str) -> TablePrinter:
    """What prints a built-in resource; those without columns of their own have NAME and CREATED AT."""
    return _PRINTERS.get((group, resource), _DEFAULT)


_custom_printer = lru_cache(maxsize=256)(custom_printer)
