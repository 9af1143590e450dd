"""Discovery, OpenAPI and the version, as kubectl reads them."""

from __future__ import annotations

import gzip

import orjson
import pytest

from webapp.apimachinery.scheme import Scheme
from webapp.apimachinery.status import MethodNotAllowed, NotFound
from webapp.apimachinery.wire import Request
from webapp.apiserver.non_resource import NonResourceAPI

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList"


@pytest.fixture(scope="module")
def api():
    return NonResourceAPI(Scheme())


@pytest.fixture
def get(api):
    def get_path(path, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return api.handle(Request("GET", path, {}, named))

    return get_path


def body_of(response):
    return orjson.loads(response.body) if isinstance(response.body, bytes) else response.body


@pytest.mark.parametrize(
    ("accept", "version"),
    [
        pytest.param(
            f"{AGGREGATED.format('v2')},{AGGREGATED.format('v2beta1')}", "v2", id="1.30 to 1.35"
        ),
        pytest.param(
            f"{AGGREGATED.format('v2beta1')},application/json", "v2beta1", id="1.27 to 1.29"
        ),
        pytest.param(
            f"{AGGREGATED.format('v9')},{AGGREGATED.format('v2')}", "v2", id="later client"
        ),
    ],
)
def test_aggregated_discovery_comes_in_the_first_version_known(get, accept, version):
    """The answer's content type names the version that was chosen."""
    response = get("/apis", accept=accept)

    assert response.content_type == AGGREGATED.format(version)
    assert body_of(response)["apiVersion"] == f"apidiscovery.k8s.io/{version}"


def test_core_group_comes_under_api_and_the_others_under_apis(get):
    """Both halves together are all groups, core first."""
    core = body_of(get("/api", accept=AGGREGATED.format("v2")))["items"]
    named = body_of(get("/apis", accept=AGGREGATED.format("v2")))["items"]

    assert [group["metadata"]["name"] for group in core] == [""]
    names = [group["metadata"]["name"] for group in named]
    assert "apps" in names
    assert "sim.podarium.dev" in names
    assert "" not in names


def test_unchanged_discovery_is_not_sent_again(get):
    """A client that has the same etag gets 304."""
    first = get("/apis", accept=AGGREGATED.format("v2"))
    etag = dict(first.headers)["ETag"]

    again = get("/apis", accept=AGGREGATED.format("v2"), if_none_match=etag)

    assert (again.status_code, again.body) == (304, None)


def test_legacy_list_has_subresources_as_entries(get):
    """``drain`` looks for pods/eviction with its own group."""
    resources = {item["name"]: item for item in body_of(get("/api/v1"))["resources"]}

    assert resources["pods"]["shortNames"] == ["po"]
    eviction = resources["pods/eviction"]
    assert (eviction["group"], eviction["version"], eviction["kind"]) == (
        "policy",
        "v1",
        "Eviction",
    )


def test_legacy_group_names_its_preferred_version(get):
    """The first version is the preferred one."""
    group = body_of(get("/apis/autoscaling"))

    assert group["kind"] == "APIGroup"
    assert group["preferredVersion"]["version"] == "v2"


@pytest.mark.parametrize(
    "path", ["/apis/none", "/api/v9", "/openapi/v3/apis/none/v1", "/nothing", "/openapi"]
)
def test_what_is_not_served_is_not_found(get, path):
    """The refusal has the text that clients know."""
    with pytest.raises(NotFound, match="the server could not find the requested resource"):
        get(path)


def test_discovery_can_only_be_read(api):
    """Other methods are refused."""
    with pytest.raises(MethodNotAllowed):
        api.handle(Request("POST", "/apis"))


def test_every_document_of_the_index_can_be_fetched_by_its_address(get):
    """The index leads to a document for each group and version, and names its hash."""
    paths = body_of(get("/openapi/v3"))["paths"]

    assert {"api/v1", "apis/apps/v1", "apis/sim.podarium.dev/v1alpha1"} <= set(paths)
    for key, entry in paths.items():
        response = get(f"/openapi/v3/{key}")
        document = body_of(response)
        assert document["openapi"] == "3.0.0"
        assert entry["serverRelativeURL"].endswith(dict(response.headers)["ETag"].strip('"'))


def test_document_is_closed_under_its_references(get):
    """No schema refers to one that the document lacks."""
    document = body_of(get("/openapi/v3/apis/apps/v1"))
    schemas = document["components"]["schemas"]

    text = orjson.dumps(document).decode()
    referred = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert referred <= set(schemas)


def test_pod_document_has_enumerations_and_validation_parameters(get):
    """kubectl explain prints enumerations; apply looks for fieldValidation on patch."""
    document = body_of(get("/openapi/v3/api/v1"))

    pod_spec = document["components"]["schemas"]["io.k8s.api.core.v1.PodSpec"]
    assert pod_spec["properties"]["restartPolicy"]["enum"] == ["Always", "Never", "OnFailure"]
    patch = document["paths"]["/api/v1/namespaces/{namespace}/pods/{name}"]["patch"]
    assert "fieldValidation" in {parameter["name"] for parameter in patch["parameters"]}
    assert "application/strategic-merge-patch+json" in patch["requestBody"]["content"]
    assert patch["x-kubernetes-group-version-kind"] == {"group": "", "version": "v1", "kind": "Pod"}


def test_document_may_be_kept_for_ever_and_is_sent_compressed(get):
    """kubectl keeps a document only when Expires lies ahead."""
    response = get("/openapi/v3/api/v1", accept_encoding="gzip")

    headers = dict(response.headers)
    assert headers["Content-Encoding"] == "gzip"
    assert headers["Expires"].endswith("GMT")
    assert orjson.loads(gzip.decompress(response.body))["info"]["title"] == "Kubernetes"


def test_version_2_has_one_form_for_each_client(get):
    """Old kubectls ask for protobuf, others for JSON."""
    as_json = body_of(get("/openapi/v2"))
    asked = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
    as_protobuf = get("/openapi/v2", accept=asked)

    assert as_json["definitions"]["io.k8s.api.core.v1.Pod"]["type"] == "object"
    assert (
        as_json["definitions"]["io.k8s.apimachinery.pkg.api.resource.Quantity"]["type"] == "string"
    )
    assert as_protobuf.content_type == (
        "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
    )
    assert as_protobuf.body.startswith(b"\x0a\x032.0\x12")


def test_version_is_the_one_that_is_simulated(get):
    """Clients choose their own version by this."""
    version = body_of(get("/version"))

    assert (version["major"], version["minor"]) == ("1", "36")
    assert version["gitVersion"] == "v1.36.0+podarium"
