"""Completion indexes: written as intervals, put into Pods, read from them. Pure.

Models:
    pkg/controller/job/indexed_job_utils.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.apimachinery.meta import JSONObject

INDEX_KEY = "batch.kubernetes.io/job-completion-index"
UNKNOWN = -1

_ENV_NAME = "JOB_COMPLETION_INDEX"


def is_indexed(job: JSONObject) -> bool:
    """Whether each Pod works on an index of its own."""
    return bool(job["spec"].get("completionMode") == "Indexed")


def index_of(pod: JSONObject) -> int:
    """A Pod's completion index, ``UNKNOWN`` when it has none."""
    text = (pod["metadata"].get("annotations") or {}).get(INDEX_KEY, "")
    return int(text) if text.isdecimal() else UNKNOWN


def parse_indexes(text: str, completions: int) -> list[int]:
    """``1,3-5`` as sorted numbers below ``completions``."""
    found: list[int] = []
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return [index for index in found if index < completions]


def format_indexes(indexes: Iterable[int]) -> str:
    """Sorted numbers as intervals of three and more: ``1,2,4-7``."""
    intervals: list[list[int]] = []
    for index in indexes:
        if intervals and intervals[-1][1] == index - 1:
            intervals[-1][1] = index
        else:
            intervals.append([index, index])
    return ",".join(
        f"{first}" if first == last else f"{first}{',' if last == first + 1 else '-'}{last}"
        for first, last in intervals
    )


def succeeded_indexes(job: JSONObject, pods: Iterable[JSONObject]) -> list[int]:
    """Indexes that the status counts or that a Pod has just completed, sorted."""
    completions = int(job["spec"]["completions"])
    counted = parse_indexes((job.get("status") or {}).get("completedIndexes", ""), completions)
    fresh = {index_of(pod) for pod in pods if (pod.get("status") or {}).get("phase") == "Succeeded"}
    return sorted({*counted, *(index for index in fresh if 0 <= index < completions)})


def pending_indexes(
    completions: int, done: Iterable[int], active: Iterable[JSONObject], count: int
) -> list[int]:
    """The first ``count`` indexes that nobody has done or is working on."""
    taken = {*done, *map(index_of, active)}
    free = (index for index in range(completions) if index not in taken)
    return [index for index, _ in zip(free, range(count), strict=False)]


def with_index(
    template: JSONObject, job_name: str, index: int, annotations: dict[str, str]
) -> JSONObject:
    """The template of one index: annotations, label, variable and host name."""
    metadata = template.get("metadata") or {}
    spec = dict(template["spec"])
    for field in ("initContainers", "containers"):
        if spec.get(field):
            spec[field] = [_with_variable(container) for container in spec[field]]
    spec.setdefault("hostname", f"{job_name}-{index}")
    marks = {INDEX_KEY: str(index)}
    return {
        **template,
        "metadata": {
            **metadata,
            "labels": {**(metadata.get("labels") or {}), **marks},
            "annotations": {**(metadata.get("annotations") or {}), **marks, **annotations},
        },
        "spec": spec,
    }


def _with_variable(container: JSONObject) -> JSONObject:
    env = container.get("env") or []
    if any(entry["name"] == _ENV_NAME for entry in env):
        return container
    source = {"fieldRef": {"apiVersion": "v1", "fieldPath": f"metadata.labels['{INDEX_KEY}']"}}
    return {**container, "env": [*env, {"name": _ENV_NAME, "valueFrom": source}]}
