"""Rooms on the page: made, entered, branched off a moment of the past, deleted."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_palettes import violations
from tests.factories import make_pod

PODS = "/api/v1/namespaces/default/pods"
LOOKING = re.compile(r"You are looking at \d\d:\d\d:\d\d, revision \d+")


def open_menu(page):
    """The Cluster menu with its rooms."""
    page.keyboard.press("c")
    menu = page.get_by_role("dialog", name="Cluster")
    expect(menu.get_by_role("region", name="Rooms").get_by_text("you are here")).to_be_visible()
    return menu


def test_a_branch_begins_at_the_moment_and_leaves_the_original_alone(page, server, picture):
    """Asked for a name, the room is made and entered; what came later is not in it."""
    server.send("POST", PODS, make_pod("early"))
    expect(page.get_by_text("early is running and ready.").first).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_text(LOOKING)).to_be_visible()
    server.send("POST", PODS, make_pod("late"))
    page.keyboard.press("r")
    dialog = page.get_by_role("dialog", name="Branch from here")
    name = dialog.get_by_label("Name")
    expect(name).to_have_value("branch-1")
    name.fill("What If")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("small letters")
    picture(page, "-ask")
    name.fill("what-if")
    page.keyboard.press("Enter")

    page.wait_for_url("**/rooms/what-if/")
    expect(page.get_by_role("banner")).to_contain_text("what-if · ")
    expect(page.get_by_role("button", name=re.compile("Pod early")).first).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Pod late"))).to_have_count(0)
    picture(page)
    names = {pod["metadata"]["name"] for pod in server.get(PODS)["items"]}
    assert names == {"early", "late"}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_rooms_are_made_entered_and_deleted_in_the_cluster_menu(open_page, server, theme, picture):
    """With the name in the top bar, a question before the deletion, and words for those left behind."""
    page = open_page(server.url, theme=theme, bypass_csp=True)
    expect(page.get_by_role("button", name="Node worker-3, Ready")).to_be_visible()
    menu = open_menu(page)
    menu.get_by_role("button", name="New room …").click()
    menu.get_by_label("Name").fill("main")
    menu.get_by_role("button", name="Make it and enter").click()
    expect(menu.get_by_role("alert")).to_contain_text("already a room called main")
    menu.get_by_label("Name").fill("lab")
    menu.get_by_label("Nodes").fill("1")
    menu.get_by_role("button", name="Make it and enter").click()

    page.wait_for_url("**/rooms/lab/")
    expect(page.get_by_role("banner")).to_contain_text("lab · ")
    expect(page.get_by_role("button", name=re.compile("^Node worker-1,"))).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Node worker-2,"))).to_have_count(0)

    other = open_page(server.url, theme=theme)
    expect(other.get_by_role("button", name="Node worker-3, Ready")).to_be_visible()
    menu = open_menu(other)
    expect(menu.get_by_role("link", name="Enter room lab")).to_be_visible()
    menu = open_menu(page)
    page.wait_for_timeout(300)
    assert violations(page) == []
    picture(page)
    page.keyboard.press("Escape")
    menu = other.get_by_role("dialog", name="Cluster")
    menu.get_by_role("button", name="Delete room lab").click()
    expect(menu.get_by_role("alert")).to_contain_text("Delete room lab")
    menu.get_by_role("button", name="Yes, delete lab").click()

    expect(menu.get_by_role("link", name="Enter room lab")).to_be_hidden()
    expect(page.get_by_role("alert")).to_have_text("The room lab was deleted. Go to the main room")
    picture(page, "-deleted")
