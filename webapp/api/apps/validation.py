"""What the API server refuses in workloads.

Models:
    pkg/apis/apps/validation/validation.go
    pkg/apis/core/validation/validation.go ValidateReplicationController
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.api.core.validation.checks import (
    int_or_percent,
    non_negative,
    not_above_100_percent,
    one_of,
    percent_or_none,
)
from webapp.api.core.validation.pod import validate_template
from webapp.api.objectmeta import validate_immutable, validate_label_selector
from webapp.apimachinery.field_path import (
    FieldError,
    Path,
    forbidden,
    invalid,
    not_supported,
    required,
)
from webapp.apimachinery.labels import selector_from_label_selector

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

_SPEC = Path("spec")
_SELECTOR = _SPEC.child("selector")
_TEMPLATE = _SPEC.child("template")
_MISMATCH = "`selector` does not match template `labels`"
_STATEFUL_FIELDS = (
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
)
_STATEFUL_REFUSAL = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
    "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and "
    "'minReadySeconds' are forbidden"
)


def validate_deployment(deployment: JSONObject) -> list[FieldError]:
    """A Deployment's spec."""
    spec = deployment.get("spec") or {}
    errors = non_negative(spec, ("replicas",), _SPEC)
    errors += _validate_selector(spec, "deployment")
    errors += _validate_strategy(spec.get("strategy") or {}, _SPEC.child("strategy"))
    errors += non_negative(spec, ("minReadySeconds", "revisionHistoryLimit"), _SPEC)
    deadline = spec.get("progressDeadlineSeconds")
    if deadline is not None:
        errors += non_negative(spec, ("progressDeadlineSeconds",), _SPEC)
        if deadline <= (spec.get("minReadySeconds") or 0):
            path = _SPEC.child("progressDeadlineSeconds")
            errors.append(invalid(path, deadline, "must be greater than minReadySeconds"))
    return errors + _validate_template(spec, "ReplicaSet")


def validate_replica_set(replica_set: JSONObject) -> list[FieldError]:
    """A ReplicaSet's spec."""
    spec = replica_set.get("spec") or {}
    errors = non_negative(spec, ("replicas", "minReadySeconds"), _SPEC)
    errors += _validate_selector(spec, "deployment")
    return errors + _validate_template(spec, "ReplicaSet")


def validate_replication_controller(controller: JSONObject) -> list[FieldError]:
    """A ReplicationController, whose selector is a plain map of labels."""
    spec = controller.get("spec") or {}
    if not spec.get("selector"):
        return [required(_SELECTOR)]
    selector = {"matchLabels": spec["selector"]}
    return validate_replica_set({**controller, "spec": {**spec, "selector": selector}})


def validate_daemon_set(daemon_set: JSONObject) -> list[FieldError]:
    """A DaemonSet's spec."""
    spec = daemon_set.get("spec") or {}
    errors = _validate_selector(spec, "daemonset")
    errors += _validate_template(spec, "DaemonSet")
    errors += non_negative(spec, ("minReadySeconds", "revisionHistoryLimit"), _SPEC)
    strategy, path = spec.get("updateStrategy") or {}, _SPEC.child("updateStrategy")
    if strategy.get("type") == "RollingUpdate":
        rolling = strategy.get("rollingUpdate") or {}
        errors += _validate_rolling(rolling, path.child("rollingUpdate"))
        return errors
    return errors + one_of(strategy, "type", ("OnDelete", "RollingUpdate"), path)


def validate_stateful_set(stateful_set: JSONObject) -> list[FieldError]:
    """A StatefulSet's spec."""
    spec = stateful_set.get("spec") or {}
    errors = one_of(spec, "podManagementPolicy", ("OrderedReady", "Parallel"), _SPEC)
    strategy, path = spec.get("updateStrategy") or {}, _SPEC.child("updateStrategy")
    errors += one_of(strategy, "type", ("OnDelete", "RollingUpdate"), path)
    rolling = strategy.get("rollingUpdate") or {}
    errors += non_negative(rolling, ("partition",), path.child("rollingUpdate"))
    retention = spec.get("persistentVolumeClaimRetentionPolicy") or {}
    for field in ("whenDeleted", "whenScaled"):
        retention_path = _SPEC.child("persistentVolumeClaimRetentionPolicy")
        errors += one_of(retention, field, ("Delete", "Retain"), retention_path, optional=True)
    errors += non_negative(spec, ("replicas", "minReadySeconds"), _SPEC)
    errors += _validate_selector(spec, "statefulset")
    return errors + _validate_template(spec, "StatefulSet")


def validate_selector_change(new: JSONObject, old: JSONObject) -> list[FieldError]:
    """Which Pods belong to a workload never changes."""
    after, before = new.get("spec") or {}, old.get("spec") or {}
    return validate_immutable(after.get("selector"), before.get("selector"), _SELECTOR)


def validate_stateful_set_change(new: JSONObject, old: JSONObject) -> list[FieldError]:
    """Only some fields of a StatefulSet may change."""

    def fixed(obj: JSONObject) -> JSONObject:
        spec = obj.get("spec") or {}
        return {key: value for key, value in spec.items() if key not in _STATEFUL_FIELDS}

    return [] if fixed(new) == fixed(old) else [forbidden(_SPEC, _STATEFUL_REFUSAL)]


def validate_controller_revision(revision: JSONObject) -> list[FieldError]:
    """A ControllerRevision has data and a number."""
    errors = (
        [] if revision.get("data") is not None else [required(Path("data"), "data is mandatory")]
    )
    return errors + non_negative(revision, ("revision",), Path())


def validate_controller_revision_change(new: JSONObject, old: JSONObject) -> list[FieldError]:
    """A ControllerRevision's data never change."""
    return validate_immutable(new.get("data"), old.get("data"), Path("data"))


def _validate_selector(spec: JSONObject, kind: str) -> list[FieldError]:
    selector = spec.get("selector")
    if selector is None:
        return [required(_SELECTOR)]
    errors = validate_label_selector(selector, _SELECTOR)
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        errors.append(invalid(_SELECTOR, selector, f"empty selector is invalid for {kind}"))
    return errors


def _validate_template(spec: JSONObject, kind: str) -> list[FieldError]:
    template = spec.get("template") or {}
    errors: list[FieldError] = []
    selector = spec.get("selector") or {}
    if (
        selector.get("matchLabels") or selector.get("matchExpressions")
    ) and not validate_label_selector(selector, _SELECTOR):
        labels = (template.get("metadata") or {}).get("labels") or {}
        if not selector_from_label_selector(selector).matches(labels):
            path = _TEMPLATE.child("metadata", "labels")
            errors.append(invalid(path, labels, _MISMATCH))
    errors += validate_template(_with_claims(template, spec), _TEMPLATE)
    pod_spec = template.get("spec") or {}
    policy = pod_spec.get("restartPolicy")
    if policy != "Always":
        errors.append(
            not_supported(_TEMPLATE.child("spec", "restartPolicy"), policy or "", ("Always",))
        )
    if pod_spec.get("activeDeadlineSeconds") is not None:
        path = _TEMPLATE.child("spec", "activeDeadlineSeconds")
        errors.append(forbidden(path, f"activeDeadlineSeconds in {kind} is not Supported"))
    return errors


def _with_claims(template: JSONObject, spec: JSONObject) -> JSONObject:
    """The template with the volumes that ``volumeClaimTemplates`` add to each Pod, for containers mount them."""
    names = [
        (claim.get("metadata") or {}).get("name")
        for claim in spec.get("volumeClaimTemplates") or ()
    ]
    pod_spec = template.get("spec") or {}
    volumes = pod_spec.get("volumes") or []
    own = {volume.get("name") for volume in volumes}
    claimed = [
        {"name": name, "persistentVolumeClaim": {"claimName": name}}
        for name in names
        if name and name not in own
    ]
    if not claimed:
        return template
    return {**template, "spec": {**pod_spec, "volumes": [*volumes, *claimed]}}


def _validate_strategy(strategy: JSONObject, path: Path) -> list[FieldError]:
    rolling = strategy.get("rollingUpdate")
    if strategy.get("type") == "RollingUpdate":
        if rolling is None:
            text = "this should be defaulted and never be nil"
            return [required(path.child("rollingUpdate"), text)]
        return _validate_rolling(rolling, path.child("rollingUpdate"))
    if strategy.get("type") == "Recreate" and rolling is not None:
        text = "may not be specified when strategy `type` is 'Recreate'"
        return [forbidden(path.child("rollingUpdate"), text)]
    return one_of(strategy, "type", ("Recreate", "RollingUpdate"), path)


def _validate_rolling(rolling: JSONObject, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    for field in ("maxUnavailable", "maxSurge"):
        if rolling.get(field) is not None:
            errors += int_or_percent(rolling[field], path.child(field))
    unavailable, surge = rolling.get("maxUnavailable", 0), rolling.get("maxSurge", 0)
    if not errors and _is_zero(unavailable) and _is_zero(surge):
        text = "may not be 0 when `maxSurge` is 0"
        errors.append(invalid(path.child("maxUnavailable"), unavailable, text))
    return errors + not_above_100_percent(unavailable, path.child("maxUnavailable"))


def _is_zero(bound: Any) -> bool:
    percent = percent_or_none(bound)
    return bound == 0 if percent is None else percent == 0
