"""GET: one object, lists in pieces, at older revisions, as tables."""

import base64

import orjson
import pytest

from tests.unit.apiserver.harness import (
    ADMIN,
    CONFIG_MAPS,
    DEPLOYMENTS,
    PODS,
    Api,
    make_deployment,
)
from webapp.apimachinery.wire import UserInfo
from webapp.apiserver.config import APIServerConfig

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


def test_missing_object_is_not_found(api):
    """kubectl shows the message as it is."""
    status = api.refused(404, "GET", f"{PODS}/nope")

    assert status["message"] == 'pods "nope" not found'
    assert status["details"] == {"name": "nope", "kind": "pods"}


def test_unknown_resource_is_not_found(api):
    """Paths that name no resource."""
    for path in ("/api/v1/namespaces/default/puds", "/apis/apps/v9/deployments", "/nothing"):
        message = api.refused(404, "GET", path)["message"]
        assert message == "the server could not find the requested resource"


def test_unsupported_verb_is_not_allowed(api):
    """Bindings can only be posted."""
    assert api.refused(405, "GET", "/api/v1/bindings")["reason"] == "MethodNotAllowed"


def test_list_is_sorted_and_selected_by_labels(api):
    """Lists come in key order and hold what the selector selects."""
    for name, tier in (("c", "back"), ("a", "front"), ("b", "front")):
        api.config_map(name, labels={"tier": tier})

    listed = api.get(CONFIG_MAPS, "labelSelector=tier=front")

    assert [item["metadata"]["name"] for item in listed["items"]] == ["a", "b"]
    assert listed["kind"] == "ConfigMapList"
    assert listed["metadata"]["resourceVersion"] == str(api.server.revision)


def test_list_by_field(api):
    """Pods can be selected by Node and phase."""
    api.pod("a", nodeName="n1")
    api.pod("b")

    assert [
        i["metadata"]["name"] for i in api.get(PODS, "fieldSelector=spec.nodeName=n1")["items"]
    ] == ["a"]
    assert len(api.get(PODS, "fieldSelector=status.phase!=Running")["items"]) == 2


def test_unknown_field_in_a_selector_is_refused(api):
    """Only some fields can be selected by."""
    status = api.refused(400, "GET", PODS, None, "fieldSelector=spec.color=red")

    assert status["message"] == "field label not supported: spec.color"


def test_pieces_of_a_list_show_one_moment(api):
    """A continued list does not see what was written after its first piece."""
    for name in ("a", "b", "c"):
        api.config_map(name)
    first = api.get(CONFIG_MAPS, "limit=2")
    api.config_map("d")

    rest = api.get(CONFIG_MAPS, f"limit=2&continue={first['metadata']['continue']}")

    assert first["metadata"]["remainingItemCount"] == 1
    assert [item["metadata"]["name"] for item in rest["items"]] == ["c"]
    assert rest["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    assert "continue" not in rest["metadata"]


def test_continuing_after_compaction_is_expired_but_tells_how_to_go_on(sim):
    """410 carries a token for an inconsistent rest of the list."""
    api = Api(sim, APIServerConfig(kept_revisions=5))
    for name in ("a", "b", "c"):
        api.config_map(name)
    first = api.get(CONFIG_MAPS, "limit=1")
    for number in range(20):
        api.config_map(f"x{number}")

    status = api.refused(
        410, "GET", CONFIG_MAPS, None, f"limit=1&continue={first['metadata']['continue']}"
    )
    assert status["reason"] == "Expired"

    rest = api.get(CONFIG_MAPS, f"limit=1&continue={status['metadata']['continue']}")
    assert rest["items"][0]["metadata"]["name"] == "b"


def test_exact_old_version_is_listed_as_it_was(api):
    """resourceVersionMatch=Exact reads the past."""
    api.config_map("a")
    revision = api.server.revision
    api.delete(f"{CONFIG_MAPS}/a")

    listed = api.get(CONFIG_MAPS, f"resourceVersion={revision}&resourceVersionMatch=Exact")

    assert [item["metadata"]["name"] for item in listed["items"]] == ["a"]


def test_future_version_times_out(api):
    """A version that was never written is too large."""
    status = api.refused(504, "GET", CONFIG_MAPS, None, "resourceVersion=999999")

    assert status["message"].startswith("Too large resource version: 999999, current: ")


@pytest.mark.parametrize(
    "query",
    [
        "resourceVersion=abc",
        "limit=many",
        "continue=!!!",
        f"continue={base64.urlsafe_b64encode(orjson.dumps({'v': 'old'})).decode().rstrip('=')}",
        "labelSelector=a=(b",
    ],
    ids=["version", "limit", "no-token", "other-token", "selector"],
)
def test_bad_parameters_are_bad_requests(api, query):
    """Nonsense in the query is a Status."""
    assert api.refused(400, "GET", CONFIG_MAPS, None, query)["reason"] == "BadRequest"


def test_table_has_columns_and_metadata_rows(api):
    """kubectl get asks for a Table."""
    api.pod("web")

    table = api.get(PODS, headers={"accept": TABLE})

    assert table["kind"] == "Table"
    assert table["columnDefinitions"][0]["name"] == "Name"
    assert table["rows"][0]["cells"][0] == "web"
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
    assert len(table["rows"][0]["cells"]) == len(table["columnDefinitions"])

    whole = api.get(f"{PODS}/web", "includeObject=Object", headers={"accept": TABLE})
    assert whole["rows"][0]["object"]["kind"] == "Pod"


def test_metadata_only(api):
    """as=PartialObjectMetadata leaves the rest out."""
    api.config_map("a", {"k": "v"})
    accept = {"accept": "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"}

    listed = api.get(CONFIG_MAPS, headers=accept)

    assert listed["kind"] == "PartialObjectMetadataList"
    assert "data" not in listed["items"][0]


def test_unknown_representation_is_not_acceptable(api):
    """Forms that do not exist are refused."""
    accept = {"accept": "application/json;as=Poem;v=v1;g=meta.k8s.io"}

    assert api.refused(406, "GET", CONFIG_MAPS, headers=accept)["reason"] == "NotAcceptable"


def test_health_and_version(api):
    """Load balancers and kubectl ask before anything else."""
    assert api.get("/readyz") == b"ok"
    assert api.get("/version")["gitVersion"].startswith("v1.36.0")


def test_components_share_the_stored_objects(api):
    """Lists inside the process hold references, not copies."""
    api.config_map("a")
    component = UserInfo("system:kube-controller-manager")

    one = api.get(CONFIG_MAPS, user=component)["items"][0]
    two = api.get(f"{CONFIG_MAPS}/a", user=ADMIN)

    assert one is two


def test_negative_limit_means_no_limit(api):
    """As upstream: the whole list comes."""
    api.config_map("a")
    api.config_map("b")

    assert len(api.get(CONFIG_MAPS, "limit=-1")["items"]) == 2


def test_foreign_continue_token_is_refused_in_plain_words(api):
    """What the token's decoder says about it stays inside."""
    status = api.refused(400, "GET", CONFIG_MAPS, query="continue=abc")

    assert status["message"] == "continue key is not valid: not a token of this server"


def test_deprecated_kinds_come_with_a_warning(api):
    """Whoever reads Endpoints learns what to use instead; other kinds come without a warning."""
    answer = api.send("GET", "/api/v1/namespaces/default/endpoints")

    assert answer.warnings == (
        "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
    )
    assert api.send("GET", CONFIG_MAPS).warnings == ()


def test_scale_has_a_table_of_its_own(api):
    """``kubectl get deployment --subresource=scale`` shows replicas wanted and there."""
    api.post(DEPLOYMENTS, make_deployment("web", 2))

    table = api.get(
        f"{DEPLOYMENTS}/web/scale",
        headers={"accept": "application/json;as=Table;v=v1;g=meta.k8s.io"},
    )

    assert [column["name"] for column in table["columnDefinitions"]] == [
        "Name",
        "Desired",
        "Available",
        "Age",
    ]
    assert table["rows"][0]["cells"][:3] == ["web", 2, 0]
