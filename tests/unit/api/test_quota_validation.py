"""What quotas and limit ranges may say."""

from __future__ import annotations

import pytest

from webapp.api.core.validation.quota import (
    validate_limit_range,
    validate_resource_quota,
    validate_resource_quota_change,
)


def texts(errors):
    return [str(error) for error in errors]


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        pytest.param(
            {"hard": {"requests.cpu": "-1"}},
            'spec.hard[requests.cpu]: Invalid value: "-1": must be greater than or equal to 0',
            id="negative",
        ),
        pytest.param(
            {"hard": {"pods": "1500m"}},
            'spec.hard[pods]: Invalid value: "1500m": must be an integer',
            id="half a Pod",
        ),
        pytest.param(
            {"hard": {"cups": "1"}},
            'spec.hard[cups]: Invalid value: "cups": must be a standard resource for quota',
            id="unknown",
        ),
        pytest.param(
            {"hard": {"requests.cpu": "1"}, "scopes": ["BestEffort"]},
            'spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource',
            id="nothing to count",
        ),
        pytest.param(
            {"hard": {"pods": "1"}, "scopes": ["BestEffort", "NotBestEffort"]},
            'spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes',
            id="nothing and everything",
        ),
        pytest.param(
            {
                "scopeSelector": {
                    "matchExpressions": [{"scopeName": "PriorityClass", "operator": "In"}]
                }
            },
            "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value "
            "when `operator` is 'In' or 'NotIn' for scope selector",
            id="no values",
        ),
    ],
)
def test_quotas_that_cannot_be_kept_are_refused(spec, problem):
    """One error each."""
    assert texts(validate_resource_quota({"spec": spec})) == [problem]


@pytest.mark.parametrize(
    "hard",
    [
        {"pods": "10", "count/deployments.apps": "2", "requests.nvidia.com/gpu": "1"},
        {"gold.storageclass.storage.k8s.io/requests.storage": "10Gi", "services.nodeports": "0"},
    ],
)
def test_quotas_of_all_sorts_are_accepted(hard):
    """Objects, extended resources, storage by class."""
    assert validate_resource_quota({"spec": {"hard": hard}}) == []


def test_scopes_stay():
    """In whatever order."""
    one, two = ({"spec": {"scopes": list(names)}} for names in (("a", "b"), ("b", "a")))
    assert validate_resource_quota_change(two, one) == []
    assert "field is immutable" in texts(validate_resource_quota_change({"spec": {}}, one))[0]


@pytest.mark.parametrize(
    ("limit", "problem"),
    [
        pytest.param(
            {"type": "Container", "min": {"cpu": "2"}, "max": {"cpu": "1"}},
            'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
            id="bounds",
        ),
        pytest.param(
            {"type": "Container", "default": {"cpu": "2"}, "max": {"cpu": "1"}},
            'spec.limits[0].default[cpu]: Invalid value: "2": '
            "default value 2 is greater than max value 1",
            id="default",
        ),
        pytest.param(
            {"type": "Pod", "default": {"cpu": "1"}},
            "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'",
            id="default of a Pod",
        ),
        pytest.param(
            {"type": "Container", "maxLimitRequestRatio": {"cpu": "500m"}},
            'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "500m": '
            "ratio 500m is less than 1",
            id="ratio",
        ),
        pytest.param(
            {"type": "PersistentVolumeClaim"},
            "spec.limits[0].limits: Required value: either minimum or maximum storage value is "
            "required, but neither was provided",
            id="claim",
        ),
        pytest.param(
            {"type": "Rack", "max": {"cpu": "1"}},
            'spec.limits[0].type: Invalid value: "Rack": '
            "must be a standard limit type or fully qualified",
            id="type",
        ),
    ],
)
def test_limits_that_contradict_themselves_are_refused(limit, problem):
    """One error each."""
    assert texts(validate_limit_range({"spec": {"limits": [limit]}})) == [problem]
