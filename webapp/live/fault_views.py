"""Faults as the page shows them: what breaks, since when, until when, and what to watch for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.sim.durations import parse_duration_ms
from webapp.apimachinery.labels import selector_from_label_selector
from webapp.apimachinery.timestamps import parse_time
from webapp.cluster.faults.wording import WORDINGS
from webapp.live.frames import FaultView

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject


def fault_view(fault: JSONObject) -> FaultView:
    """A Fault."""
    metadata, spec, status = fault["metadata"], fault["spec"], fault.get("status") or {}
    created = parse_time(metadata["creationTimestamp"])
    starts = created + parse_duration_ms(spec.get("startAfter") or "0")
    since = parse_time(status["startTime"]) if status.get("startTime") else starts
    phase = status.get("phase", "Pending")
    until: int | None = None
    if status.get("endTime"):
        until = parse_time(status["endTime"])
    elif spec.get("duration"):
        until = since + parse_duration_ms(spec["duration"])
    affected = status.get("affected") or []
    conditions = status.get("conditions") or []
    wording = WORDINGS[spec["type"]]
    return FaultView(
        uid=metadata["uid"],
        name=metadata["name"],
        type=spec["type"],
        target=target_text(spec.get("target") or {}),
        nodes=[text.removeprefix("node/") for text in affected if text.startswith("node/")],
        pods=[text.removeprefix("pod/") for text in affected if text.startswith("pod/")],
        phase=phase,
        since=since,
        until=until,
        does=wording.does,
        watch_for=wording.watch_for,
        message=str(conditions[0].get("message", "")) if conditions else "",
        created=created,
        revision=int(metadata["resourceVersion"]),
    )


def target_text(target: JSONObject) -> str:
    """What is meant, in one line; the control plane if nothing is named."""
    if target.get("node"):
        return f"node/{target['node']}"
    container = f", container {target['container']}" if target.get("container") else ""
    namespace = target.get("namespace", "default")
    if target.get("pod"):
        return f"pod/{namespace}/{target['pod']}{container}"
    if target.get("podSelector"):
        selector = selector_from_label_selector(target["podSelector"])
        return f"pods in {namespace} with {selector}{container}"
    if target.get("nodeSelector"):
        return f"nodes with {selector_from_label_selector(target['nodeSelector'])}"
    return "control plane"
