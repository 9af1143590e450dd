"""Talking to containers with real kubectl: exec, attach and port-forward, and who may."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import pytest

from tests.api.conftest import Kubectl, eventually

pytestmark = [pytest.mark.api, pytest.mark.timeout(120)]

WAYS = {"websocket": "true", "spdy": "false"}
READER = "--as=system:serviceaccount:{namespace}:reader"


@pytest.fixture(params=WAYS)
def way(request, kubectl):
    """kubectl told to use one protocol; older versions know the second one only."""
    for name in ("KUBECTL_REMOTE_COMMAND_WEBSOCKETS", "KUBECTL_PORT_FORWARD_WEBSOCKETS"):
        kubectl._environ[name] = WAYS[request.param]
    return kubectl


def run_web(kubectl: Kubectl) -> None:
    kubectl("run", "web", "--image=nginx")
    kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=30s")


class Forward:
    """A running ``kubectl port-forward``."""

    def __init__(self, kubectl: Kubectl, target: str, port: int) -> None:
        self.process = kubectl.start("port-forward", target, f":{port}")
        line = self.process.stdout.readline()
        found = re.match(r"Forwarding from 127\.0\.0\.1:(\d+) -> ", line)
        assert found, line + self.process.stdout.read()
        self.url = f"http://127.0.0.1:{found.group(1)}"

    def get(self, path: str = "/") -> str:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return answer.read().decode()

    def stop(self) -> str:
        """End it; what it printed."""
        self.process.terminate()
        output, _ = self.process.communicate(timeout=10)
        return output

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self.process.stdout.closed:
            self.stop()


def test_exec_prints_output_and_ends_with_the_commands_exit_code(way):
    """Both protocols carry both streams and the exit code."""
    run_web(way)

    good = way.run("exec", "web", "--", "echo", "hello")
    bad = way.run("exec", "web", "--", "sh", "-c", "echo before; exit 7")

    assert (good.code, good.out) == (0, "hello\n")
    assert (bad.code, bad.out) == (7, "before\n")
    assert "command terminated with exit code 7" in bad.err


def test_long_script_runs_in_virtual_time(kubectl):
    """A script of many lines arrives whole."""
    run_web(kubectl)
    script = "\n".join(f"echo line {number}" for number in range(500)) + "\nsleep 0.2\nexit 0"

    outcome = kubectl.run("exec", "web", "--", "sh", "-c", script)

    assert outcome.code == 0
    assert outcome.out.splitlines() == [f"line {number}" for number in range(500)]


def test_input_is_piped_through_a_command(way):
    """What goes in comes out, to its last byte, and the end of the input ends the command."""
    run_web(way)
    text = "".join(f"line {number}\n" for number in range(20_000))

    outcome = way.run("exec", "-i", "web", "--", "cat", manifest=text)

    assert outcome.code == 0, outcome.err
    assert outcome.out == text


def test_command_that_is_not_there_is_named(way):
    """The runtime's words come through, as on a real cluster."""
    run_web(way)

    outcome = way.run("exec", "web", "--", "nonsense")

    assert outcome.code == 1
    assert 'exec: "nonsense": executable file not found in $PATH' in outcome.err


def test_files_are_copied_both_ways(kubectl, tmp_path):
    """A file and a directory arrive byte for byte; a missing one is an error."""
    run_web(kubectl)
    content = bytes(range(256)) * 2000
    (tmp_path / "tree" / "deep").mkdir(parents=True)
    (tmp_path / "tree" / "deep" / "data").write_bytes(content)
    (tmp_path / "tree" / "empty").touch()

    kubectl("cp", str(tmp_path / "tree"), "web:/tmp/tree")
    kubectl("cp", "web:/tmp/tree", str(tmp_path / "back"))
    missing = kubectl.run("cp", "web:/nothing", str(tmp_path / "nothing"))

    assert (tmp_path / "back" / "deep" / "data").read_bytes() == content
    assert (tmp_path / "back" / "empty").read_bytes() == b""
    assert missing.code == 2
    assert "/nothing: No such file or directory" in missing.out


class Typist:
    """kubectl in a terminal of its own, and somebody who waits for what is shown and types."""

    def __init__(self, kubectl: Kubectl, *arguments: str) -> None:
        self.screen = ""
        outer, inner = os.openpty()
        self._terminal = outer
        self._process = subprocess.Popen(
            [kubectl.binary, *kubectl._options, *arguments],
            stdin=inner,
            stdout=inner,
            stderr=inner,
            env=kubectl._environ,
            start_new_session=True,
        )
        os.close(inner)

    def type(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def expect(self, text: str) -> None:
        """Wait until ``text`` is shown after what was expected before."""
        while text not in self.screen:
            if not select.select([self._terminal], [], [], 20)[0]:
                raise AssertionError(f"{text!r} is not in {self.screen!r}")
            self.screen += os.read(self._terminal, 65536).decode()
        self.screen = self.screen.partition(text)[2]

    def leave(self) -> int:
        """The exit code, once it has ended."""
        try:
            code = self._process.wait(30)
        finally:
            self._process.kill()
            os.close(self._terminal)
        return code


def test_interactive_shell_takes_lines_and_interrupts(way):
    """A prompt, an echo, Ctrl-C that ends a command, and the exit code at last."""
    way("run", "box", "--image=busybox", "--", "sleep", "100000")
    way("wait", "--for=condition=Ready", "pod/box", "--timeout=30s")
    typist = Typist(way, "exec", "-it", "box", "--", "sh")

    typist.expect("/ # ")
    typist.type("echo $((6*7))\r")
    typist.expect("\r\n42\r\n/ # ")
    typist.type("sleep 1000\r")
    typist.expect("sleep 1000\r\n")
    typist.type("\x03")
    typist.expect("^C\r\n/ # ")
    typist.type("exit 5\r")

    typist.expect("command terminated with exit code 5")
    assert typist.leave() == 5


def test_run_with_a_terminal_ends_and_removes_its_pod(kubectl):
    """``run -it --rm`` types into the first process, whose end is the Pod's."""
    run = ("run", "-it", "--rm", "box", "--image=busybox", "--restart=Never", "--", "sh")
    typist = Typist(kubectl, *run)

    typist.expect("try pressing enter")
    typist.type("\r")
    typist.expect("/ # ")
    typist.type("hostname\r")
    typist.expect("\r\nbox\r\n/ # ")
    typist.type("exit 3\r")

    typist.expect('pod "box" deleted')
    assert typist.leave() == 3
    assert kubectl("get", "pods") == ""


def test_run_with_input_reads_it_to_its_end(kubectl):
    """``run -i`` with a pipe: the process sees the end, and the Pod completes."""
    run = ("run", "-i", "--rm", "sum", "--image=busybox", "--restart=Never", "--", "wc", "-l")

    outcome = kubectl.run(*run, manifest="one\ntwo\nthree\n")

    assert outcome.code == 0, outcome.err
    assert outcome.out.split()[0] == "3"


def test_debug_adds_a_container_that_runs_once(kubectl):
    """An ephemeral container is started beside the others, typed into, and never restarted."""
    run_web(kubectl)
    typist = Typist(kubectl, "debug", "-it", "web", "--image=busybox", "-c", "look")

    typist.expect("try pressing enter")
    typist.type("\r")
    typist.expect("/ # ")
    typist.type("hostname\r")
    typist.expect("\r\nweb\r\n/ # ")
    typist.type("exit 3\r")
    code = typist.leave()

    def ended():
        status = kubectl.json("get", "pod", "web")["status"]
        [ephemeral] = status["ephemeralContainerStatuses"]
        return status if "terminated" in ephemeral["state"] else None

    status = eventually(ended)
    assert code == 0
    assert status["ephemeralContainerStatuses"][0]["state"]["terminated"]["exitCode"] == 3
    assert status["phase"] == "Running"
    assert status["containerStatuses"][0]["ready"]


def test_exec_where_nothing_runs_is_refused_in_kubernetes_words(kubectl):
    """A missing container, a missing Pod and a Pod on no Node each have their own sentence."""
    run_web(kubectl)
    kubectl("run", "far", "--image=nginx", '--overrides={"spec":{"nodeSelector":{"on":"moon"}}}')

    container = kubectl.run("exec", "web", "-c", "nope", "--", "true")
    pod = kubectl.run("exec", "nope", "--", "true")
    unscheduled = kubectl.run("exec", "far", "--", "true")

    assert "container nope is not valid for pod web" in container.err
    assert 'pods "nope" not found' in pod.err
    assert "pod far does not have a host assigned" in unscheduled.err
    assert {container.code, pod.code, unscheduled.code} == {1}


def test_exec_into_a_container_that_does_not_run_says_so(way):
    """The kubelet's words come through."""
    way("run", "stuck", "--image=ngnix")
    eventually(lambda: "nodeName" in way.json("get", "pod", "stuck")["spec"])

    outcome = way.run("exec", "stuck", "--", "true")

    assert outcome.code == 1
    assert 'unable to upgrade connection: container not found ("stuck")' in outcome.err


def test_exec_needs_the_right_to_create_pods_exec(kubectl):
    """Reading is not enough, by either protocol; with the right role it works."""
    run_web(kubectl)
    reader = READER.format(namespace=kubectl.namespace)
    kubectl("create", "role", "look", "--verb=get,list", "--resource=pods,pods/exec")
    account = f"--serviceaccount={kubectl.namespace}:reader"
    kubectl("create", "rolebinding", "look", "--role=look", account)

    refused = kubectl.run("exec", "web", reader, "--", "true")
    kubectl("create", "role", "enter", "--verb=create", "--resource=pods/exec")
    kubectl("create", "rolebinding", "enter", "--role=enter", account)
    allowed = kubectl.run("exec", "web", reader, "--", "echo", "in")

    assert refused.code == 1
    assert 'cannot create resource "pods/exec" in API group ""' in refused.err
    assert (allowed.code, allowed.out) == (0, "in\n")


def test_forwarded_port_answers_twenty_requests_at_once(way):
    """A browser sees the Pod's page, with its name."""
    run_web(way)

    with Forward(way, "pod/web", 80) as forward, ThreadPoolExecutor(5) as pool:
        pages = list(pool.map(lambda _: forward.get(), range(20)))
        with pytest.raises(urllib.error.HTTPError, match="404"):
            forward.get("/missing")

    assert len(pages) == 20
    assert all("Welcome to nginx!" in page and ">web<" in page for page in pages)


def test_service_is_forwarded_to_one_of_its_pods(kubectl):
    """kubectl resolves the Service and its target port; the Pod answers."""
    run_web(kubectl)
    kubectl("expose", "pod", "web", "--port=8080", "--target-port=80")

    with Forward(kubectl, "service/web", 8080) as forward:
        assert ">web<" in forward.get()


def test_forwarding_to_a_port_without_listener_reports_the_refusal(way):
    """The connection fails, and kubectl prints why."""
    run_web(way)

    with Forward(way, "pod/web", 81) as forward:
        with pytest.raises((urllib.error.URLError, ConnectionError)):
            forward.get()
        output = forward.stop()

    assert "failed to connect to localhost:81 inside namespace" in output
    assert "connect: connection refused" in output


def test_attach_shows_what_the_container_prints(kubectl):
    """Output from now on comes, until the container ends."""
    script = "while true; do echo tick; sleep 0.2; done"
    kubectl("run", "clock", "--image=busybox", "--", "sh", "-c", script)
    kubectl("wait", "--for=condition=Ready", "pod/clock", "--timeout=30s")
    attached = kubectl.start("attach", "clock")

    lines = [attached.stdout.readline() for _ in range(4)]
    threading.Thread(target=kubectl, args=("delete", "pod", "clock", "--now")).start()
    attached.communicate(timeout=30)

    assert lines[-2:] == ["tick\n", "tick\n"]
    assert attached.returncode == 0


PYTHON_CLIENT = """
import sys
import kubernetes
from kubernetes.stream import portforward, stream

configuration = kubernetes.client.Configuration()
configuration.host = sys.argv[1]
core = kubernetes.client.CoreV1Api(kubernetes.client.ApiClient(configuration))
pod = ("web", sys.argv[2])
session = stream(
    core.connect_get_namespaced_pod_exec, *pod, command=["sh", "-c", "echo hello; exit 4"],
    stdout=True, stderr=True, _preload_content=False,
)
session.run_forever(timeout=10)
print(session.read_stdout().strip(), session.returncode)
forwarded = portforward(core.connect_get_namespaced_pod_portforward, *pod, ports="80")
connection = forwarded.socket(80)
connection.setblocking(True)
connection.sendall(b"GET / HTTP/1.1\\r\\nHost: web\\r\\nConnection: close\\r\\n\\r\\n")
while chunk := connection.recv(65536):
    print(chunk.decode())
"""


def test_python_client_runs_commands_and_forwards_ports(newest_kubectl, server):
    """The official client's own protocol works, too; its process is its own, for it leaks sockets."""
    run_web(newest_kubectl)

    done = subprocess.run(
        [sys.executable, "-c", PYTHON_CLIENT, server.url, newest_kubectl.namespace],
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )

    assert done.stdout.startswith("hello 4\nHTTP/1.1 200 OK\n"), done.stderr
    assert "Welcome to nginx!" in done.stdout


def test_world_is_restored_with_the_commands_that_ran_in_it(
    start_server, kubectl_binary, tmp_path, tmp_path_factory
):
    """After a kill the run is repeated, sessions included, and new ones can be opened."""
    home = tmp_path_factory.getbasetemp() / "home-restored"
    data = ("--speed", "max", "--data-dir", str(tmp_path))
    first = start_server(*data)
    kubectl = Kubectl(kubectl_binary(36), home, first.url, "default")
    run_web(kubectl)
    kubectl("exec", "-i", "web", "--", "sh", "-c", "cat > /tmp/typed", manifest="by hand\n" * 9000)
    sleeping = kubectl.start("exec", "-i", "web", "--", "sleep", "1000")
    eventually(lambda: 'resource="pods/exec"' in metrics(first))
    first.kill()
    sleeping.communicate(timeout=10)

    second = start_server(*data)
    kubectl = Kubectl(kubectl_binary(36), home, second.url, "default")

    assert kubectl("exec", "web", "--", "cat", "/tmp/typed") == "by hand\n" * 9000


def metrics(server) -> str:
    """The streams that are open."""
    with urllib.request.urlopen(server.url + "/metrics", timeout=10) as answer:
        text = answer.read().decode()
    lines = text.splitlines()
    return "\n".join(
        line
        for line in lines
        if line.startswith("apiserver_longrunning_requests") and not line.endswith(" 0.0")
    )
