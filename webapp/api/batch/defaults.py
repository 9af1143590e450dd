"""What the API server fills in for Jobs and CronJobs.

Models:
    pkg/apis/batch/v1/defaults.go
    pkg/registry/batch/job/strategy.go generateSelector
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.core.defaults.pod import default_template
from webapp.api.defaulting import fill, map_field, map_items, map_spec
from webapp.apimachinery.meta import with_fields

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

_BACKOFF_LIMIT = 6
_CONTROLLER_UID = "batch.kubernetes.io/controller-uid"
_JOB_NAME = "batch.kubernetes.io/job-name"
_MAX_INT32 = 2**31 - 1


def default_job(job: JSONObject) -> JSONObject:
    """A Job: its labels follow from the template unless it has some."""
    job = _default_job(job)
    metadata = job["metadata"]
    labels = ((job["spec"].get("template") or {}).get("metadata") or {}).get("labels")
    if labels and not metadata.get("labels"):
        return {**job, "metadata": {**metadata, "labels": labels}}
    return job


def with_generated_selector(job: JSONObject) -> JSONObject:
    """A new Job that selects its Pods by its own uid, unless it brings a selector of its own.

    ``metadata.uid`` must be set already.
    """
    spec, metadata = job["spec"], job["metadata"]
    if spec.get("manualSelector"):
        return job
    uid, name = metadata.get("uid", ""), metadata.get("name", "")
    template = spec.get("template") or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    own = {_CONTROLLER_UID: uid, _JOB_NAME: name, "controller-uid": uid, "job-name": name}
    template = with_fields(template, ("metadata", "labels"), {**own, **labels})
    selector = spec.get("selector") or {}
    match = {_CONTROLLER_UID: uid, **(selector.get("matchLabels") or {})}
    selector = {**selector, "matchLabels": match}
    return {**job, "spec": {**spec, "selector": selector, "template": template}}


def _default_job_spec(spec: JSONObject) -> JSONObject:
    defaults: JSONObject = {
        "backoffLimit": _BACKOFF_LIMIT,
        "completionMode": "NonIndexed",
        "parallelism": 1,
        "podReplacementPolicy": "TerminatingOrFailed",
        "suspend": False,
    }
    if spec.get("completions") is None and spec.get("parallelism") is None:
        defaults["completions"] = 1
    if spec.get("backoffLimitPerIndex") is not None:
        defaults["backoffLimit"] = _MAX_INT32
    if spec.get("podFailurePolicy") is not None:
        defaults["podReplacementPolicy"] = "Failed"
        spec = map_field(spec, "podFailurePolicy", _default_failure_policy)
    return map_field(fill(spec, defaults), "template", default_template)


def _default_failure_policy(policy: JSONObject) -> JSONObject:
    return map_items(policy, "rules", _default_failure_rule)


def _default_failure_rule(rule: JSONObject) -> JSONObject:
    return map_items(rule, "onPodConditions", _default_failure_condition)


def _default_failure_condition(condition: JSONObject) -> JSONObject:
    return fill(condition, {"status": "True"})


def _default_cron_job(spec: JSONObject) -> JSONObject:
    spec = fill(
        spec,
        {
            "concurrencyPolicy": "Allow",
            "failedJobsHistoryLimit": 1,
            "successfulJobsHistoryLimit": 3,
            "suspend": False,
        },
    )
    return map_field(spec, "jobTemplate", _default_job_template)


def _default_job_template(template: JSONObject) -> JSONObject:
    return map_field(template, "spec", _default_template_job_spec)


def _default_template_job_spec(spec: JSONObject) -> JSONObject:
    return map_field(spec, "template", default_template)


_default_job = map_spec(_default_job_spec)
default_cron_job = map_spec(_default_cron_job)
