"""JSON paths of printer columns and scale subresources."""

import pytest

from webapp.apimachinery.json_path import JSONPath, JSONPathError

OBJ = {
    "spec": {"replicas": 3, "ports": [{"port": 80}, {"port": 443}], "a.b": "dotted"},
    "status": {
        "conditions": [
            {"type": "Ready", "status": "True", "since": 1},
            {"type": "Stalled", "status": "False", "since": 2},
        ]
    },
}


@pytest.mark.parametrize(
    ("path", "values"),
    [
        (".spec.replicas", [3]),
        (".spec.missing", []),
        (".spec.ports[1].port", [443]),
        (".spec.ports[-1].port", [443]),
        (".spec.ports[*].port", [80, 443]),
        (".spec['a.b']", ["dotted"]),
        (r".spec.a\.b", ["dotted"]),
        ('.status.conditions[?(@.type=="Ready")].status', ["True"]),
        (".status.conditions[?(@.since==2)].type", ["Stalled"]),
        (".status.conditions[?(@.type!='Ready')].type", ["Stalled"]),
    ],
)
def test_a_path_finds_values_in_order(path, values):
    """Fields, indexes, wildcards and filters."""
    assert JSONPath(path).find(OBJ) == values


@pytest.mark.parametrize("path", ["spec", ".spec[", ".spec[?(@.a==b)]", ".a..b"])
def test_what_is_no_path_is_refused(path):
    """The error says where it stops making sense."""
    with pytest.raises(JSONPathError):
        JSONPath(path)
