"""What the API server fills in for workloads.

Models:
    pkg/apis/apps/v1/defaults.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.api.core.defaults.pod import default_template
from webapp.api.core.defaults.volume import default_claim_spec
from webapp.api.defaulting import map_field, map_items, map_spec

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

_HISTORY = 10
_ROLLING_DEPLOYMENT = {"maxSurge": "25%", "maxUnavailable": "25%"}
_ROLLING_DAEMON_SET = {"maxSurge": 0, "maxUnavailable": 1}
_ROLLING_STATEFUL_SET = {"maxUnavailable": 1, "partition": 0}
_CLAIM_RETENTION = {"whenDeleted": "Retain", "whenScaled": "Retain"}


def _with_missing(obj: JSONObject, defaults: dict[str, Any]) -> JSONObject:
    missing = {key: value for key, value in defaults.items() if obj.get(key) is None}
    return {**obj, **missing} if missing else obj


def _strategy(strategy: JSONObject | None, rolling: dict[str, Any]) -> JSONObject:
    strategy = strategy or {}
    if not strategy.get("type"):
        strategy = {**strategy, "type": "RollingUpdate"}
    if strategy["type"] != "RollingUpdate":
        return strategy
    old = strategy.get("rollingUpdate")
    filled = _with_missing(old or {}, rolling)
    return strategy if filled is old else {**strategy, "rollingUpdate": filled}


def _with_strategy(spec: JSONObject, field: str, rolling: dict[str, Any]) -> JSONObject:
    old = spec.get(field)
    filled = _strategy(old, rolling)
    return spec if filled is old else {**spec, field: filled}


def _default_deployment(spec: JSONObject) -> JSONObject:
    spec = _with_missing(
        spec, {"progressDeadlineSeconds": 600, "replicas": 1, "revisionHistoryLimit": _HISTORY}
    )
    spec = _with_strategy(spec, "strategy", _ROLLING_DEPLOYMENT)
    return map_field(spec, "template", default_template)


def _default_replica_set(spec: JSONObject) -> JSONObject:
    return map_field(_with_missing(spec, {"replicas": 1}), "template", default_template)


def _default_daemon_set(spec: JSONObject) -> JSONObject:
    spec = _with_missing(spec, {"revisionHistoryLimit": _HISTORY})
    spec = _with_strategy(spec, "updateStrategy", _ROLLING_DAEMON_SET)
    return map_field(spec, "template", default_template)


def _default_stateful_set(spec: JSONObject) -> JSONObject:
    spec = _with_missing(
        spec,
        {
            "persistentVolumeClaimRetentionPolicy": _CLAIM_RETENTION,
            "podManagementPolicy": "OrderedReady",
            "replicas": 1,
            "revisionHistoryLimit": _HISTORY,
        },
    )
    spec = map_field(spec, "persistentVolumeClaimRetentionPolicy", _default_retention)
    spec = _with_strategy(spec, "updateStrategy", _ROLLING_STATEFUL_SET)
    spec = map_items(spec, "volumeClaimTemplates", _default_claim)
    return map_field(spec, "template", default_template)


def _default_retention(policy: JSONObject) -> JSONObject:
    return _with_missing(policy, _CLAIM_RETENTION)


def _default_claim(claim: JSONObject) -> JSONObject:
    claim = _with_missing(
        claim,
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "status": {"phase": "Pending"}},
    )
    return map_field(claim, "spec", default_claim_spec)


default_daemon_set = map_spec(_default_daemon_set)
default_deployment = map_spec(_default_deployment)
default_replica_set = map_spec(_default_replica_set)
default_stateful_set = map_spec(_default_stateful_set)
