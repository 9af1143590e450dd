"""Bad input: whatever is sent, the answer is a Status in Kubernetes' words and the server lives on."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request

import orjson
import pytest

from tests.api.manifests import POD

pytestmark = pytest.mark.api

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


def refusal(server, method, path, body=None, kind="application/json"):
    request = urllib.request.Request(server.url + path, body, {"Content-Type": kind}, method=method)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=10)
    with caught.value as error:
        status = orjson.loads(error.read())
    assert status["kind"] == "Status"
    assert status["code"] == error.code
    return status


PODS = "/api/v1/namespaces/default/pods"


@pytest.mark.parametrize(
    ("body", "kind", "code", "reason"),
    [
        pytest.param(b"{", "application/json", 400, "BadRequest", id="half a JSON object"),
        pytest.param(b"", "application/json", 400, "BadRequest", id="nothing"),
        pytest.param(b"[]", "application/json", 400, "BadRequest", id="a list"),
        pytest.param(b'"pod"', "application/json", 400, "BadRequest", id="a string"),
        pytest.param(b"\xff\xfe", "application/json", 400, "BadRequest", id="no UTF-8"),
        pytest.param(b"a: [", "application/yaml", 400, "BadRequest", id="half a YAML list"),
        pytest.param(BOMB.encode(), "application/yaml", 400, "BadRequest", id="alias bomb"),
        pytest.param(b"[" * 100_000, "application/json", 400, "BadRequest", id="deep nesting"),
        pytest.param(
            b"k8s\x00\xff\xff",
            "application/vnd.kubernetes.protobuf",
            400,
            "BadRequest",
            id="protobuf",
        ),
        pytest.param(b"{}", "text/html", 415, "UnsupportedMediaType", id="odd media type"),
        pytest.param(
            b'{"kind":"Node","apiVersion":"v1"}',
            "application/json",
            400,
            "BadRequest",
            id="other kind",
        ),
    ],
)
def test_body_that_is_no_pod_is_refused(server, body, kind, code, reason):
    """Each kind of nonsense gets its own reason."""
    status = refusal(server, "POST", PODS, body, kind)

    assert (status["code"], status["reason"]) == (code, reason)


def test_huge_body_is_refused(server):
    """Ten megabytes are more than the API takes."""
    status = refusal(server, "POST", PODS, b" " * 10_000_000)

    assert status["reason"] == "RequestEntityTooLarge"


@pytest.mark.parametrize(
    "path",
    [
        "/api/v2/pods",
        "/apis/apps/v9/deployments",
        "/apis/none",
        "/api/v1/nothings",
        "/openapi/v3/none",
        "/apis//v1",
    ],
)
def test_unknown_paths_are_not_found(server, path):
    """The text is the one that clients know."""
    status = refusal(server, "GET", path)

    assert (status["code"], status["reason"]) == (404, "NotFound")


@pytest.mark.parametrize("version", ["abc", "-1", "1.5", "99999999999999999999999"])
def test_resource_version_that_is_no_number_is_refused(server, version):
    """A resourceVersion is a number that the server gave out."""
    status = refusal(server, "GET", f"{PODS}?watch=true&resourceVersion={version}")

    assert status["code"] in {400, 504}


@pytest.mark.parametrize(
    "query", ["labelSelector=a%20b%20c", "fieldSelector=nonsense", "limit=many", "continue=xyz"]
)
def test_query_that_makes_no_sense_is_refused(server, query):
    """Selectors, limits and continue tokens are checked."""
    assert refusal(server, "GET", f"{PODS}?{query}")["code"] in {400, 410}


def test_method_that_a_resource_lacks_is_not_allowed(server):
    """A discovery document cannot be posted to."""
    assert refusal(server, "POST", "/version", b"{}")["code"] == 405


def test_raw_garbage_does_not_disturb_others(server):
    """Bytes that are no HTTP cost their connection only."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    for garbage in (
        b"\x00" * 100,
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
        b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
    ):
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.sendall(garbage)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass

    assert server.get("/version")["minor"] == "36"


def test_unknown_field_is_named(newest_kubectl):
    """A typo in a field's name is refused by strict validation, with its path."""
    refused = newest_kubectl.run("apply", "-f", "-", manifest=POD.replace("image:", "imagge:"))

    assert refused.code == 1
    assert 'unknown field "spec.containers[0].imagge"' in refused.err


def test_invalid_values_are_listed(newest_kubectl):
    """Names that break the rules are refused with field and rule."""
    refused = newest_kubectl.run(
        "apply", "-f", "-", manifest=POD.replace("name: web", "name: Web_1")
    )

    assert 'The Pod "Web_1" is invalid: metadata.name: Invalid value: "Web_1"' in refused.err


def test_one_bad_document_does_not_stop_the_others(newest_kubectl):
    """kubectl applies what it can, and says what it cannot."""
    manifest = POD + "---\napiVersion: v1\nkind: Podd\nmetadata: {name: x}\n"

    outcome = newest_kubectl.run("apply", "-f", "-", manifest=manifest)

    assert outcome.code == 1
    assert "pod/web created" in outcome.out
    assert 'no matches for kind "Podd" in version "v1"' in outcome.err


def test_alias_bomb_through_kubectl_leaves_the_server_alone(newest_kubectl, server):
    """A manifest that explodes when expanded ends at the client or the server, quickly."""
    refused = newest_kubectl.run("create", "-f", "-", manifest=BOMB)

    assert refused.code != 0
    assert server.get("/version")["minor"] == "36"


def test_forbidden_pod_update_is_told_in_kubernetes_words(newest_kubectl):
    """Most of a Pod's spec cannot be changed."""
    newest_kubectl("apply", "-f", "-", manifest=POD)

    refused = newest_kubectl.run(
        "patch", "pod", "web", "-p", '{"spec":{"containers":[{"name":"nginx","command":["x"]}]}}'
    )

    assert "pod updates may not change fields other than" in refused.err
