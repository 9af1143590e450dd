"""Columns and rows of any resource: what the API server's Table answers are made of.

The handlers of GET and watch call this; an object and the virtual time enter, cells leave. Rows do not
depend on anything else, so that they can be kept by object revision as long as no age is shown anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.apimachinery.scheme import BUILTIN_KINDS
from webapp.apiserver.printers import cluster, metrics, network, workloads
from webapp.apiserver.printers.columns import (
    AGE,
    CREATED_AT,
    NAME,
    Column,
    TablePrinter,
    age,
    name,
)

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject


def _created_at_row(obj: JSONObject, now_ms: int) -> list[Any]:
    del now_ms
    return [name(obj), obj["metadata"].get("creationTimestamp") or ""]


def _age_row(obj: JSONObject, now_ms: int) -> list[Any]:
    return [name(obj), age(obj, now_ms)]


_PRINTERS = {**cluster.PRINTERS, **metrics.PRINTERS, **network.PRINTERS, **workloads.PRINTERS}
_BUILTIN = {(info.group, info.resource) for info in BUILTIN_KINDS}
_DEFAULT_BUILTIN = TablePrinter((NAME, CREATED_AT), _created_at_row)
_DEFAULT_CUSTOM = TablePrinter((NAME, AGE), _age_row)


def _printer(group: str, resource: str) -> TablePrinter:
    found = _PRINTERS.get((group, resource))
    if found is not None:
        return found
    return _DEFAULT_BUILTIN if (group, resource) in _BUILTIN else _DEFAULT_CUSTOM


def columns_for(group: str, resource: str) -> tuple[Column, ...]:
    """The columns of a resource; custom ones without columns of their own have NAME and AGE."""
    return _printer(group, resource).columns


def row_for(group: str, resource: str, obj: JSONObject, now_ms: int) -> list[Any]:
    """The cells of one object, one a column."""
    return _printer(group, resource).row(obj, now_ms)
