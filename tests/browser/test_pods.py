"""The life of a Pod on the stage: gates, probes, limits, countdowns, moments, sandboxes."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import expect

from tests.browser.test_palettes import violations
from tests.factories import make_container, make_pod
from webapp.kubelet.static_pods import ANNOTATION

EXAMPLES = Path(__file__).parents[2] / "static/src/lib/manifest/examples"
PODS = "/api/v1/namespaces/default/pods"
CLOCK = "/apis/sim.podarium.dev/v1alpha1/clocks/cluster"
PLACES = {
    "Node": "/api/v1/nodes",
    "RuntimeClass": "/apis/node.k8s.io/v1/runtimeclasses",
    "Pod": PODS,
}


@pytest.fixture
def still(server):
    """The server, its Nodes ready and its time standing still."""
    run_on(server, 20)
    return server


def run_on(server: Any, seconds: int) -> None:
    """Let so much virtual time pass, then stand still."""
    spec = {"speed": "max", "paused": False, "runUntil": f"{seconds}s"}
    server.send("PATCH", CLOCK, {"spec": spec})
    deadline = time.monotonic() + 20
    while not server.get(CLOCK)["spec"]["paused"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def apply_example(server: Any, name: str) -> None:
    """Create what an example of the gallery describes."""
    for obj in yaml.safe_load_all((EXAMPLES / f"{name}.yaml").read_text()):
        server.send("POST", PLACES[obj["kind"]], obj)


def shell(name: str, script: str, **fields: Any) -> Any:
    """A container that runs a script."""
    return make_container(name, "busybox:1.36", command=["sh", "-c", script], **fields)


def container(page: Any, words: str) -> Any:
    """A container of the opened Pod, by the words that it is called by."""
    return page.get_by_role("group", name=re.compile(words))


def test_init_containers_gate_what_comes_after_them(open_page, still, picture):
    """While the first works the others wait; then each starts, the sidecar before the app."""
    beside = shell("beside", "sleep 3600", restartPolicy="Always")
    pod = make_pod("gated", initContainers=[shell("first", "sleep 30"), beside])
    still.send("POST", PODS, pod)
    run_on(still, 8)
    page = open_page(f"{still.url}?select=Pod/default/gated")

    expect(container(page, "^init container first, Running")).to_be_visible()
    expect(container(page, "^sidecar container beside, after first")).to_be_visible()
    expect(container(page, "^app container app, after beside")).to_be_visible()
    expect(page.locator(".gate.closed")).to_have_count(2)
    expect(page.get_by_text("Init container first of gated is at work")).to_be_visible()
    picture(page)

    run_on(still, 60)
    expect(container(page, "^init container first, Completed")).to_be_visible()
    expect(container(page, "^sidecar container beside, Ready")).to_be_visible()
    expect(container(page, "^app container app, Ready")).to_be_visible()
    expect(page.locator(".gate.open")).to_have_count(2)


def test_a_crash_loop_counts_down_to_the_next_try(open_page, still, picture):
    """On the card and in the opened Pod, with how it ended the time before."""
    still.send("POST", PODS, make_pod("loops", containers=[shell("app", "exit 3")]))
    still.send("POST", PODS, make_pod("calm"))
    run_on(still, 6)
    page = open_page(f"{still.url}?select=Pod/default/loops")

    name = (
        "^app container app, CrashLoop .1, next try in [0-9]+ s, restarted 1 time, before: Error 3"
    )
    expect(container(page, name)).to_be_visible()
    picture(page)
    page.goto(f"{still.url}?select=Pod/default/calm")
    card = page.get_by_role("button", name=re.compile("^Pod loops, CrashLoopBackOff"))
    expect(card).to_contain_text(re.compile(r"CrashLoop\s*[0-9]+ s"))
    expect(card).to_contain_text("↻1")
    # A second of virtual time is a second of the countdown.
    before = int(re.search(r"([0-9]+) s", card.inner_text())[1])
    run_on(still, 3)
    expect(card).to_contain_text(f"{before - 3} s")


def test_memory_and_processor_time_stand_against_their_limits(open_page, still, picture):
    """One is killed for memory, the other only slowed down."""
    apply_example(still, "out-of-memory")
    run_on(still, 30)
    page = open_page(f"{still.url}?select=Pod/default/hungry", width=1920, height=1080)

    expect(
        page.get_by_role("img", name=re.compile("^CPU 200m of 200m, throttled: 80 %"))
    ).to_be_visible()
    memory = page.get_by_role("img", name=re.compile(r"^memory .* of 64 Mi, \d+ % of its limit"))
    expect(memory).to_be_visible()
    expect(container(page, "^app container eater,.*before: OOMKilled 137")).to_be_visible()
    expect(page.locator(".headline")).to_contain_text(re.compile("OOMKilled|ran out of memory"))
    picture(page)


def test_a_stop_is_counted_down_from_sigterm_to_sigkill(open_page, still, picture):
    """Who ends does so with 143; who does not is killed when the time is up."""
    apply_example(still, "slow-goodbye")
    run_on(still, 10)
    page = open_page(f"{still.url}?select=Pod/default/stubborn")
    expect(page.get_by_role("group", name=re.compile("^Pod stubborn, Running"))).to_be_visible()
    still.send("DELETE", f"{PODS}/stubborn", {})
    run_on(still, 3)

    expect(container(page, r"^app container deaf, Stopping, SIGKILL in 2\d s")).to_be_visible()
    expect(container(page, "^app container polite, Error 143")).to_be_visible()
    expect(page.locator(".moment", has_text="SIGTERM")).to_be_visible()
    expect(page.locator(".moment", has_text="ended 143")).to_be_visible()
    expect(page.get_by_text("stubborn is being stopped: SIGTERM first")).to_be_visible()
    picture(page)


def test_probes_beat_with_their_outcome(open_page, still, picture):
    """Startup lets the others begin; then readiness fails first, liveness restarts."""
    apply_example(still, "probes")
    run_on(still, 10)
    page = open_page(f"{still.url}?select=Pod/default/patient")
    beat = page.get_by_role("img", name=re.compile("^startup probe exec cat .* every 2 s fails"))
    expect(beat).to_be_visible()
    expect(page.get_by_text("the startup probe of container server")).to_be_visible()

    run_on(still, 30)
    for kind in ("readiness", "liveness"):
        beat = page.get_by_role("img", name=re.compile(f"^{kind} probe exec cat .* succeeds"))
        expect(beat).to_be_visible()
    run_on(still, 62)
    beat = page.get_by_role("img", name=re.compile("^readiness probe .* fails, .* of 1"))
    expect(beat).to_be_visible()
    expect(page.get_by_text("the readiness probe of container server does not")).to_be_visible()
    picture(page)


def test_a_volume_says_what_was_written_last_and_the_ip_who_answers(open_page, still, picture):
    """Path, size, writer and age; the ports of localhost with their containers."""
    apply_example(still, "shared-volume")
    run_on(still, 31)
    page = open_page(
        f"{still.url}?select=Pod/default/notebook", width=1920, height=1080, theme="dark"
    )

    pod = page.get_by_role("group", name=re.compile("^Pod notebook, Running"))
    expect(pod).to_contain_text(re.compile(r"log\.txt, \d+ B, by writer \d+s ago"))
    expect(pod).to_contain_text(re.compile(r"localhost\s*:80\s*web"))
    picture(page)


def test_containers_a_virtual_machine_and_wasm_are_told_apart(open_page, still, picture):
    """By outline, icon and word, and in the name that is read out; the keys explain."""
    apply_example(still, "sandboxes")
    run_on(still, 40)
    page = open_page(still.url)

    vm = page.get_by_role("button", name=re.compile("^Pod in-a-vm, Running.*in a virtual machine"))
    wasm = page.get_by_role("button", name=re.compile("^Pod in-wasm, Running.*as WebAssembly"))
    expect(vm).to_contain_text("VM")
    expect(wasm).to_contain_text("Wasm")
    frames = [
        shown.evaluate("pod => getComputedStyle(pod, '::after').borderTopWidth")
        for shown in (vm, wasm)
    ]
    assert frames[0] != frames[1]
    picture(page)
    page.keyboard.press("?")
    expect(page.get_by_text("two walls: a virtual machine")).to_be_visible()
    picture(page, "-keys")


def test_resizes_and_debug_containers_are_marked(open_page, still, picture):
    """What is special about a Pod stands in its title, or in a line of its own."""
    apply_example(still, "resize")
    run_on(still, 10)
    wish = [{"name": "app", "resources": {"requests": {"cpu": "64"}, "limits": {"cpu": "64"}}}]
    resized = {"spec": {"containers": [{**make_container("app", "nginx:1.29"), **wish[0]}]}}
    still.send("PATCH", f"{PODS}/growing/resize", resized)
    debugger = shell("debugger", "sleep 3600")
    still.send(
        "PATCH",
        f"{PODS}/growing/ephemeralcontainers",
        {"spec": {"ephemeralContainers": [debugger]}},
    )
    run_on(still, 10)
    page = open_page(f"{still.url}?select=Pod/default/growing")

    pod = page.get_by_role("group", name=re.compile("^Pod growing, Running.*resize infeasible"))
    expect(pod).to_contain_text("resize infeasible")
    expect(container(page, "^debug container debugger, Running")).to_be_visible()
    expect(page.get_by_text("The resize of growing is infeasible")).to_be_visible()
    picture(page)


def test_evicted_and_static_pods_say_so(open_page, still, picture):
    """Why it was evicted in words; that the kubelet runs it from a file."""
    limits = {"limits": {"ephemeral-storage": "10Mi"}}
    writer = shell("writer", "dd if=/dev/zero of=/big bs=1M count=20; sleep 3600", resources=limits)
    still.send("POST", PODS, make_pod("greedy", containers=[writer]))
    manifest = yaml.safe_dump(make_pod("web"))
    held = {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {"name": "manifests", "namespace": "default"},
        "data": {"web.yaml": manifest},
    }
    still.send("POST", "/api/v1/namespaces/default/configmaps", held)
    annotations = {ANNOTATION: "default/manifests"}
    still.send("PATCH", "/api/v1/nodes/worker-1", {"metadata": {"annotations": annotations}})
    run_on(still, 90)
    page = open_page(f"{still.url}?select=Pod/default/greedy")

    pod = page.get_by_role("group", name=re.compile("^Pod greedy,.*, evicted"))
    expect(pod.locator(".note")).to_contain_text("ephemeral local storage usage exceeds")
    expect(page.locator(".headline")).to_contain_text("greedy was evicted from worker-")
    picture(page)
    page.goto(f"{still.url}?select=Pod/default/web-worker-1")
    static = page.get_by_role("group", name=re.compile("^Pod web-worker-1, Running.*a static Pod"))
    expect(static).to_contain_text("static")
    picture(page, "-static")


def test_the_container_picked_on_the_stage_is_picked_in_the_tabs(open_page, still, picture):
    """Its log, and the log of the run before."""
    chatty = [
        shell("one", "echo from one; sleep 3600"),
        shell("two", "echo run of two; sleep 4; exit 1"),
    ]
    still.send("POST", PODS, make_pod("pair", containers=chatty))
    run_on(still, 9)
    page = open_page(f"{still.url}?select=Pod/default/pair&panels=inspector")
    page.get_by_role("button", name="Inspect container two").click()
    page.get_by_role("tab", name="Logs").click()

    expect(page.get_by_role("combobox", name="Container")).to_have_value("two")
    log = page.get_by_role("region", name="Log of two")
    expect(log).to_contain_text("run of two")
    page.get_by_role("checkbox", name="the run before").check()
    expect(log).to_contain_text("run of two")
    page.get_by_role("button", name="Inspect container one").press("Enter")
    expect(page.get_by_role("combobox", name="Container")).to_have_value("one")
    picture(page)


def note(sizes: list[dict[str, int]], sent: Any) -> None:
    """Keep what the page says about the window: channel 4 of the exec protocol."""
    if isinstance(sent, bytes) and sent[:1] == b"\x04":
        sizes.append(json.loads(sent[1:]))


def test_a_terminal_is_interrupted_follows_its_window_and_tells_the_exit_code(open_page, server):
    """Ctrl-C ends the program, not the shell; the shell's exit code is told."""
    server.send("POST", PODS, make_pod("box", containers=[shell("main", "sleep 3600")]))
    page = open_page(f"{server.url}?select=Pod/default/box&panels=inspector")
    sizes: list[dict[str, int]] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda sent: note(sizes, sent)))
    expect(page.get_by_text("box is running and ready.").first).to_be_visible()
    page.get_by_role("tab", name="Terminal").click()
    rows = page.locator(".xterm-rows")
    expect(rows).to_contain_text(re.compile("[#$]"))

    page.keyboard.type("sleep 1000\n")
    page.keyboard.press("Control+c")
    page.keyboard.type("echo still-$((40+2))\n")
    expect(rows).to_contain_text("still-42")
    before = len(sizes)
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.keyboard.type("echo more-$((40+2))\n")
    expect(rows).to_contain_text("more-42")
    assert len(sizes) > before
    assert sizes[-1]["Width"] != sizes[0]["Width"] or sizes[-1]["Height"] != sizes[0]["Height"]
    page.keyboard.type("exit 3\n")
    expect(page.get_by_text("exit code 3")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1920, 1080)], ids=["small", "large"])
def test_the_opened_pod_fits_and_is_accessible(open_page, still, width, height, theme, picture):
    """Many containers in many states: nothing overflows, axe finds nothing, motion may be off."""
    apply_example(still, "shared-volume")
    apply_example(still, "out-of-memory")
    apply_example(still, "probes")
    run_on(still, 31)
    page = open_page(
        f"{still.url}?select=Pod/default/notebook",
        width=width,
        height=height,
        theme=theme,
        bypass_csp=True,
        reduced_motion="reduce",
    )
    pod = page.get_by_role("group", name=re.compile("^Pod notebook, Running"))
    expect(pod).to_contain_text("by writer")

    picture(page)
    assert violations(page) == []
    inside = pod.evaluate(
        """pod => [...pod.querySelectorAll('[data-container], .strip')].every((box) => {
            const [a, b] = [pod.getBoundingClientRect(), box.getBoundingClientRect()];
            return b.left >= a.left && b.right <= a.right && b.bottom <= a.bottom && b.top >= a.top;
        })"""
    )
    assert inside
