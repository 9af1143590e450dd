"""The command line: one clear line when something is wrong, and a server that people can reach."""

from __future__ import annotations

import subprocess
import sys
import urllib.error
import urllib.request

import pytest
import yaml

from tests.api.conftest import ROOT, Kubectl, eventually
from tests.api.manifests import DEPLOYMENT_AND_SERVICE

pytestmark = pytest.mark.api

TOKENS = ("--token", "ada=sesame-street", "--token", "bob=barber-shop:dev")


def podarium(*arguments):
    command = [sys.executable, "-m", "webapp", *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
    )


def test_busy_port_is_one_clear_line(server):
    """A port that is taken costs one line and exit code 1."""
    port = server.url.rpartition(":")[2]

    refused = podarium("serve", "--port", port)

    assert refused.returncode == 1
    assert refused.stderr == (
        f"podarium: port {port} on 127.0.0.1 is in use; choose another with --port\n"
    )


def test_listening_beyond_loopback_needs_tokens():
    """A server that the network can reach is refused without tokens, with the reason."""
    refused = podarium("serve", "--host", "0.0.0.0", "--port", "0")

    assert refused.returncode == 1
    assert refused.stderr.startswith("podarium: refusing to listen on 0.0.0.0 without tokens")
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        pytest.param(
            ("--speed", "fast"), "speed is a number from 0.01 to 1000, or max", id="speed"
        ),
        pytest.param(("--token", "ada"), "a token is written NAME=TOKEN", id="token without value"),
        pytest.param(("--token", "ada=short"), "shorter than 8 characters", id="short token"),
    ],
)
def test_odd_option_is_one_clear_line(options, complaint):
    """Option values are checked before anything starts."""
    refused = podarium("serve", "--port", "0", *options)

    assert refused.returncode == 1
    assert complaint in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_kubeconfig_carries_the_token_in_the_url():
    """kubectl sends no token over http, so the URL does."""
    printed = podarium("kubeconfig", "--server", "http://h:1/", "--token", "sesame-street").stdout

    config = yaml.safe_load(printed)
    assert config["clusters"][0]["cluster"]["server"] == "http://h:1/as/sesame-street"
    assert config["current-context"] == "podarium"


def test_version_is_printed():
    """The product's own version."""
    assert podarium("version").stdout.startswith("podarium 0.")


def test_manifests_given_at_start_are_applied(start_server, tmp_path):
    """``--apply`` creates what the file holds; a file that cannot be applied is named."""
    good, bad = tmp_path / "web.yaml", tmp_path / "bad.yaml"
    good.write_text(DEPLOYMENT_AND_SERVICE)
    bad.write_text("apiVersion: v1\nkind: Podd\nmetadata: {name: x}\n")
    server = start_server("--speed", "max", "--apply", str(good), "--apply", str(bad))
    path = "/apis/apps/v1/namespaces/default/deployments"

    eventually(
        lambda: [item["status"].get("readyReplicas") for item in server.get(path)["items"]] == [3]
    )
    server.process.terminate()
    out, err = server.process.communicate(timeout=10)

    assert "deployment.apps/web created\nservice/web created\n" in out
    assert f'{bad}: line 1: no matches for kind "Podd" in version "v1"' in err


def test_server_with_tokens_knows_its_users(start_server, tmp_path, kubectl_binary):
    """Each token has its user, in kubectl and in the browser; without one nothing is shown."""
    server = start_server(*TOKENS)
    ada = Kubectl(kubectl_binary(36), tmp_path, f"{server.url}/as/sesame-street", "default")
    bob = Kubectl(kubectl_binary(36), tmp_path, f"{server.url}/as/barber-shop", "default")
    nobody = Kubectl(kubectl_binary(36), tmp_path, server.url, "default")

    assert "worker-1" in ada("get", "nodes")
    assert "speed" in ada("explain", "clock.spec")
    assert 'User "bob" cannot list resource "nodes"' in bob.run("get", "nodes").err
    assert "You must be logged in to the server" in nobody.run("get", "nodes").err
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(server.url + "/", timeout=5)
    assert b'name="token"' in caught.value.read()
    caught.value.close()
    assert server.stop() == 0


def test_kubeconfig_of_a_kept_cluster_lies_beside_it(start_server, tmp_path, kubectl_binary):
    """The printed export line points to a file that works."""
    server = start_server("--data-dir", str(tmp_path / "data"))
    line = server.process.stdout.readline()
    path = line.strip().removeprefix("export KUBECONFIG=")

    kubectl = Kubectl(kubectl_binary(36), tmp_path, server.url, "default")
    kubectl._options = ("--kubeconfig", path)

    assert "worker-3" in kubectl("get", "nodes")
    assert server.stop() == 0


def test_downloaded_kubeconfig_names_this_server(server):
    """``GET /kubeconfig`` is a file for the address that the browser used."""
    with urllib.request.urlopen(server.url + "/kubeconfig", timeout=5) as answer:
        config = yaml.safe_load(answer.read())

    assert config["clusters"][0]["cluster"]["server"] == server.url
