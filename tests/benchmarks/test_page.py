"""What the page costs the browser: 1,000 Pods drawn, 100 of them changing each second.

Script, style and layout time come from Chromium's own counters, so a busy machine shifts them less
than it shifts frame rates.
"""

from __future__ import annotations

import re
import threading
import time

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.api.conftest import Server
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.factories import make_deployment, make_pod, make_service

PODS = 1000
DRAWN = 900
"""At least; the Node in focus counts some of its other Pods instead of drawing them."""
NODES = 20
CHANGES_A_SECOND = 100
SECONDS = 10
REQUESTS_A_SECOND = 1000
MOST_TRAVELLERS = 12
TRAFFIC = {
    "apiVersion": "sim.podarium.dev/v1alpha1",
    "kind": "Traffic",
    "metadata": {"name": "load"},
    "spec": {
        "from": {"podSelector": {"matchLabels": {"app": "client"}}},
        "to": {"service": "web"},
        "requestsPerSecond": REQUESTS_A_SECOND,
    },
}
COUNT_FRAMES = """
() => { window.frames_ = 0; const next = () => { window.frames_++; requestAnimationFrame(next); }; next(); }
"""


class Churn(threading.Thread):
    """Labels one Pod after the other, at a steady rate."""

    def __init__(self, server: Server, names: list[str]) -> None:
        super().__init__(daemon=True)
        self.server = server
        self.names = names
        self.made = 0
        self.stopping = threading.Event()

    def run(self) -> None:
        began = time.monotonic()
        while not self.stopping.is_set():
            name = self.names[self.made % len(self.names)]
            patch = {"metadata": {"labels": {"turn": str(self.made)}}}
            self.server.send("PATCH", f"/api/v1/namespaces/default/pods/{name}", patch)
            self.made += 1
            self.stopping.wait(max(0.0, began + self.made / CHANGES_A_SECOND - time.monotonic()))


def milliseconds(session) -> dict[str, float]:
    """Chromium's counters of work on the page's main thread, in milliseconds, and of the heap in MB."""
    found = {
        item["name"]: item["value"] for item in session.send("Performance.getMetrics")["metrics"]
    }
    work = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration")
    return {
        **{name: found[name] * 1000 for name in work},
        "JSHeapUsedSize": found["JSHeapUsedSize"] / 1e6,
    }


@pytest.mark.timeout(180)
@pytest.mark.benchmark(group="page")
def test_page_with_1000_pods_and_100_changes_a_second(benchmark):
    """Script, style and layout a frame, over ten seconds."""
    server = Server("--speed", "max", "--nodes", str(NODES))
    try:
        deployment = make_deployment("web", replicas=PODS)
        server.send("POST", "/apis/apps/v1/namespaces/default/deployments", deployment)
        figures = benchmark.pedantic(measure, args=(server,), rounds=1)
    finally:
        server.stop()

    benchmark.extra_info.update(figures)
    assert figures["pods_drawn"] >= DRAWN
    assert figures["changes"] >= SECONDS * CHANGES_A_SECOND * 0.8
    assert figures["frames"] > SECONDS


def measure(server: Server) -> dict[str, float]:
    """Open the page, let Pods change, and count."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        page.goto(server.url)
        drawn = page.locator("[aria-label^='Pod web-'], [aria-label*='Pod web-']")
        expect(drawn.nth(DRAWN - 1)).to_be_attached(timeout=60_000)
        pods = server.get("/api/v1/namespaces/default/pods")["items"]
        churn = Churn(server, [pod["metadata"]["name"] for pod in pods])
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        page.evaluate(COUNT_FRAMES)
        churn.start()
        page.wait_for_timeout(2000)
        before, frames, changes = milliseconds(session), page.evaluate("frames_"), churn.made
        page.wait_for_timeout(SECONDS * 1000)
        after, frames = milliseconds(session), page.evaluate("frames_") - frames
        changes = churn.made - changes
        churn.stopping.set()
        churn.join()
        count = drawn.count()
        browser.close()
    spent = {name: after[name] - before[name] for name in before}
    heap = spent.pop("JSHeapUsedSize")
    return {
        "pods_drawn": count,
        "changes": changes,
        "frames": frames,
        "script_layout_ms_a_frame": round(sum(spent.values()) / frames, 2),
        "main_thread_share": round(sum(spent.values()) / (SECONDS * 1000), 3),
        "heap_growth_mb": round(heap, 1),
    }


@pytest.mark.timeout(180)
@pytest.mark.benchmark(group="page")
def test_page_at_1000_requests_a_second(benchmark):
    """Requests are drawn as flows with a few travellers: script, style and layout a frame stay under 16 ms."""
    server = Server("--speed", "1")
    try:
        labels = {"app": "client"}
        server.send("POST", "/api/v1/namespaces/default/pods", make_pod("client", labels=labels))
        server.send("POST", "/api/v1/namespaces/default/services", make_service("web"))
        deployments = "/apis/apps/v1/namespaces/default/deployments"
        server.send("POST", deployments, make_deployment("web", replicas=6))
        figures = benchmark.pedantic(measure_traffic, args=(server,), rounds=1)
    finally:
        server.stop()

    benchmark.extra_info.update(figures)
    assert figures["requests"] >= SECONDS * REQUESTS_A_SECOND * 0.5
    assert 0 < figures["travellers"] <= MOST_TRAVELLERS
    assert figures["frames"] > SECONDS
    assert figures["script_layout_ms_a_frame"] < 16


def measure_traffic(server: Server) -> dict[str, float]:
    """Open the page, send, and count."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        page.goto(server.url)
        expect(page.get_by_text("6 endpoints ready")).to_be_visible(timeout=60_000)
        traffics = "/apis/sim.podarium.dev/v1alpha1/namespaces/default/traffics"
        server.send("POST", traffics, TRAFFIC)
        expect(page.get_by_title(re.compile("requests answered"))).to_have_count(6, timeout=60_000)
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        page.evaluate(COUNT_FRAMES)
        page.wait_for_timeout(3000)
        before, frames = milliseconds(session), page.evaluate("frames_")
        sent = server.get(f"{traffics}/load")["status"]["requests"]
        page.wait_for_timeout(SECONDS * 1000)
        after, frames = milliseconds(session), page.evaluate("frames_") - frames
        sent = server.get(f"{traffics}/load")["status"]["requests"] - sent
        travellers = page.locator("g.traveller").count()
        browser.close()
    spent = {name: after[name] - before[name] for name in before}
    heap = spent.pop("JSHeapUsedSize")
    return {
        "requests": sent,
        "travellers": travellers,
        "frames": frames,
        "script_layout_ms_a_frame": round(sum(spent.values()) / frames, 2),
        "main_thread_share": round(sum(spent.values()) / (SECONDS * 1000), 3),
        "heap_growth_mb": round(heap, 1),
    }
