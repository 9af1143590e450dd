"""The tour: one walk through what the product tells, whose pictures stand in ``docs/tour.md``.

``scripts/tour`` runs this file and keeps the pictures.
"""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PICTURES
from tests.factories import make_container, make_deployment, make_pod, make_service

CLOCK = "/apis/sim.podarium.dev/v1alpha1/clocks/cluster"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
FAULTS = "/apis/sim.podarium.dev/v1alpha1/faults"
PODS = "/api/v1/namespaces/default/pods"
POLICIES = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies"
SERVICES = "/api/v1/namespaces/default/services"
LOOP = "while sleep 1; do wget -qO- -T 2 http://web; done"
ONLY_FRIENDS = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "only-friends"},
    "spec": {
        "podSelector": {"matchLabels": {"app": "web"}},
        "ingress": [{"from": [{"podSelector": {"matchLabels": {"role": "friend"}}}]}],
    },
}


class Guide:
    """Drives the clock and takes the pictures, numbered in order."""

    def __init__(self, page, server):
        self.page = page
        self.server = server
        self._count = 0

    def clock(self, **spec):
        """Change how virtual time runs."""
        self.server.send("PATCH", CLOCK, {"spec": spec})

    def picture(self, name):
        """Hold time, so that nothing moves, and take a picture; time stands still until it is told to go on."""
        self.clock(paused=True)
        expect(self.page.get_by_role("button", name=re.compile("^Run"))).to_be_visible()
        self.shoot(name)

    def shoot(self, name):
        """Take a picture of what is there."""
        self._count += 1
        folder = PICTURES / "tour"
        folder.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=folder / f"{self._count:02}-{name}.png")

    def step_until(self, locator):
        """Step through the nine steps until something is to be seen."""
        for _ in range(9):
            if locator.is_visible():
                return
            self.page.keyboard.press("Shift+ArrowRight")
            self.page.wait_for_timeout(900)
        expect(locator).to_be_visible()

    def pods(self, owner, count):
        """Wait until so many Pods of an owner run."""
        name = re.compile(f"^Pod {owner}-.*, Running")
        expect(self.page.get_by_role("button", name=name)).to_have_count(count)


@pytest.fixture
def guide(page, server):
    return Guide(page, server)


@pytest.mark.timeout(180)
def test_the_tour(guide):
    """A Pod by hand, a Deployment, a Service with traffic, an update and its rollback, a lost Node, a policy."""
    page, server = guide.page, guide.server
    guide.picture("three-nodes")

    guide.clock(paused=True)
    server.send("POST", PODS, make_pod("hello", cpu="250m"))
    rail = page.get_by_role("navigation", name="The nine steps of deploying hello")
    guide.step_until(rail.get_by_role("button", name=re.compile("^Filter nodes.*done$")))
    guide.picture("a-pod-is-scheduled")
    guide.clock(paused=False, speed="0.25")
    expect(page.get_by_text("10.244.").first).to_be_visible()
    guide.picture("its-containers-start")
    guide.clock(paused=False, speed="2")
    expect(rail.get_by_role("button", name=re.compile("done$"))).to_have_count(9)
    guide.picture("it-runs")
    guide.clock(paused=False)

    server.send("POST", DEPLOYMENTS, make_deployment("web", replicas=3))
    guide.pods("web", 3)
    guide.picture("a-deployment")
    guide.clock(paused=False)

    server.send("POST", SERVICES, make_service("web"))
    client = make_container(image="busybox:1.36", command=["sh", "-c", LOOP])
    server.send("POST", PODS, make_pod("client", containers=[client], labels={"role": "client"}))
    expect(page.get_by_text(re.compile("^client has its answer from web"))).to_be_visible(
        timeout=40_000
    )
    guide.picture("a-service-with-traffic")

    guide.clock(paused=False, speed="0.5")
    image = {"spec": {"template": {"spec": {"containers": [make_container(image="nginx:1.28")]}}}}
    server.send("PATCH", f"{DEPLOYMENTS}/web", image)
    update = page.get_by_role("navigation", name="The rolling update of web")
    expect(update.get_by_text("Pods come")).to_be_visible()
    guide.picture("a-rolling-update")
    guide.clock(paused=False, speed="4")
    expect(page.get_by_text("web is rolled out: all 3 Pods are v2.")).to_be_visible()
    guide.picture("rolled-out")
    guide.clock(paused=False)

    server.send(
        "POST",
        FAULTS,
        {
            "apiVersion": "sim.podarium.dev/v1alpha1",
            "kind": "Fault",
            "metadata": {"name": "lost"},
            "spec": {"type": "NodeDown", "target": {"node": "worker-1"}},
        },
    )
    expect(page.get_by_text(re.compile("^worker-1 has been silent"))).to_be_visible()
    guide.picture("a-node-is-silent")
    guide.clock(paused=False, speed="60")
    expect(page.get_by_text(re.compile("^worker-1 is gone"))).to_be_visible()
    guide.picture("its-pods-are-replaced")
    guide.clock(paused=False, speed="1")
    server.send("DELETE", f"{FAULTS}/lost", {})

    server.send("POST", POLICIES, ONLY_FRIENDS)
    expect(page.get_by_text(re.compile("^client may not call web"))).to_be_visible(timeout=60_000)
    guide.picture("a-policy-denies")

    page.keyboard.press("t")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_text(re.compile("^You are looking at"))).to_be_visible()
    guide.shoot("back-in-time")
