"""Requests of the pod network on the stage: load balancing, readiness, refusals, counts, who can talk to whom."""

import re
import subprocess

import pytest
from playwright.sync_api import expect

from tests.api.conftest import ROOT, Server, extract_kubectl
from tests.browser.test_palettes import violations

EXAMPLES = ROOT / "static/src/lib/manifest/examples"
TRAFFICS = "/apis/sim.podarium.dev/v1alpha1/namespaces/default/traffics"
PATIENCE = 40_000
FLICKER = """
mkdir -p /www /tmp; touch /tmp/ready; httpd -p 80 -h /www
sleep 15; rm /tmp/ready; sleep 1d
"""


def apply(server, name, kubectl):
    """Apply an example of the gallery, as kubectl would."""
    command = [kubectl, "-s", server.url, "apply", "-f", str(EXAMPLES / f"{name}.yaml")]
    subprocess.run(command, check=True, capture_output=True, timeout=30)


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory):
    """Any kubectl: these tests look at the page."""
    return extract_kubectl(36, tmp_path_factory.mktemp("kubectl"))


def test_a_service_spreads_its_load_over_three_pods(page, server, kubectl, picture):
    """The rail tells a request in six steps; each endpoint counts what it answered; the API server stands aside."""
    apply(server, "service-and-client", kubectl)

    rail = page.get_by_role("navigation", name="The request of client to web")
    expect(rail).to_be_visible(timeout=PATIENCE)
    for step in ("Look up name", "Call ClusterIP", "Pick endpoint", "Check policy", "Reply"):
        expect(rail.get_by_text(step)).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("not on the path"))).to_be_visible()
    expect(page.get_by_text("3 endpoints ready")).to_be_visible()
    expect(page.get_by_text(re.compile("^client has its answer from web"))).to_be_visible(
        timeout=PATIENCE
    )
    picture(page)
    expect(page.get_by_title(re.compile(r"^\d+ requests answered"))).to_have_count(
        3, timeout=60_000
    )


def test_a_failing_readiness_probe_takes_its_endpoint_out(page, server, picture):
    """The link of the Pod that is not ready any more is dotted; the Service counts it apart."""
    probe = {
        "exec": {"command": ["test", "-f", "/tmp/ready"]},
        "periodSeconds": 1,
        "failureThreshold": 1,
    }
    for name, script in (("web-1", FLICKER), ("web-2", FLICKER.replace("rm /tmp/ready;", ""))):
        container = {
            "name": "httpd", "image": "busybox:1.36", "command": ["sh", "-c", script],
            "ports": [{"containerPort": 80}], "readinessProbe": probe,
        }  # fmt: skip
        metadata = {"name": name, "labels": {"app": "web"}}
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": metadata,
            "spec": {"containers": [container]},
        }
        server.send("POST", "/api/v1/namespaces/default/pods", pod)
    spec = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec}
    server.send("POST", "/api/v1/namespaces/default/services", service)

    expect(page.get_by_text("2 endpoints ready")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("path.ready")).to_have_count(2)
    expect(page.get_by_text("1 not yet")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("path.ready")).to_have_count(1)
    expect(page.locator("path.pending")).to_have_count(1)
    picture(page)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_denied_request_stops_at_its_target(open_page, server, kubectl, theme, picture):
    """Plain words, an octagon where it was stopped, who may pass; paused, each hop can be read."""
    page = open_page(server.url, theme=theme, bypass_csp=True)
    apply(server, "policy-deny-and-allow", kubectl)

    denied = page.get_by_text("debug may not call db: only Pods labelled app=api pass.")
    expect(denied).to_be_visible(timeout=PATIENCE)
    expect(
        page.get_by_role("button", name=re.compile("^NetworkPolicy.*db-allow-api"))
    ).to_contain_text(re.compile("from app=api.*everyone else", re.DOTALL))
    expect(page.get_by_role("button", name=re.compile("^Denied"))).to_contain_text("TCP 5432")
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_visible()
    picture(page)

    page.get_by_role("button", name=re.compile("^Denied")).click()
    card = page.get_by_role("region", name=re.compile("^Request "))
    expect(card).to_contain_text(re.compile("denied: no ingress rule of .*db-allow-api"))
    expect(card.get_by_role("listitem").filter(has_text="rules")).to_contain_text("becomes 10.244.")
    assert violations(page) == []
    picture(page, "-inspected")
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()


def test_a_forgotten_dns_egress_stops_at_the_name(page, server, kubectl, picture):
    """The first step fails, by the policy's name."""
    apply(server, "dns-egress-forgotten", kubectl)

    words = "buyer cannot even ask DNS: only-to-shop does not let it call CoreDNS."
    expect(page.get_by_text(words)).to_be_visible(timeout=PATIENCE)
    rail = page.get_by_role("navigation", name=re.compile("^The request of buyer"))
    expect(rail.locator("li.failed")).to_contain_text("Look up name")
    picture(page)


def test_a_plugin_that_enforces_no_policies_says_so_at_the_policy(open_page, kubectl):
    """With flannel the request passes, and policy and inspector tell why."""
    server = Server("--seed", "0", "--cni", "flannel")
    try:
        page = open_page(server.url)
        apply(server, "policy-deny-and-allow", kubectl)

        expect(page.get_by_text("flannel does not enforce it").first).to_be_visible(
            timeout=PATIENCE
        )
        page.get_by_role("button", name=re.compile("^NetworkPolicy")).first.click()
        inspector = page.get_by_role("complementary", name="inspector")
        expect(inspector.get_by_role("note")).to_contain_text("It has no effect: flannel")
    finally:
        server.stop()


def test_traffic_is_started_counted_and_stopped_at_its_service(page, server, kubectl):
    """The inspector of the Service creates a Traffic object, tells what came of it, and deletes it."""
    apply(server, "service-and-client", kubectl)
    service = page.get_by_role("button", name=re.compile("^Service web"))
    expect(page.get_by_text("3 endpoints ready")).to_be_visible(timeout=PATIENCE)
    service.click()
    inspector = page.get_by_role("complementary", name="inspector")

    inspector.get_by_label("per second").select_option("100")
    inspector.get_by_role("button", name="Start traffic").click()

    traffic = inspector.get_by_role("region", name=re.compile("^Traffic web-"))
    expect(traffic).to_contain_text("100/s from app=client to Service web")
    expect(traffic.get_by_role("listitem").filter(has_text="200")).to_be_visible(timeout=PATIENCE)
    assert len(server.get(TRAFFICS)["items"]) == 1
    traffic.get_by_role("button", name="Stop").click()
    expect(traffic).to_be_hidden()
    assert server.get(TRAFFICS)["items"] == []


def test_the_matrix_tells_who_can_talk_to_whom(open_page, server, kubectl, picture):
    """A table that arrows walk through; the chosen cell's verdict is said, with the policy to open."""
    page = open_page(server.url, bypass_csp=True)
    apply(server, "policy-deny-and-allow", kubectl)
    expect(
        page.get_by_role("button", name=re.compile("^Pod (api|db-0|debug), Running"))
    ).to_have_count(3, timeout=PATIENCE)
    page.keyboard.press("Control+k")
    page.keyboard.type("who can talk")
    page.keyboard.press("Enter")

    matrix = page.get_by_role("dialog", name="Who can talk to whom")
    expect(matrix.get_by_role("button", name="api to db-0: passes")).to_be_visible()
    matrix.get_by_role("button", name="debug to db-0: stopped, ingress").click()
    expect(matrix).to_contain_text("debug to db-0, port 5432: stopped as it arrives.")
    assert violations(page) == []
    picture(page)
    page.keyboard.press("ArrowUp")
    expect(matrix).to_contain_text("api to db-0, port 5432: passes")


def test_without_motion_a_request_is_where_it_ends_at_once(open_page, server, kubectl):
    """Reduced motion: no traveller moves; a ring marks where it got to."""
    page = open_page(server.url, reduced_motion="reduce")
    apply(server, "policy-deny-and-allow", kubectl)

    expect(page.get_by_text(re.compile("^debug may not call db"))).to_be_visible(timeout=PATIENCE)
    expect(page.locator("svg.over circle.ring").first).to_be_attached()
