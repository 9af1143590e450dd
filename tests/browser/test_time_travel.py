"""Time travel: back by fact, step and second, along the timeline, by link; compare; play from there."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_palettes import violations
from tests.factories import make_container, make_deployment, make_pod

PODS = "/api/v1/namespaces/default/pods"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
CLOCK = "/apis/sim.podarium.dev/v1alpha1/clocks/cluster"
LOOKING = re.compile(r"You are looking at \d\d:\d\d:\d\d, revision \d+")


def pause(server):
    """Let virtual time stand still."""
    server.send("PATCH", CLOCK, {"spec": {"paused": True}})


def wait_running(page, name):
    """Until the headline says that the Pod is there."""
    expect(page.get_by_text(f"{name} is running and ready.").first).to_be_visible()


def banner(page):
    """What the top bar says of the moment."""
    return page.get_by_role("banner").get_by_role("status")


def revision(page):
    """The revision that is looked at."""
    return int(re.search(r"revision (\d+)", banner(page).inner_text()).group(1))


@pytest.fixture
def told(page, server):
    """A Pod `a` that runs, then stopped time."""
    server.send("POST", PODS, make_pod("a"))
    wait_running(page, "a")
    pause(server)
    return page


def test_the_left_arrow_goes_back_and_escape_returns(told, picture):
    """The whole page says that it shows the past; Escape leads back to now."""
    page = told
    page.keyboard.press("ArrowLeft")
    expect(banner(page)).to_have_text(LOOKING)
    for _ in range(4):
        page.keyboard.press("Shift+ArrowLeft")
        page.wait_for_timeout(150)
    expect(page.get_by_role("listitem").filter(has_text="to come").first).to_be_visible()
    expect(page.get_by_text("a is running and ready.")).to_be_hidden()
    picture(page)

    page.keyboard.press("Escape")

    expect(banner(page)).to_be_hidden()
    wait_running(page, "a")


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1920, 1080)], ids=["1366", "1920"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_timeline_shows_what_happened(open_page, server, picture, theme, width, height):
    """Density, marks with words, time labels, now at the right edge; no axe violations."""
    server.send("POST", DEPLOYMENTS, make_deployment("web", replicas=2))
    broken = make_pod("broken", containers=[make_container(image="nginx:1.161")])
    page = open_page(server.url, width=width, height=height, theme=theme, bypass_csp=True)
    expect(page.get_by_role("button", name="Node worker-3, Ready")).to_be_visible()
    page.wait_for_timeout(2500)
    server.send("POST", PODS, broken)
    page.wait_for_timeout(3500)
    pause(server)
    page.keyboard.press("t")
    marks = page.get_by_role("group", name="What happened")
    expect(marks.get_by_role("button", name=re.compile("create pods broken")).first).to_be_visible()
    slider = page.get_by_role("slider", name="Moment of the run")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^now, revision"))
    page.wait_for_timeout(400)
    assert violations(page) == []
    picture(page, "-now")

    marks.get_by_role("button", name=re.compile("create deployments")).first.focus()
    expect(page.locator(".tip")).to_contain_text("create deployments web")
    page.keyboard.press("Enter")
    expect(banner(page)).to_have_text(LOOKING)
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^\d\d:\d\d:\d\d, "))
    page.wait_for_timeout(400)
    picture(page, "-past")
    assert violations(page) == []


def test_the_right_arrow_leads_on_again_until_now(told):
    """In the past the arrows walk; after the newest moment comes now."""
    page = told
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
        page.wait_for_timeout(120)
    expect(banner(page)).to_have_text(LOOKING)

    for _ in range(4):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(120)

    expect(page.get_by_text("You are back at now.")).to_be_visible()
    expect(banner(page)).to_be_hidden()


def test_comma_and_full_stop_go_by_seconds(told):
    """The clock of the top bar moves by whole seconds."""
    page = told
    page.keyboard.press(",")
    expect(banner(page)).to_have_text(LOOKING)
    before = page.locator(".time").text_content()
    page.keyboard.press(",")
    expect(page.locator(".time")).not_to_have_text(before)
    after = page.locator(".time").text_content()
    page.keyboard.press(".")
    expect(page.locator(".time")).to_have_text(before)

    seconds = [float(re.search(r"[\d.]+", text).group()) for text in (before, after)]
    assert round(seconds[0] - seconds[1], 1) == 1.0


def test_the_pointer_scrubs_and_the_right_edge_is_now(told):
    """Dragging along the strip moves the moment; at its right end the present is back."""
    page = told
    page.keyboard.press("t")
    slider = page.get_by_role("slider", name="Moment of the run")
    expect(slider).to_be_visible()
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.7, middle)
    page.mouse.down()
    expect(banner(page)).to_have_text(LOOKING)
    late = revision(page)
    page.mouse.move(box["x"] + box["width"] * 0.2, middle, steps=6)
    page.wait_for_timeout(600)
    assert revision(page) < late
    page.mouse.move(box["x"] + box["width"] + 30, middle, steps=3)
    page.mouse.up()

    expect(banner(page)).to_be_hidden()


def test_the_slider_obeys_the_keyboard(told):
    """Home is the oldest moment kept, End is now, the page keys go by a tenth."""
    page = told
    page.keyboard.press("t")
    slider = page.get_by_role("slider", name="Moment of the run")
    slider.focus()
    page.keyboard.press("Home")
    expect(banner(page)).to_have_text(re.compile("revision 1$"))
    page.keyboard.press("PageDown")
    expect(banner(page)).not_to_have_text(re.compile("revision 1$"))

    page.keyboard.press("End")

    expect(banner(page)).to_be_hidden()


def test_the_present_goes_on_arriving_without_disturbing_the_past(told, server):
    """What is made meanwhile is there after the way back, and not before."""
    page = told
    server.send("PATCH", CLOCK, {"spec": {"paused": False}})
    page.keyboard.press("ArrowLeft")
    expect(banner(page)).to_have_text(LOOKING)
    at = banner(page).inner_text()

    server.send("POST", PODS, make_pod("later"))
    page.wait_for_timeout(2500)

    assert banner(page).inner_text() == at
    expect(page.get_by_role("button", name=re.compile("Pod later"))).to_have_count(0)
    page.keyboard.press("n")
    expect(page.get_by_role("button", name=re.compile("Pod later")).first).to_be_visible()


def test_deeds_are_off_in_the_past_with_the_reason(told, picture):
    """Inspector, menus and keys change nothing; they say why."""
    page = told
    page.keyboard.press("ArrowLeft")
    expect(banner(page)).to_have_text(LOOKING)
    page.get_by_role("button", name=re.compile("^(Inspect )?Pod a")).first.click()
    inspector = page.get_by_role("region", name="Inspector")
    expect(inspector.get_by_role("button", name="Delete …")).to_be_disabled()
    expect(inspector.get_by_text("it can be looked at, not changed")).to_be_visible()
    picture(page)
    page.get_by_role("tab", name="Logs").click()
    expect(inspector.get_by_text("Logs cannot show the past")).to_be_visible()
    page.get_by_role("tab", name="Terminal").click()
    expect(inspector.get_by_text("A terminal cannot enter the past")).to_be_visible()
    page.keyboard.press("c")
    menu = page.get_by_role("dialog", name="Cluster")
    expect(menu.get_by_role("button", name="Add 1 Node")).to_be_disabled()
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    expect(
        page.get_by_role("dialog", name="Faults").get_by_text("This is the past")
    ).to_be_visible()


def test_the_inspector_shows_the_object_as_it_was(told, server):
    """YAML and Events are read at the moment that is looked at."""
    page = told
    page.goto(f"{server.url}?select=Pod/default/a&panels=inspector")
    page.get_by_role("tab", name="YAML").click()
    yaml = page.get_by_role("tabpanel")
    expect(yaml).to_contain_text("phase: Running")
    for _ in range(8):
        page.keyboard.press("Shift+ArrowLeft")
        page.wait_for_timeout(150)
        if "phase: Running" not in yaml.inner_text():
            break
    expect(banner(page)).to_have_text(LOOKING)
    expect(yaml).not_to_contain_text("phase: Running")
    page.get_by_role("tab", name="Events").click()

    expect(yaml).not_to_contain_text("Started container")


def test_a_link_opens_the_same_moment_selection_and_view_elsewhere(told, open_page, picture):
    """The address carries the moment."""
    page = told
    page.get_by_role("button", name=re.compile("^(Inspect )?Pod a")).first.click()
    for _ in range(2):
        page.keyboard.press("Shift+ArrowLeft")
        page.wait_for_timeout(150)
    page.keyboard.press("t")
    page.wait_for_timeout(600)
    assert "at=seq:" in page.url

    other = open_page(page.url, theme="dark")

    expect(banner(other)).to_have_text(banner(page).inner_text())
    expect(other.get_by_role("slider", name="Moment of the run")).to_be_visible()
    expect(other.locator(".headline")).to_have_text(page.locator(".headline").inner_text())
    expect(other.get_by_role("region", name="Inspector")).to_contain_text("a")
    picture(other)


def test_a_link_to_something_gone_says_when_it_went(told, server, picture):
    """And a button leads to its last moment."""
    page = told
    server.send("PATCH", CLOCK, {"spec": {"paused": False}})
    server.send("DELETE", f"{PODS}/a?gracePeriodSeconds=0", {})
    expect(page.get_by_role("button", name=re.compile("^(Inspect )?Pod a"))).to_have_count(0)
    pause(server)
    page.goto(f"{server.url}?select=Pod/default/a")
    inspector = page.get_by_role("region", name="Inspector")
    expect(inspector.get_by_text("Pod a was deleted.")).to_be_visible()
    expect(inspector.get_by_text(re.compile(r"It was made at .* and\s+went at"))).to_be_visible()
    picture(page)

    inspector.get_by_role("button", name="Look at its last moment").click()

    expect(banner(page)).to_have_text(LOOKING)
    expect(inspector.get_by_role("tablist")).to_be_visible()
    expect(inspector.get_by_text("Pod a was deleted.")).to_be_hidden()
    expect(page.get_by_role("button", name=re.compile("^(Inspect )?Pod a")).first).to_be_visible()


def test_a_moment_that_is_not_kept_is_told_in_words(server, open_page):
    """The present is shown, and what is wrong with the link."""
    page = open_page(f"{server.url}?at=999999")

    expect(page.get_by_role("alert")).to_contain_text("revision 999999 has not been written")
    expect(page.get_by_role("button", name="Node worker-3, Ready")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("alert")).to_be_hidden()


def test_an_expired_moment_offers_the_oldest_one(server, open_page, picture):
    """410 Gone in words, with a way to go on."""
    page = open_page(server.url)
    expect(page.get_by_role("button", name="Node worker-3, Ready")).to_be_visible()
    page.route(
        re.compile(r"/history\?at=5$"),
        lambda route: route.fulfill(
            status=410, json={"kind": "Status", "message": "revision 5 is no longer kept"}
        ),
    )
    page.goto(f"{server.url}?at=5&panels=timeline")
    expect(page.get_by_role("alert")).to_contain_text("revision 5 is no longer kept")
    picture(page)

    page.get_by_role("button", name=re.compile("Go to the oldest moment kept")).click()

    expect(banner(page)).to_have_text(LOOKING)
    expect(page.get_by_role("alert")).to_be_hidden()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_two_moments_are_compared(open_page, server, theme, picture):
    """Objects by kind; in changed ones the fields, before and after; the books are left out."""
    server.send("POST", DEPLOYMENTS, make_deployment("web", replicas=1))
    page = open_page(server.url, theme=theme, bypass_csp=True)
    expect(page.get_by_role("button", name="Node worker-3, Ready")).to_be_visible()
    page.wait_for_timeout(2500)
    page.keyboard.press("a")
    server.send("PATCH", f"{DEPLOYMENTS}/web", {"spec": {"replicas": 2}})
    page.wait_for_timeout(3000)
    pause(server)
    page.wait_for_timeout(300)

    page.keyboard.press("v")

    panel = page.get_by_role("region", name="Compare")
    expect(panel.get_by_role("heading", name="Deployment")).to_be_visible()
    expect(panel.locator("li").filter(has_text="changed web default").first).to_contain_text(
        "spec.replicas"
    )
    expect(panel.get_by_role("heading", name="Lease")).to_have_count(0)
    expect(panel.get_by_text("created").first).to_be_visible()
    page.wait_for_timeout(400)
    assert violations(page) == []
    picture(page)
    assert "compare=" in page.url
    page.reload()
    expect(panel.get_by_role("heading", name="Deployment")).to_be_visible()


def test_playing_from_the_past_ends_at_now(told, picture):
    """What happened happens again on the stage; then the present is back."""
    page = told
    for _ in range(5):
        page.keyboard.press("Shift+ArrowLeft")
        page.wait_for_timeout(120)
    expect(page.get_by_text("a is running and ready.")).to_be_hidden()
    page.get_by_label("Speed of playing").select_option("5")

    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Hold")).to_be_visible()
    picture(page)

    expect(page.get_by_text("You are back at now.")).to_be_visible(timeout=20_000)
    wait_running(page, "a")


def test_search_finds_what_was_there(told, server):
    """Names of the past, not of the present."""
    page = told
    server.send("POST", PODS, make_pod("newer"))
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Shift+ArrowLeft")
    expect(banner(page)).to_have_text(LOOKING)
    page.wait_for_timeout(500)
    page.keyboard.press("/")
    page.keyboard.type("newer")

    expect(page.get_by_text("Nothing in this cluster matches “newer”.")).to_be_visible()


def test_the_keyboard_map_names_the_keys_of_time(page):
    """Who asks for the keys finds those of the past among them."""
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    for words in ("back in time", "back by a second", "timeline", "compare", "branch from here"):
        expect(keys.get_by_text(words).first).to_be_visible()
