"""Every built-in kind can be created, read, listed, watched, tabled, validated and explained."""

import orjson
import pytest

from tests.unit.apiserver.every_kind import BODIES
from tests.world import World
from webapp.apimachinery.scheme import BUILTIN_KINDS
from webapp.apimachinery.wire import Request, WatchResponse

KINDS = [
    info
    for info in BUILTIN_KINDS
    if info.is_stored and info.stored_as is None and info.kind != "ComponentStatus"
]
NAMES = {
    "RuntimeClass": "kata",
    "CustomResourceDefinition": "tanks.example.com",
    "IPAddress": "10.96.77.7",
}
TABLE = {"accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}


@pytest.fixture(scope="module")
def cluster():
    """One cluster for all kinds."""
    return World().cluster


def path_of(info, name=""):
    base = info.gvr.path + ("/namespaces/default" if info.namespaced else "")
    return f"{base}/{info.resource}" + (f"/{name}" if name else "")


def ask(cluster, method, path, body=None, query=None, headers=None):
    raw = None if body is None else orjson.dumps(body)
    known = {"content-type": "application/json", "user-agent": "kubectl/v1.36"}
    request = Request(
        method, path, query or {}, {**known, **(headers or {})}, raw, client="kubectl"
    )
    return cluster.handle(request)


def test_a_body_is_given_for_every_stored_kind():
    """A new kind joins this test."""
    assert sorted(BODIES) == sorted((info.group, info.kind) for info in KINDS)


@pytest.mark.parametrize("info", KINDS, ids=lambda info: info.kind)
def test_a_kind_can_be_created_read_listed_tabled_watched_and_deleted(cluster, info):
    """The whole round through the API, with strict validation."""
    name = NAMES.get(info.kind, f"least-{info.singular}")
    obj = {"apiVersion": info.gvr.api_version, "kind": info.kind, "metadata": {"name": name}}
    body = {**obj, **BODIES[info.group, info.kind]}
    strict = {"fieldValidation": ["Strict"]}

    created = ask(cluster, "POST", path_of(info), body, strict)
    assert created.status_code == 201, created.body
    assert (
        ask(cluster, "GET", path_of(info, name)).body["metadata"]["uid"]
        == created.body["metadata"]["uid"]
    )
    listed = ask(cluster, "GET", path_of(info)).body
    assert listed["kind"] == f"{info.kind}List"
    assert name in {item["metadata"]["name"] for item in listed["items"]}
    table = ask(cluster, "GET", path_of(info), headers=TABLE).body
    assert table["columnDefinitions"][0]["name"] in {"Name", "Last Seen"}
    assert all(len(row["cells"]) == len(table["columnDefinitions"]) for row in table["rows"])
    watch = ask(cluster, "GET", path_of(info), query={"watch": ["true"], "resourceVersion": ["0"]})
    assert isinstance(watch, WatchResponse)
    unknown = {**body, "metadata": {"name": "other"}, "nonsense": True}
    refused = ask(cluster, "POST", path_of(info), unknown, strict)
    assert refused.status_code == 400, refused.body
    assert 'strict decoding error: unknown field "nonsense"' in refused.body["message"]
    deleted = ask(cluster, "DELETE", path_of(info, name))
    assert deleted.status_code == 200, deleted.body


@pytest.mark.parametrize("info", KINDS, ids=lambda info: info.kind)
def test_a_kind_can_be_explained(cluster, info):
    """OpenAPI v3 has its schema, with descriptions, and its paths."""
    prefix = f"apis/{info.group}/{info.version}" if info.group else f"api/{info.version}"
    answer = ask(cluster, "GET", f"/openapi/v3/{prefix}")
    document = answer.body if isinstance(answer.body, dict) else orjson.loads(answer.body)

    wanted = {"group": info.group, "version": info.version, "kind": info.kind}
    schemas = [
        schema
        for schema in document["components"]["schemas"].values()
        if wanted in schema.get("x-kubernetes-group-version-kind", ())
    ]

    assert len(schemas) == 1
    assert schemas[0]["description"]
    assert any(path.endswith(f"/{info.resource}/{{name}}") for path in document["paths"])
