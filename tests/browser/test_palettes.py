"""Search, commands, the cluster menu and faults: all from the keyboard, all saying what they find."""

import re

from playwright.sync_api import expect

from tests.browser.test_looks import AXE
from tests.factories import make_deployment, make_pod

NODES = "/api/v1/nodes"
PODS = "/api/v1/namespaces/default/pods"


def violations(page):
    """What axe finds against WCAG 2.2 AA."""
    page.add_script_tag(path=AXE)
    tags = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
    found = page.evaluate("tags => axe.run({runOnly: {type: 'tag', values: tags}})", tags)
    return [(item["id"], item["nodes"][0]["html"][:120]) for item in found["violations"]]


def test_the_search_finds_by_name_and_enter_selects(page, server, picture):
    """Arrow keys choose among the hits; what is selected stands in the address."""
    for name in ("web-a", "web-b"):
        server.send("POST", PODS, make_pod(name))
    expect(
        page.get_by_role("button", name=re.compile("^Pod web-a|^Inspect Pod web-a"))
    ).to_be_visible()

    page.keyboard.press("/")
    page.get_by_role("combobox", name="Search").fill("web")
    expect(page.get_by_role("option", name="web-")).to_have_count(2)
    picture(page)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(page.get_by_role("dialog", name="Search")).to_be_hidden()
    expect(page).to_have_url(re.compile("select=Pod/default/web-b"))


def test_the_search_says_in_words_when_nothing_matches(page):
    """No empty box, but a sentence."""
    page.keyboard.press("/")
    page.get_by_role("combobox", name="Search").fill("zebra")

    expect(page.get_by_text("Nothing in this cluster matches “zebra”.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Search")).to_be_hidden()


def test_a_filter_by_label_stays_in_the_address(page, server, picture):
    """Others are drawn faint; the chip says how many match and takes the filter away."""
    server.send("POST", PODS, make_pod("front", labels={"app": "web"}))
    server.send("POST", PODS, make_pod("back", labels={"app": "db"}))

    page.keyboard.press("/")
    page.get_by_role("combobox", name="Search").fill("app=web")
    expect(page.get_by_role("option", name="Show only app=web")).to_be_visible()
    page.keyboard.press("Enter")

    expect(page.get_by_text(re.compile(r"1 of \d+ Pods"))).to_be_visible()
    expect(page).to_have_url(re.compile("filter=app%3Dweb"))
    picture(page)
    page.reload()
    page.get_by_role("button", name=re.compile("^Filter app=web")).click()
    expect(page).not_to_have_url(re.compile("filter"))


def test_a_filter_that_matches_nothing_says_so(open_page, server):
    """A link with a filter for something that is not there."""
    page = open_page(f"{server.url}?filter=app%3Dnothing")

    expect(page.get_by_text("matches no Pod")).to_be_visible()


def test_every_command_is_in_the_palette_with_its_key(page, server):
    """Ctrl-K, a word, Enter."""
    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Commands")
    expect(palette.get_by_role("option", name="Light or dark D")).to_be_visible()
    page.get_by_role("combobox", name="Commands").fill("pause")
    page.keyboard.press("Enter")

    expect(page.get_by_role("button", name="Run")).to_be_visible()
    clock = server.get("/apis/sim.podarium.dev/v1alpha1/clocks/cluster")
    assert clock["spec"]["paused"] is True


def test_the_cluster_menu_adds_nodes_and_hands_out_the_kubeconfig(page, server, picture):
    """A Node more on the stage, and a file that kubectl reads."""
    page.keyboard.press("c")
    menu = page.get_by_role("dialog", name="Cluster")
    expect(menu.get_by_text("3 Nodes, 3 ready")).to_be_visible()
    picture(page)
    menu.get_by_role("button", name="Add 1 Node").click()

    expect(menu.get_by_text(re.compile("^4 Nodes"))).to_be_visible()
    assert len(server.get(NODES)["items"]) == 4
    with page.expect_download() as download:
        menu.get_by_role("link", name="Download it").click()
    assert server.url in download.value.path().read_text()


def test_palettes_are_accessible(open_page, server):
    """No axe violations while they are open."""
    page = open_page(server.url, bypass_csp=True)
    expect(page.get_by_role("button", name="Node worker-3, Ready")).to_be_visible()
    for key, name in (
        ("/", "Search"),
        ("Control+k", "Commands"),
        ("c", "Cluster"),
        ("x", "Faults"),
        ("?", "Keys"),
    ):
        page.keyboard.press(key)
        dialog = page.get_by_role("dialog", name=name, exact=True)
        expect(dialog).to_be_visible()
        page.wait_for_timeout(300)
        assert violations(page) == [], name
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()


def test_presenting_is_larger_and_ends_with_the_same_key(page, server):
    """P makes the type bigger and hides the keys from the audience."""
    server.send(
        "POST", "/apis/apps/v1/namespaces/default/deployments", make_deployment("web", replicas=3)
    )
    before = page.evaluate(
        "parseFloat(getComputedStyle(document.querySelector('.headline')).fontSize)"
    )

    page.keyboard.press("p")
    expect(page.locator("footer")).to_be_hidden()
    after = page.evaluate(
        "parseFloat(getComputedStyle(document.querySelector('.headline')).fontSize)"
    )
    assert after > before

    page.keyboard.press("p")
    expect(page.locator("footer")).to_be_visible()
