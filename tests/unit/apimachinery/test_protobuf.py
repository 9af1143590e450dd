"""Protobuf bodies, written by a small encoder of the test's own."""

from __future__ import annotations

import pytest

from webapp.api.schema.definitions import definitions
from webapp.apimachinery.protobuf import decode_protobuf
from webapp.apimachinery.status import BadRequest


def varint(value):
    """An integer in groups of seven bits, lowest first."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def message(*fields):
    """A message of (number, value) pairs: int, bool, str, or bytes of a nested message."""
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += varint(number << 3) + varint(int(value))
        else:
            content = value.encode() if isinstance(value, str) else value
            out += varint(number << 3 | 2) + varint(len(content)) + content
    return out


def body(api_version, kind, raw):
    """The envelope that kubectl puts around an object."""
    type_meta = message((1, api_version), (2, kind))
    return b"k8s\x00" + message((1, type_meta), (2, raw), (3, ""), (4, ""))


def decoded(api_version, kind, raw):
    return decode_protobuf(body(api_version, kind, raw), definitions())


META = message(
    (1, "x"), (2, ""), (3, "default"), (7, 0), (8, b""), (11, message((1, "app"), (2, "web")))
)


def test_a_deployment_arrives_as_its_json():
    """Zeros of plain scalars are dropped, an explicit zero of an optional one counts."""
    quantity = message((1, "500m"))
    resources = message((1, message((1, "cpu"), (2, quantity))))
    port = message((1, ""), (2, 0), (3, 80), (4, "TCP"), (5, ""))
    probe = message(
        (1, message((2, message((1, "/"), (2, message((1, 1), (2, 0), (3, "http"))))))), (2, 0)
    )
    container = message(
        (1, "web"),
        (2, "nginx"),
        (5, ""),
        (6, port),
        (8, resources),
        (11, probe),
        (14, ""),
        (16, False),
    )
    template = message((1, META), (2, message((2, container), (3, "Always"), (11, False))))
    selector = message((1, message((1, "app"), (2, "web"))))
    strategy = message((1, "RollingUpdate"), (2, message((1, message((1, 0), (2, 1))))))
    spec = message((1, 0), (2, selector), (3, template), (4, strategy), (5, 0), (7, False))

    deployment = decoded(
        "apps/v1", "Deployment", message((1, META), (2, spec), (3, message((1, 0))))
    )

    metadata = {"name": "x", "namespace": "default", "labels": {"app": "web"}}
    assert deployment == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": metadata,
                "spec": {
                    "containers": [
                        {
                            "name": "web",
                            "image": "nginx",
                            "ports": [{"containerPort": 80, "protocol": "TCP"}],
                            "resources": {"limits": {"cpu": "500m"}},
                            "readinessProbe": {"httpGet": {"path": "/", "port": "http"}},
                        }
                    ],
                    "restartPolicy": "Always",
                },
            },
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}},
        },
        "status": {},
    }


def test_secrets_carry_bytes_as_base64_and_empty_values():
    """Map values keep their emptiness."""
    data = [(2, message((1, "a"), (2, b"\x00\xff"))), (2, message((1, "b"), (2, b"")))]

    secret = decoded("v1", "Secret", message((1, META), *data, (3, "Opaque")))

    assert secret["data"] == {"a": "AP8=", "b": ""}
    assert secret["type"] == "Opaque"


def test_lists_keep_empty_texts():
    """The core group is called ""."""
    rule = message((1, "get"), (2, ""), (3, "pods"))

    role = decoded("rbac.authorization.k8s.io/v1", "Role", message((1, META), (2, rule)))

    assert role["rules"] == [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]


def test_inlined_structs_are_written_into_their_parent():
    """Volume sources, and the name inside a key selector."""
    claim = message((1, "work"), (2, message((2, message((1, ""))))))
    key = message((1, message((1, "settings"))), (2, "mode"))
    variable = message((1, "MODE"), (3, message((3, key))))
    container = message((1, "web"), (7, variable))

    pod = decoded("v1", "Pod", message((1, META), (2, message((1, claim), (2, container)))))

    assert pod["spec"]["volumes"] == [{"name": "work", "emptyDir": {}}]
    assert pod["spec"]["containers"][0]["env"][0]["valueFrom"] == {
        "configMapKeyRef": {"name": "settings", "key": "mode"}
    }


def test_times_and_negative_numbers():
    """Seconds since the epoch become RFC 3339; two's complement becomes a sign."""
    meta = message((1, "x"), (8, message((1, 1_790_000_000), (2, 0))))

    priority_class = decoded(
        "scheduling.k8s.io/v1", "PriorityClass", message((1, meta), (2, -5), (3, False))
    )

    assert priority_class["metadata"]["creationTimestamp"] == "2026-09-21T14:13:20Z"
    assert priority_class["value"] == -5
    assert "globalDefault" not in priority_class


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"{}", "does not appear to be a protobuf message"),
        (body("v1", "Nonsense", b""), 'no kind "Nonsense" is registered for version "v1"'),
        (b"k8s\x00\xff", "unable to decode protobuf"),
        (body("v1", "Pod", b"\x0a\x7f"), "unable to decode protobuf"),
        (body("v1", "Pod", message((1, message((1, b"\xff"))))), "unable to decode protobuf"),
        (b"k8s\x00" + b"\x80" * 40, "unable to decode protobuf"),
    ],
)
def test_malformed_bodies_are_bad_requests(data, problem):
    """Truncated, overlong, of an unknown kind, or no protobuf at all."""
    with pytest.raises(BadRequest, match=problem):
        decode_protobuf(data, definitions())
