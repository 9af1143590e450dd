"""What the API server refuses in Jobs and CronJobs.

Models:
    pkg/apis/batch/validation/validation.go
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from webapp.api.batch.schedule import parse_schedule
from webapp.api.core.validation.checks import non_negative, one_of
from webapp.api.core.validation.pod import validate_template
from webapp.api.objectmeta import IMMUTABLE, validate_immutable
from webapp.apimachinery.field_path import (
    FieldError,
    Path,
    invalid,
    not_supported,
    required,
)

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

_SPEC = Path("spec")
_COUNTS = (
    "activeDeadlineSeconds",
    "backoffLimit",
    "backoffLimitPerIndex",
    "completions",
    "maxFailedIndexes",
    "parallelism",
    "ttlSecondsAfterFinished",
)
_FIXED = ("completionMode", "podFailurePolicy", "backoffLimitPerIndex", "selector")
_LONGEST_CRON_NAME = 52
_INDEXED_ONLY = ("backoffLimitPerIndex", "maxFailedIndexes", "successPolicy")
_MOST_INDEXED_COMPLETIONS = 100_000


def validate_job(job: JSONObject) -> list[FieldError]:
    """A Job's spec."""
    return _validate_job_spec(job.get("spec") or {}, _SPEC)


def validate_job_change(new: JSONObject, old: JSONObject) -> list[FieldError]:
    """Most of a Job never changes."""
    after, before = new.get("spec") or {}, old.get("spec") or {}
    errors: list[FieldError] = []
    elastic = after.get("completionMode") == "Indexed"
    if not elastic and after.get("completions") != before.get("completions"):
        errors.append(invalid(_SPEC.child("completions"), after.get("completions"), IMMUTABLE))
    for field in _FIXED:
        errors += validate_immutable(after.get(field), before.get(field), _SPEC.child(field))
    if not before.get("suspend") or (old.get("status") or {}).get("startTime"):
        errors += validate_immutable(
            after.get("template"), before.get("template"), _SPEC.child("template")
        )
    return errors


def validate_cron_job(cron_job: JSONObject) -> list[FieldError]:
    """A CronJob's spec."""
    spec = cron_job.get("spec") or {}
    errors: list[FieldError] = []
    name = cron_job["metadata"].get("name") or ""
    if len(name) > _LONGEST_CRON_NAME:
        text = f"must be no more than {_LONGEST_CRON_NAME} characters"
        errors.append(invalid(Path("metadata").child("name"), name, text))
    errors += _validate_schedule(spec)
    errors += _validate_time_zone(spec)
    errors += non_negative(
        spec,
        ("failedJobsHistoryLimit", "startingDeadlineSeconds", "successfulJobsHistoryLimit"),
        _SPEC,
    )
    errors += one_of(spec, "concurrencyPolicy", ("Allow", "Forbid", "Replace"), _SPEC)
    template = (spec.get("jobTemplate") or {}).get("spec") or {}
    return errors + _validate_job_spec(template, _SPEC.child("jobTemplate", "spec"))


def _validate_schedule(spec: JSONObject) -> list[FieldError]:
    schedule = spec.get("schedule") or ""
    path = _SPEC.child("schedule")
    if not schedule:
        return [required(path)]
    if "TZ" in schedule:
        text = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
        return [invalid(path, schedule, text)]
    try:
        parse_schedule(schedule)
    except ValueError as error:
        return [invalid(path, schedule, str(error))]
    return []


def _validate_time_zone(spec: JSONObject) -> list[FieldError]:
    name = spec.get("timeZone")
    if name is None:
        return []
    path = _SPEC.child("timeZone")
    if not name:
        return [invalid(path, name, "timeZone must be nil or non-empty string")]
    if name.lower() == "local":
        text = (
            "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
        )
        return [invalid(path, name, text)]
    if name not in _time_zones():
        return [invalid(path, name, f"unknown time zone {name}")]
    return []


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _validate_job_spec(spec: JSONObject, path: Path) -> list[FieldError]:
    errors = non_negative(spec, _COUNTS, path)
    mode = spec.get("completionMode")
    if mode == "Indexed" and spec.get("completions") is None:
        text = "when completion mode is Indexed"
        errors.append(required(path.child("completions"), text))
    errors += one_of(spec, "completionMode", ("Indexed", "NonIndexed"), path, optional=True)
    errors += _validate_indexed(spec, path)
    template = spec.get("template") or {}
    errors += validate_template(template, path.child("template"))
    policy = (template.get("spec") or {}).get("restartPolicy")
    policy_path = path.child("template", "spec", "restartPolicy")
    if policy in {None, "", "Always"}:
        errors.append(required(policy_path, 'valid values: "OnFailure", "Never"'))
    elif policy not in {"Never", "OnFailure"}:
        errors.append(not_supported(policy_path, policy, ("OnFailure", "Never")))
    elif policy == "OnFailure" and spec.get("podFailurePolicy"):
        text = 'only "Never" is supported when podFailurePolicy is specified'
        errors.append(invalid(policy_path, policy, text))
    replacement = spec.get("podReplacementPolicy")
    if replacement is not None:
        allowed = ("Failed",) if spec.get("podFailurePolicy") else ("Failed", "TerminatingOrFailed")
        errors += one_of(spec, "podReplacementPolicy", allowed, path)
    return errors


def _validate_indexed(spec: JSONObject, path: Path) -> list[FieldError]:
    """What belongs to Jobs with indexes."""
    errors: list[FieldError] = []
    most, completions = spec.get("maxFailedIndexes"), spec.get("completions")
    if most is not None and spec.get("backoffLimitPerIndex") is None:
        text = "when maxFailedIndexes is specified"
        errors.append(required(path.child("backoffLimitPerIndex"), text))
    if spec.get("completionMode") == "Indexed":
        if most is not None and completions is not None and most > completions:
            text = f"must be less than or equal to {completions}"
            errors.append(invalid(path.child("maxFailedIndexes"), most, text))
        parallelism = spec.get("parallelism")
        if parallelism is not None and parallelism > _MOST_INDEXED_COMPLETIONS:
            text = "must be less than or equal to 100000 when completion mode is Indexed"
            errors.append(invalid(path.child("parallelism"), parallelism, text))
        return errors
    for field in _INDEXED_ONLY:
        if spec.get(field) is not None:
            text = "requires indexed completion mode"
            errors.append(invalid(path.child(field), spec[field], text))
    return errors
