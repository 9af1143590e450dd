"""Rows of Pods and of the kinds that make them.

Models:
    pkg/printers/internalversion/printers.go printPod and the workloads' functions
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.api.core.pods import display, get_pod_condition
from webapp.apimachinery.meta import controller_of
from webapp.apimachinery.schema import parse_api_version
from webapp.apimachinery.timestamps import human_duration, parse_time
from webapp.apiserver.printers.columns import (
    AGE,
    CONTAINER_COLUMNS,
    NAME,
    NONE,
    SELECTOR_COLUMN,
    UNKNOWN,
    UNSET,
    Column,
    TablePrinter,
    age,
    age_text,
    at_most,
    bool_text,
    container_cells,
    integer,
    labels_text,
    name,
    selector_text,
    spec,
    status,
    wide,
)

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject


def _pod_row(pod: JSONObject, now_ms: int) -> list[Any]:
    shown = display(pod)
    restarts = str(shown.restarts)
    if shown.restarts and shown.last_restart:
        restarts = f"{restarts} ({age_text(shown.last_restart, now_ms)} ago)"
    addresses = status(pod).get("podIPs") or ()
    return [
        name(pod),
        f"{shown.ready}/{shown.total}",
        shown.status,
        restarts,
        age(pod, now_ms),
        (addresses[0].get("ip") if addresses else "") or NONE,
        spec(pod).get("nodeName") or NONE,
        status(pod).get("nominatedNodeName") or NONE,
        _readiness_gates(pod),
    ]


def _readiness_gates(pod: JSONObject) -> str:
    gates = spec(pod).get("readinessGates")
    if not gates:
        return NONE
    conditions = [get_pod_condition(pod, gate.get("conditionType", "")) for gate in gates]
    passed = sum(1 for entry in conditions if entry and entry.get("status") == "True")
    return f"{passed}/{len(gates)}"


def _pod_template_row(template: JSONObject, now_ms: int) -> list[Any]:
    del now_ms
    inner = template.get("template") or {}
    return [
        name(template),
        *container_cells(inner),
        labels_text((inner.get("metadata") or {}).get("labels")),
    ]


def _replica_row(obj: JSONObject, now_ms: int, selector: str) -> list[Any]:
    return [
        name(obj),
        spec(obj).get("replicas") or 0,
        status(obj).get("replicas") or 0,
        status(obj).get("readyReplicas") or 0,
        age(obj, now_ms),
        *container_cells(spec(obj).get("template")),
        selector,
    ]


def _replication_controller_row(obj: JSONObject, now_ms: int) -> list[Any]:
    return _replica_row(obj, now_ms, labels_text(spec(obj).get("selector")))


def _replica_set_row(obj: JSONObject, now_ms: int) -> list[Any]:
    return _replica_row(obj, now_ms, selector_text(spec(obj).get("selector")))


def _deployment_row(obj: JSONObject, now_ms: int) -> list[Any]:
    observed = status(obj)
    return [
        name(obj),
        f"{observed.get('readyReplicas') or 0}/{spec(obj).get('replicas') or 0}",
        observed.get("updatedReplicas") or 0,
        observed.get("availableReplicas") or 0,
        age(obj, now_ms),
        *container_cells(spec(obj).get("template")),
        selector_text(spec(obj).get("selector")),
    ]


def _daemon_set_row(obj: JSONObject, now_ms: int) -> list[Any]:
    template = spec(obj).get("template") or {}
    counts = [
        status(obj).get(field) or 0
        for field in (
            "desiredNumberScheduled",
            "currentNumberScheduled",
            "numberReady",
            "updatedNumberScheduled",
            "numberAvailable",
        )
    ]
    return [
        name(obj),
        *counts,
        labels_text((template.get("spec") or {}).get("nodeSelector")),
        age(obj, now_ms),
        *container_cells(template),
        selector_text(spec(obj).get("selector")),
    ]


def _stateful_set_row(obj: JSONObject, now_ms: int) -> list[Any]:
    ready = f"{status(obj).get('readyReplicas') or 0}/{spec(obj).get('replicas') or 0}"
    return [name(obj), ready, age(obj, now_ms), *container_cells(spec(obj).get("template"))]


def _job_row(job: JSONObject, now_ms: int) -> list[Any]:
    return [
        name(job),
        _job_status(job),
        _completions(job),
        _job_duration(job, now_ms),
        age(job, now_ms),
        *container_cells(spec(job).get("template")),
        selector_text(spec(job).get("selector")),
    ]


def _job_status(job: JSONObject) -> str:
    met = {
        entry.get("type")
        for entry in status(job).get("conditions") or ()
        if entry.get("status") == "True"
    }
    for condition in ("Complete", "Failed"):
        if condition in met:
            return condition
    if job["metadata"].get("deletionTimestamp"):
        return "Terminating"
    for condition in ("Suspended", "FailureTarget", "SuccessCriteriaMet"):
        if condition in met:
            return condition
    return "Running"


def _completions(job: JSONObject) -> str:
    succeeded = status(job).get("succeeded") or 0
    wanted = spec(job).get("completions")
    if wanted is not None:
        return f"{succeeded}/{wanted}"
    parallelism = spec(job).get("parallelism") or 0
    return f"{succeeded}/1 of {parallelism}" if parallelism > 1 else f"{succeeded}/1"


def _job_duration(job: JSONObject, now_ms: int) -> str:
    started = status(job).get("startTime")
    if not started:
        return ""
    completed = status(job).get("completionTime")
    end_ms = parse_time(completed) if completed else now_ms
    return human_duration(end_ms - parse_time(started))


def _cron_job_row(obj: JSONObject, now_ms: int) -> list[Any]:
    job_spec = (spec(obj).get("jobTemplate") or {}).get("spec") or {}
    last = status(obj).get("lastScheduleTime")
    return [
        name(obj),
        spec(obj).get("schedule", ""),
        spec(obj).get("timeZone") or NONE,
        bool_text(spec(obj).get("suspend")),
        len(status(obj).get("active") or ()),
        age_text(last, now_ms) if last else NONE,
        age(obj, now_ms),
        *container_cells(job_spec.get("template")),
        selector_text(job_spec.get("selector")),
    ]


def _controller_revision_row(obj: JSONObject, now_ms: int) -> list[Any]:
    owner = controller_of(obj)
    controller = NONE
    if owner is not None:
        group, _ = parse_api_version(owner.get("apiVersion", ""))
        kind = owner.get("kind", "").lower()
        controller = f"{kind}.{group}/{owner['name']}" if group else f"{kind}/{owner['name']}"
    return [name(obj), controller, obj.get("revision") or 0, age(obj, now_ms)]


def _pdb_row(obj: JSONObject, now_ms: int) -> list[Any]:
    bounds = [spec(obj).get(field) for field in ("minAvailable", "maxUnavailable")]
    return [
        name(obj),
        *("N/A" if bound is None else str(bound) for bound in bounds),
        status(obj).get("disruptionsAllowed") or 0,
        age(obj, now_ms),
    ]


def _hpa_row(obj: JSONObject, now_ms: int) -> list[Any]:
    target = spec(obj).get("scaleTargetRef") or {}
    least = spec(obj).get("minReplicas")
    return [
        name(obj),
        f"{target.get('kind', '')}/{target.get('name', '')}",
        _targets(obj),
        UNSET if least is None else str(least),
        spec(obj).get("maxReplicas") or 0,
        status(obj).get("currentReplicas") or 0,
        age(obj, now_ms),
    ]


_METRIC_FIELDS = {
    "ContainerResource": "containerResource",
    "External": "external",
    "Object": "object",
    "Pods": "pods",
    "Resource": "resource",
}


def _targets(obj: JSONObject) -> str:
    metrics = spec(obj).get("metrics")
    if not metrics:
        return _first_version_target(obj)
    current = status(obj).get("currentMetrics") or []
    texts = [
        _target(metric, current[index] if index < len(current) else {})
        for index, metric in enumerate(metrics)
    ]
    return at_most(texts, 2, ", ")


def _first_version_target(obj: JSONObject) -> str:
    """What an autoscaler of version 1 says: CPU only."""
    wanted = spec(obj).get("targetCPUUtilizationPercentage")
    if wanted is None:
        return NONE
    now = status(obj).get("currentCPUUtilizationPercentage")
    return f"cpu: {UNKNOWN if now is None else f'{now}%'}/{wanted}%"


def _target(metric: JSONObject, current: JSONObject) -> str:
    type_ = metric.get("type", "")
    field = _METRIC_FIELDS.get(type_)
    if field is None:
        return "<unknown type>"
    wanted = (metric.get(field) or {}).get("target") or {}
    seen = (current.get(field) or {}).get("current") or {}
    label = (metric.get(field) or {}).get("name", "") if "Resource" in type_ else ""
    prefix = f"{label}: " if label else ""
    utilization = wanted.get("averageUtilization")
    if utilization is not None:
        now = seen.get("averageUtilization")
        return f"{prefix}{UNKNOWN if now is None else f'{now}%'}/{utilization}%"
    if wanted.get("averageValue") is not None:
        suffix = " (avg)" if type_ in {"External", "Object"} else ""
        return f"{prefix}{seen.get('averageValue', UNKNOWN)}/{wanted['averageValue']}{suffix}"
    return f"{prefix}{seen.get('value', UNKNOWN)}/{wanted.get('value', '<auto>')}"


_REPLICA_COLUMNS = (
    NAME,
    integer("Desired", "How many Pods should be."),
    integer("Current", "How many Pods are."),
    integer("Ready", "How many Pods are ready."),
    AGE,
    *CONTAINER_COLUMNS,
    SELECTOR_COLUMN,
)


def _scale_row(scale: JSONObject, now_ms: int) -> list[Any]:
    return [
        name(scale),
        spec(scale).get("replicas", 0),
        status(scale).get("replicas", 0),
        age(scale, now_ms),
    ]


PRINTERS: dict[tuple[str, str], TablePrinter] = {
    ("", "pods"): TablePrinter(
        (
            NAME,
            Column("Ready", description="How many containers are ready, of how many."),
            Column("Status", description="The state of the Pod's containers in one word."),
            Column("Restarts", description="How often containers were restarted, and when last."),
            AGE,
            wide("IP", "The Pod's address."),
            wide("Node", "Where the Pod runs."),
            wide("Nominated Node", "Where the Pod may run once others made room."),
            wide("Readiness Gates", "How many further conditions for readiness are met."),
        ),
        _pod_row,
    ),
    ("", "podtemplates"): TablePrinter(
        (
            NAME,
            Column("Containers"),
            Column("Images"),
            Column("Pod Labels", description="The labels of the Pod template."),
        ),
        _pod_template_row,
    ),
    ("", "replicationcontrollers"): TablePrinter(_REPLICA_COLUMNS, _replication_controller_row),
    ("apps", "controllerrevisions"): TablePrinter(
        (
            NAME,
            Column("Controller", description="Whose revision it is."),
            integer("Revision", "The revision's number."),
            AGE,
        ),
        _controller_revision_row,
    ),
    ("apps", "daemonsets"): TablePrinter(
        (
            NAME,
            integer("Desired", "Nodes that should run the Pod."),
            integer("Current", "Nodes that run at least one Pod and should."),
            integer("Ready", "Nodes with a ready Pod."),
            integer("Up-to-date", "Nodes with a Pod of the current template."),
            integer("Available", "Nodes with an available Pod."),
            Column("Node Selector", description="Which Nodes are meant."),
            AGE,
            *CONTAINER_COLUMNS,
            SELECTOR_COLUMN,
        ),
        _daemon_set_row,
    ),
    ("apps", "deployments"): TablePrinter(
        (
            NAME,
            Column("Ready", description="Ready Pods, of how many."),
            integer("Up-to-date", "Pods of the current template."),
            integer("Available", "Pods ready for long enough."),
            AGE,
            *CONTAINER_COLUMNS,
            SELECTOR_COLUMN,
        ),
        _deployment_row,
    ),
    ("apps", "replicasets"): TablePrinter(_REPLICA_COLUMNS, _replica_set_row),
    ("apps", "statefulsets"): TablePrinter(
        (NAME, Column("Ready", description="Ready Pods, of how many."), AGE, *CONTAINER_COLUMNS),
        _stateful_set_row,
    ),
    ("autoscaling", "scales"): TablePrinter(
        (
            NAME,
            integer("Desired", "How many replicas are wanted."),
            integer("Available", "How many there are."),
            AGE,
        ),
        _scale_row,
    ),
    ("autoscaling", "horizontalpodautoscalers"): TablePrinter(
        (
            NAME,
            Column("Reference", description="What is scaled."),
            Column("Targets", description="Each metric now, and as it should be."),
            Column("MinPods", description="The lower bound."),
            Column("MaxPods", description="The upper bound."),
            integer("Replicas", "How many Pods there are."),
            AGE,
        ),
        _hpa_row,
    ),
    ("batch", "cronjobs"): TablePrinter(
        (
            NAME,
            Column("Schedule", description="When Jobs are made."),
            Column("Timezone", description="Where the schedule's clock stands."),
            Column("Suspend", "boolean", description="Whether no Jobs are made for now."),
            integer("Active", "Jobs that run."),
            Column("Last Schedule", description="When the last Job was made."),
            AGE,
            *CONTAINER_COLUMNS,
            SELECTOR_COLUMN,
        ),
        _cron_job_row,
    ),
    ("batch", "jobs"): TablePrinter(
        (
            NAME,
            Column("Status", description="How the Job stands in one word."),
            Column("Completions", description="Pods that succeeded, of how many."),
            Column("Duration", description="How long the Job took."),
            AGE,
            *CONTAINER_COLUMNS,
            SELECTOR_COLUMN,
        ),
        _job_row,
    ),
    ("policy", "poddisruptionbudgets"): TablePrinter(
        (
            NAME,
            Column("Min Available", description="Pods that must stay available."),
            Column("Max Unavailable", description="Pods that may be unavailable."),
            integer("Allowed Disruptions", "Pods that may be evicted now."),
            AGE,
        ),
        _pdb_row,
    ),
}
"""(group, resource) → how it is printed, sorted."""
