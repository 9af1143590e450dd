"""Nonsense in bodies: every verb on every kind answers with a Status, nothing crashes."""

import orjson
import pytest

from tests.unit.apiserver.harness import (
    APPLY,
    CONFIG_MAPS,
    DEPLOYMENTS,
    JSON_PATCH,
    MERGE_PATCH,
    PODS,
    STRATEGIC,
    make_deployment,
)
from webapp.apimachinery.scheme import BUILTIN_KINDS
from webapp.apimachinery.wire import Response

BODIES = (
    b"",
    b"null",
    b"[]",
    b'"x"',
    b"1",
    b"{}",
    b"\xff\xfe",
    b'{"metadata":null}',
    b'{"metadata":[]}',
    b'{"metadata":"x","spec":1}',
    b'{"metadata":{"name":5}}',
    b'{"metadata":{"name":"q","labels":null,"annotations":[]}}',
    b'{"metadata":{"name":"q","finalizers":"x"}}',
    b'{"metadata":{"managedFields":5}}',
    b'{"metadata":{"ownerReferences":[5]}}',
    b'{"metadata":{"generateName":"a-"},"spec":{}}',
    b'{"spec":null,"metadata":{"name":"q"}}',
    b'{"spec":{"containers":null},"metadata":{"name":"q"}}',
    b'{"spec":{"replicas":"x"}}',
    b'{"spec":5}',
    b'{"kind":5,"apiVersion":null,"metadata":{"name":"zz"}}',
    b'{"gracePeriodSeconds":"x"}',
    b'{"preconditions":5}',
    b'{"target":5,"metadata":{"name":"web"}}',
)
PATHS = (
    f"{CONFIG_MAPS}/x",
    f"{DEPLOYMENTS}/web",
    f"{DEPLOYMENTS}/web/scale",
    f"{PODS}/web",
    f"{PODS}/web/binding",
    f"{PODS}/web/ephemeralcontainers",
    f"{PODS}/web/eviction",
    f"{PODS}/web/resize",
    f"{PODS}/web/status",
    "/api/v1/namespaces/default",
    "/api/v1/namespaces/default/finalize",
    "/api/v1/namespaces/default/serviceaccounts/default/token",
)


def is_answer(answer):
    return isinstance(answer, Response) and (
        answer.status_code < 300 or answer.body["kind"] == "Status"
    )


@pytest.mark.parametrize("info", BUILTIN_KINDS, ids=lambda info: f"{info.group}/{info.resource}")
def test_nonsense_posted_to_a_kind_is_answered(api, info):
    """Each kind takes or refuses each body."""
    path = info.gvr.path + ("/namespaces/default/" if info.namespaced else "/") + info.resource
    head = {"apiVersion": info.gvr.api_version, "kind": info.kind, "metadata": {"name": "ok"}}
    for body in BODIES:
        assert is_answer(api.send("POST", path, body))
        if body.startswith(b"{"):
            assert is_answer(api.send("POST", path, {**head, **orjson.loads(body)}))


@pytest.mark.parametrize("path", PATHS)
def test_nonsense_sent_to_an_object_is_answered(api, path):
    """So does each verb on objects and subresources."""
    api.pod()
    api.config_map("x")
    api.post(DEPLOYMENTS, make_deployment())
    for body in BODIES:
        for method in ("POST", "PUT"):
            assert is_answer(api.send(method, path, body))
        assert is_answer(api.send("DELETE", path, body, "dryRun=All"))
        for kind in (JSON_PATCH, MERGE_PATCH, STRATEGIC, APPLY):
            headers = {"content-type": kind}
            assert is_answer(api.send("PATCH", path, body, "fieldManager=k", headers=headers))
