"""Jobs and CronJobs that are refused, in upstream's words."""

from __future__ import annotations

import pytest

from webapp.api.batch.validation import validate_cron_job, validate_job


def job_spec(restart="Never", **spec):
    container = {
        "name": "main",
        "image": "busybox",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "Always",
    }
    pod = {
        "restartPolicy": restart,
        "containers": [container],
        "dnsPolicy": "ClusterFirst",
        "terminationGracePeriodSeconds": 30,
    }
    return {"template": {"metadata": {}, "spec": pod}, **spec}


def problems(errors):
    return [str(error) for error in errors]


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        pytest.param(
            {"backoffLimitPerIndex": 1},
            "spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode",
            id="a limit per index without indexes",
        ),
        pytest.param(
            {"completionMode": "Indexed", "completions": 3, "maxFailedIndexes": 1},
            "spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified",
            id="a number of failed indexes that cannot fail",
        ),
        pytest.param(
            {
                "completionMode": "Indexed",
                "completions": 3,
                "backoffLimitPerIndex": 1,
                "maxFailedIndexes": 4,
            },
            "spec.maxFailedIndexes: Invalid value: 4: must be less than or equal to 3",
            id="more failed indexes than there are",
        ),
        pytest.param(
            {"restart": "OnFailure", "podFailurePolicy": {"rules": []}},
            'only "Never" is supported when podFailurePolicy is specified',
            id="a failure policy for containers that are restarted",
        ),
    ],
)
def test_jobs_that_make_no_sense_are_refused(spec, problem):
    """Nothing is silently ignored."""
    errors = problems(validate_job({"spec": job_spec(**spec)}))

    assert len(errors) == 1
    assert errors[0].endswith(problem)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        pytest.param(
            {"schedule": "61 * * * *"},
            'spec.schedule: Invalid value: "61 * * * *": end of range (61) above maximum (59): 61',
            id="minute",
        ),
        pytest.param(
            {"schedule": "* * *"},
            'spec.schedule: Invalid value: "* * *": expected exactly 5 fields, found 3: [* * *]',
            id="too few fields",
        ),
        pytest.param(
            {"schedule": "x * * * *"},
            'spec.schedule: Invalid value: "x * * * *": failed to parse int from x: '
            'strconv.Atoi: parsing "x": invalid syntax',
            id="no number",
        ),
        pytest.param(
            {"schedule": "TZ=UTC * * * * *"},
            'spec.schedule: Invalid value: "TZ=UTC * * * * *": cannot use TZ or CRON_TZ in '
            "schedule, use timeZone field instead",
            id="time zone in the schedule",
        ),
        pytest.param(
            {"timeZone": "Middle/Earth"},
            'spec.timeZone: Invalid value: "Middle/Earth": unknown time zone Middle/Earth',
            id="no such time zone",
        ),
        pytest.param(
            {"timeZone": "local"},
            'spec.timeZone: Invalid value: "local": timeZone must be an explicit time zone as '
            "defined in https://www.iana.org/time-zones",
            id="wherever I am",
        ),
        pytest.param(
            {"timeZone": ""},
            'spec.timeZone: Invalid value: "": timeZone must be nil or non-empty string',
            id="empty",
        ),
    ],
)
def test_schedules_that_cannot_be_kept_are_refused(fields, problem):
    """The parser's own words."""
    spec = {"schedule": "* * * * *", "concurrencyPolicy": "Allow", **fields}
    cron_job = {"metadata": {"name": "tick"}, "spec": {**spec, "jobTemplate": {"spec": job_spec()}}}

    assert problems(validate_cron_job(cron_job)) == [problem]
