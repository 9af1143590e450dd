"""What the API server refuses in Jobs and CronJobs.

Models:
    pkg/apis/batch/validation/validation.go
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

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
    "completions",
    "parallelism",
    "ttlSecondsAfterFinished",
)
_FIXED = ("completionMode", "podFailurePolicy", "backoffLimitPerIndex", "selector")
_LONGEST_CRON_NAME = 52
_SHORTHANDS = frozenset(
    {"@annually", "@daily", "@hourly", "@midnight", "@monthly", "@weekly", "@yearly"}
)
_EVERY = re.compile(r"@every [0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h)([0-9.]+(ns|us|ms|s|m|h))*")


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
    if schedule.startswith("@"):
        if schedule in _SHORTHANDS or _EVERY.fullmatch(schedule):
            return []
        return [invalid(path, schedule, f"unrecognized descriptor: {schedule}")]
    fields = schedule.split()
    if len(fields) == 5:
        return []
    shown = " ".join(fields)
    text = f"expected exactly 5 fields, found {len(fields)}: [{shown}]"
    return [invalid(path, schedule, text)]


def _validate_job_spec(spec: JSONObject, path: Path) -> list[FieldError]:
    errors = non_negative(spec, _COUNTS, path)
    mode = spec.get("completionMode")
    if mode == "Indexed" and spec.get("completions") is None:
        text = "when completion mode is Indexed"
        errors.append(required(path.child("completions"), text))
    errors += one_of(spec, "completionMode", ("Indexed", "NonIndexed"), path, optional=True)
    template = spec.get("template") or {}
    errors += validate_template(template, path.child("template"))
    policy = (template.get("spec") or {}).get("restartPolicy")
    policy_path = path.child("template", "spec", "restartPolicy")
    if policy in {None, "", "Always"}:
        errors.append(required(policy_path, 'valid values: "OnFailure", "Never"'))
    elif policy not in {"Never", "OnFailure"}:
        errors.append(not_supported(policy_path, policy, ("OnFailure", "Never")))
    return errors
