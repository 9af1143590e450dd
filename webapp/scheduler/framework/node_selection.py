"""Which Nodes a Pod's nodeSelector and node affinity admit, on columns of label numbers.

Each condition is judged on a column, so that no Node's labels are looked at twice.

Models:
    staging/src/k8s.io/component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go RequiredNodeAffinity
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.apimachinery.meta import JSONObject
    from webapp.scheduler.framework.arrays import BoolArray, Rows
    from webapp.scheduler.framework.node_table import NodeTable
    from webapp.scheduler.framework.types import PodInfo

NAME_FIELD = "metadata.name"

_INTEGER = re.compile(r"[+-]?[0-9]+\Z")


def node_selector(pod: PodInfo) -> JSONObject | None:
    """The Pod's nodeSelector."""
    selector: JSONObject | None = pod.pod["spec"].get("nodeSelector")
    return selector


def node_affinity(pod: PodInfo) -> JSONObject | None:
    """The Pod's node affinity."""
    affinity: JSONObject = pod.pod["spec"].get("affinity") or {}
    return affinity.get("nodeAffinity")


def required_terms(pod: PodInfo) -> Sequence[JSONObject] | None:
    """The node selector terms of which one must match; ``None`` when nothing is required."""
    required = (node_affinity(pod) or {}).get("requiredDuringSchedulingIgnoredDuringExecution")
    return None if required is None else required.get("nodeSelectorTerms") or ()


def requires_nodes(pod: PodInfo) -> bool:
    """Whether the Pod leaves Nodes out at all."""
    return bool(node_selector(pod)) or required_terms(pod) is not None


def required_matches(pod: PodInfo, nodes: NodeTable, rows: Rows) -> BoolArray:
    """Whether the Nodes meet the nodeSelector and one of the required terms."""
    count = len(nodes.pod_count[rows])
    matched = np.ones(count, np.bool_)
    for key, value in (node_selector(pod) or {}).items():
        column, values = nodes.label_column(key)
        matched &= column[rows] == values.get(value, -2)
    terms = required_terms(pod)
    if terms is not None:
        of_any = np.zeros(count, np.bool_)
        for term in terms:
            of_any |= term_matches(term, nodes, rows, count)
        matched &= of_any
    return matched


def is_not_empty(term: JSONObject | None) -> bool:
    """Whether a term has conditions; one without matches no Node."""
    return bool(term and (term.get("matchExpressions") or term.get("matchFields")))


def term_matches(term: JSONObject, nodes: NodeTable, rows: Rows, count: int) -> BoolArray:
    """Whether the Nodes (``count`` of them) meet all conditions of a term."""
    if not is_not_empty(term):
        return np.zeros(count, np.bool_)
    matched = np.ones(count, np.bool_)
    for expression in term.get("matchExpressions") or ():
        matched &= _expression_matches(expression, nodes, rows)
    for field in term.get("matchFields") or ():
        matched &= _field_matches(field, nodes, rows)
    return matched


def _expression_matches(expression: JSONObject, nodes: NodeTable, rows: Rows) -> BoolArray:
    column, values = nodes.label_column(expression["key"])
    numbers = column[rows]
    operator = expression["operator"]
    wanted: Sequence[str] = expression.get("values") or ()
    if operator == "Exists":
        return numbers >= 0
    if operator == "DoesNotExist":
        return numbers < 0
    if operator in ("In", "NotIn"):
        found = np.isin(numbers, [values[value] for value in wanted if value in values])
        return found if operator == "In" else ~found
    # One entry more than there are values: a missing label (-1) looks up the last one.
    compared = np.zeros(len(values) + 1, np.bool_)
    if len(wanted) == 1 and _INTEGER.match(wanted[0]):
        bound = int(wanted[0])
        for value, number in values.items():
            if _INTEGER.match(value):
                compared[number] = int(value) > bound if operator == "Gt" else int(value) < bound
    return compared[numbers]


def _field_matches(field: JSONObject, nodes: NodeTable, rows: Rows) -> BoolArray:
    named = np.zeros(nodes.size, np.bool_)
    if field["key"] == NAME_FIELD:
        for name in field.get("values") or ():
            row = nodes.rows.get(name)
            if row is not None:
                named[row] = True
    if field["operator"] == "NotIn":
        named = ~named
    return named[rows]
