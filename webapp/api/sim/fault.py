"""The Fault kind's rules: which types there are, what each may strike, defaults and validation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.defaulting import fill, map_spec
from webapp.api.objectmeta import validate_immutable, validate_label_selector
from webapp.api.sim.durations import parse_duration_ms
from webapp.apimachinery.field_path import Path, forbidden, invalid, not_supported, required

if TYPE_CHECKING:
    from webapp.apimachinery.field_path import FieldError
    from webapp.apimachinery.meta import JSONObject

API_SERVER_DOWN = "ApiServerDown"
CONTAINER_CRASH = "ContainerCrash"
CONTAINER_OOM = "ContainerOOM"
CONTROLLER_MANAGER_DOWN = "ControllerManagerDown"
DISK_PRESSURE = "DiskPressure"
ETCD_SLOW = "EtcdSlow"
IMAGE_PULL_FAILURE = "ImagePullFailure"
KUBELET_DOWN = "KubeletDown"
LATENCY = "Latency"
MEMORY_PRESSURE = "MemoryPressure"
NODE_DOWN = "NodeDown"
NODE_PARTITION = "NodePartition"
NODE_SHUTDOWN = "NodeShutdown"
PACKET_LOSS = "PacketLoss"
PID_PRESSURE = "PIDPressure"
PROBE_FAILURE = "ProbeFailure"
RUNTIME_DOWN = "RuntimeDown"
SCHEDULER_DOWN = "SchedulerDown"

CONTROL_PLANE_FAULTS = (API_SERVER_DOWN, CONTROLLER_MANAGER_DOWN, ETCD_SLOW, SCHEDULER_DOWN)
CONTAINER_FAULTS = (CONTAINER_CRASH, CONTAINER_OOM, PROBE_FAILURE)
NODE_FAULTS = (
    DISK_PRESSURE,
    KUBELET_DOWN,
    LATENCY,
    MEMORY_PRESSURE,
    NODE_DOWN,
    NODE_PARTITION,
    NODE_SHUTDOWN,
    PACKET_LOSS,
    PID_PRESSURE,
    RUNTIME_DOWN,
)
FAULT_TYPES = tuple(
    sorted((*CONTROL_PLANE_FAULTS, *CONTAINER_FAULTS, *NODE_FAULTS, IMAGE_PULL_FAILURE))
)

PROBES = ("Liveness", "Readiness", "Startup")
_NODE_TARGETS = ("node", "nodeSelector")
_POD_TARGETS = ("pod", "podSelector")
_DURATIONS = ("delay", "duration", "jitter", "startAfter")
_ONLY_FOR = {
    "delay": (ETCD_SLOW, LATENCY),
    "exitCode": (CONTAINER_CRASH,),
    "image": (IMAGE_PULL_FAILURE,),
    "jitter": (ETCD_SLOW, LATENCY),
    "percent": (PACKET_LOSS, PROBE_FAILURE),
    "probe": (PROBE_FAILURE,),
    "repeat": (CONTAINER_CRASH, CONTAINER_OOM),
}
_DEFAULTS: dict[str, JSONObject] = {
    CONTAINER_CRASH: {"exitCode": 1},
    ETCD_SLOW: {"delay": "5s", "jitter": "3s"},
    LATENCY: {"delay": "200ms"},
    PACKET_LOSS: {"percent": 30},
    PROBE_FAILURE: {"percent": 100},
}


def _default_spec(spec: JSONObject) -> JSONObject:
    spec = fill(spec, _DEFAULTS.get(spec.get("type", ""), {}))
    target = spec.get("target")
    if target and any(target.get(name) for name in _POD_TARGETS):
        return {**spec, "target": fill(target, {"namespace": "default"})}
    return spec


default_fault = map_spec(_default_spec)


def validate_fault(obj: JSONObject) -> list[FieldError]:
    """What is wrong with a Fault's spec."""
    spec, path = obj.get("spec") or {}, Path("spec")
    type_ = spec.get("type", "")
    if not type_:
        return [required(path.child("type"))]
    if type_ not in FAULT_TYPES:
        return [not_supported(path.child("type"), type_, FAULT_TYPES)]
    errors = _validate_target(type_, spec.get("target") or {}, path.child("target"))
    for name in _DURATIONS:
        errors += _validate_duration(spec.get(name), path.child(name), is_length=name == "duration")
    for name, types in _ONLY_FOR.items():
        if spec.get(name) is not None and type_ not in types:
            detail = f"may only be set when type is {' or '.join(types)}"
            errors.append(forbidden(path.child(name), detail))
    return errors + _validate_numbers(spec, path)


def validate_fault_change(new: JSONObject, old: JSONObject) -> list[FieldError]:
    """What breaks is decided when a Fault is created: delete it and create another one."""
    return validate_immutable(new.get("spec"), old.get("spec"), Path("spec"))


def _validate_target(type_: str, target: JSONObject, path: Path) -> list[FieldError]:
    nodes = [name for name in _NODE_TARGETS if target.get(name)]
    pods = [name for name in _POD_TARGETS if target.get(name)]
    if type_ in CONTROL_PLANE_FAULTS:
        return [forbidden(path, f"{type_} strikes the control plane")] if nodes or pods else []
    allowed: tuple[str, ...] = (*_NODE_TARGETS, *_POD_TARGETS)
    if type_ in NODE_FAULTS:
        allowed = _NODE_TARGETS
    elif type_ in CONTAINER_FAULTS:
        allowed = _POD_TARGETS
    errors = [
        forbidden(path.child(name), f"may not be set when type is {type_}")
        for name in (*nodes, *pods)
        if name not in allowed
    ]
    chosen = [name for name in (*nodes, *pods) if name in allowed]
    if not chosen and not errors:
        errors.append(required(path, f"must specify one of: {', '.join(allowed)}"))
    if len(chosen) > 1:
        errors.append(forbidden(path, f"may not specify more than one of: {', '.join(allowed)}"))
    if target.get("container") and not pods:
        errors.append(forbidden(path.child("container"), "may only be set with pod or podSelector"))
    for name in ("nodeSelector", "podSelector"):
        if target.get(name):
            errors += validate_label_selector(target[name], path.child(name))
    return errors


def _validate_duration(value: str | None, path: Path, *, is_length: bool) -> list[FieldError]:
    if not value:
        return []
    try:
        millis = parse_duration_ms(value)
    except ValueError as error:
        return [invalid(path, value, str(error))]
    if is_length and millis <= 0:
        return [invalid(path, value, "must be greater than 0")]
    if millis < 0:
        return [invalid(path, value, "must be greater than or equal to 0")]
    return []


def _validate_numbers(spec: JSONObject, path: Path) -> list[FieldError]:
    errors = []
    for name, least, most in (("percent", 0, 100), ("exitCode", 0, 255), ("repeat", 1, 1_000)):
        value = spec.get(name)
        if value is not None and not least <= value <= most:
            detail = f"must be between {least} and {most}, inclusive"
            errors.append(invalid(path.child(name), value, detail))
    if spec.get("probe") and spec["probe"] not in PROBES:
        errors.append(not_supported(path.child("probe"), spec["probe"], PROBES))
    return errors
