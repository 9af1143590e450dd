"""Focus, grouping, filters and links: leading the eye, and leading others to the same view."""

import re

import pytest
from playwright.sync_api import expect

from tests.factories import make_deployment, make_pod, make_service

PODS = "/api/v1/namespaces/default/pods"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


@pytest.fixture
def two_apps(server):
    """Deployments web, behind a Service, and api."""
    server.send("POST", "/api/v1/namespaces/default/services", make_service("web"))
    server.send("POST", DEPLOYMENTS, make_deployment("web", replicas=2))
    server.send("POST", DEPLOYMENTS, make_deployment("api", replicas=2))
    return server


def drawn_pods(page, name):
    """The cards of an owner's Pods."""
    return page.get_by_role("button", name=re.compile(f"^Pod {name}-.*Running, 1 of 1"))


def test_focus_dims_all_that_the_selection_does_not_touch(open_page, two_apps, picture):
    """The Deployment's Pods stay bright; the headline speaks of it; Escape lights up the rest."""
    page = open_page(f"{two_apps.url}?select=Deployment/default/api&focus=1")
    expect(drawn_pods(page, "api")).to_have_count(2)
    expect(drawn_pods(page, "web")).to_have_count(2)

    expect(page.locator(".pod.dimmed")).to_have_count(2)
    for pod in drawn_pods(page, "web").all():
        expect(pod).to_have_class(re.compile("dimmed"))
    expect(page.locator(".svc")).to_have_class(re.compile("dimmed"))
    expect(page.locator(".headline")).to_have_text("Deployment api wants 2 Pods and has 2 ready.")
    picture(page)
    page.keyboard.press("Escape")
    expect(page.locator(".dimmed")).to_have_count(0)


@pytest.mark.parametrize(
    ("by", "boxes"),
    [
        ("owner", ["Deployment api, 2 Pods", "Deployment web, 2 Pods"]),
        ("namespace", ["Namespace default, 4 Pods"]),
        ("zone", ["Nodes without a zone, 4 Pods"]),
    ],
)
def test_pods_are_grouped_by_what_the_address_says(open_page, two_apps, picture, by, boxes):
    """One box for each; every Pod is in one; the chip leads back to the Nodes."""
    page = open_page(f"{two_apps.url}?group={by}")
    expect(drawn_pods(page, "(web|api)")).to_have_count(4)

    for box in boxes:
        expect(page.get_by_role("group", name=box)).to_have_count(1)
    page.wait_for_timeout(300)
    picture(page, f"-{by}")
    page.get_by_role("button", name=f"grouped by {by}; press to group by Node again").click()
    expect(page.get_by_role("button", name="Node worker-1, Ready")).to_be_visible()
    expect(page).not_to_have_url(re.compile("group="))


@pytest.mark.usefixtures("two_apps")
def test_pods_glide_to_their_groups_and_keep_their_identity(page):
    """The same element moves: nothing is drawn anew."""
    pod = drawn_pods(page, "web").first
    expect(drawn_pods(page, "(web|api)")).to_have_count(4)
    before = pod.get_attribute("id")

    page.keyboard.press("g")

    expect(page).to_have_url(re.compile("group=owner"))
    assert page.locator(f"[id='{before}']").count() == 1


def test_a_filter_by_phase_stays_in_the_address(page, server):
    """As kubectl names phases."""
    server.send("POST", PODS, make_pod("fine"))
    server.send("POST", PODS, make_pod("huge", cpu="64"))

    page.keyboard.press("/")
    page.get_by_role("combobox", name="Search").fill("phase=Pending")
    expect(page.get_by_role("option", name="Show only pending Pods")).to_be_visible()
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("filter=phase%3DPending"))
    expect(page.get_by_text("1 of 2 Pods")).to_be_visible()


def test_a_link_to_something_that_is_not_there_says_so(open_page, server, picture):
    """No empty page: the inspector names what was looked for."""
    page = open_page(f"{server.url}?select=Pod/default/long-gone")

    inspector = page.get_by_role("region", name="Inspector")
    expect(inspector.get_by_text("Pod long-gone is not in Namespace default")).to_be_visible()
    picture(page)


@pytest.mark.usefixtures("two_apps")
def test_a_copied_link_opens_the_same_view(page, open_page):
    """Selection, focus and grouping travel in the address."""
    expect(drawn_pods(page, "(web|api)")).to_have_count(4)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.keyboard.press("g")
    expect(page).to_have_url(re.compile("group=owner"))

    page.keyboard.press("y")

    expect(page.get_by_text("The link is on the clipboard")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    other = open_page(link)
    expect(other.get_by_role("group", name="Deployment web, 2 Pods")).to_have_count(1)


def test_following_selects_what_changes(page, server):
    """A new Pod takes the focus by itself."""
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile("follow=1"))

    server.send("POST", PODS, make_pod("fresh"))

    expect(page).to_have_url(re.compile("select=Pod/default/fresh"))
    page.keyboard.press("j")
    expect(page).not_to_have_url(re.compile("follow|select"))
