"""Everybody can use it: axe in both themes for each panel, zoom, keyboard, reduced motion, words."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_palettes import violations
from tests.factories import make_container, make_deployment, make_pod, make_service

PODS = "/api/v1/namespaces/default/pods"


@pytest.fixture
def story(server):
    """Pods that run, fail and wait, behind a Service."""
    server.send("POST", "/api/v1/namespaces/default/services", make_service("web"))
    server.send(
        "POST", "/apis/apps/v1/namespaces/default/deployments", make_deployment("web", replicas=2)
    )
    broken = make_pod("broken", containers=[make_container(image="nginx:1.161")])
    server.send("POST", PODS, broken)
    server.send("POST", PODS, make_pod("huge", cpu="64"))
    return server


def ready(page):
    """Waits for the Service's endpoints."""
    expect(
        page.get_by_role("button", name=re.compile("^Service web.*2 endpoints ready"))
    ).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_tab_of_the_inspector_is_accessible(open_page, story, theme, picture):
    """Pod, Node and Service, tab by tab."""
    page = open_page(story.url, theme=theme, bypass_csp=True)
    ready(page)
    for ref in ("Pod/default/broken", "Pod/default/huge", "Node/worker-1", "Service/default/web"):
        page.goto(f"{story.url}?select={ref}&panels=inspector")
        expect(page.get_by_role("tablist")).to_be_visible()
        for tab in page.get_by_role("tab").all():
            tab.click()
            page.wait_for_timeout(350)
            assert violations(page) == [], (ref, tab.inner_text())
    picture(page)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_manifest_drawer_groups_and_pointers_are_accessible(open_page, story, theme):
    """What lies beside and over the stage."""
    page = open_page(f"{story.url}?panels=manifest", theme=theme, bypass_csp=True)
    expect(page.locator(".cm-content")).to_be_visible()
    page.wait_for_timeout(400)
    assert violations(page) == [], "manifest"
    for group in ("owner", "zone", "namespace"):
        page.goto(f"{story.url}?group={group}")
        expect(page.locator(".group").first).to_be_visible()
        page.wait_for_timeout(400)
        assert violations(page) == [], group
    page.keyboard.press("z")
    page.mouse.move(300, 300)
    assert violations(page) == [], "laser"


@pytest.mark.parametrize(("width", "height"), [(683, 384), (960, 540)], ids=["1366", "1920"])
def test_at_200_percent_nothing_is_out_of_reach(open_page, story, width, height, picture):
    """The page scrolls; the drawer lies over the stage; nothing is cut off."""
    page = open_page(story.url, width=width, height=height, device_scale_factor=2, bypass_csp=True)
    ready(page)
    picture(page)
    for name in ("^Node worker-1,", "^Node worker-3,", "^Service web"):
        box = page.get_by_role("button", name=re.compile(name))
        box.scroll_into_view_if_needed()
        at = box.bounding_box()
        assert at["x"] < width
        assert at["y"] < height
    for name in ("Pause", "Step", "New"):
        at = page.get_by_role("button", name=name, exact=True).bounding_box()
        assert at["x"] + at["width"] <= width, name
    page.get_by_role("button", name=re.compile("^Node worker-1,")).click(
        position={"x": 20, "y": 20}
    )
    close = page.get_by_role("button", name="Close the inspector")
    expect(close).to_be_in_viewport()
    page.wait_for_timeout(400)
    assert violations(page) == []
    picture(page, "-inspector")
    close.click()
    expect(close).to_be_hidden()


def test_the_keyboard_alone_reaches_everything_in_order(page, server):
    """Tab goes from the top bar over the control plane to the Nodes and their Pods; Enter opens."""
    server.send("POST", PODS, make_pod("a"))
    expect(page.get_by_text("a is running and ready.").first).to_be_visible()
    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                "document.activeElement.ariaLabel || document.activeElement.textContent.trim()"
            )
        )
    order = [next((i for i, name in enumerate(seen) if name.startswith(start)), None) for start in
             ("Podarium", "Speed", "Switch to", "API server", "Node worker-1", "Node worker-3", "Inspect Pod a")]  # fmt: skip
    assert None not in order, seen
    assert order == sorted(order)


def test_the_headline_tells_changes_in_plain_words(page, server):
    """It is the live region: who hears the page hears what happens."""
    headline = page.locator("[aria-live=polite].headline")
    expect(headline).to_have_text("3 Nodes ready, 0 Pods running.")

    server.send("POST", PODS, make_pod("a"))

    expect(headline).to_have_text("a is running and ready.")


def test_with_reduced_motion_a_ring_marks_what_changed(open_page, server):
    """Nothing travels; a ring stands for two seconds where it would have arrived."""
    page = open_page(server.url, reduced_motion="reduce")
    expect(page.get_by_role("button", name="Node worker-3, Ready")).to_be_visible()
    page.evaluate(
        """() => {
          window.rings = 0; window.moved = 0
          new MutationObserver(() => {
            window.rings = Math.max(window.rings, document.querySelectorAll('.ring').length)
            window.moved += document.querySelectorAll('.travellers .body').length
          }).observe(document.querySelector('.travellers'), {childList: true, subtree: true})
        }"""
    )

    server.send("POST", PODS, make_pod("a"))

    expect(page.get_by_text("a is running and ready.").first).to_be_visible()
    assert page.evaluate("window.rings") > 0
    assert page.evaluate("window.moved") == 0


def test_nothing_shifts_while_the_page_loads(open_page, story):
    """The cumulative layout shift of the first seconds is nearly none."""
    page = open_page("about:blank")
    page.add_init_script(
        """
        window.shift = 0
        new PerformanceObserver(list => {
          for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value
        }).observe({type: 'layout-shift', buffered: true})
        """
    )
    page.goto(story.url)
    ready(page)
    page.wait_for_timeout(1500)

    assert page.evaluate("window.shift") < 0.02


def test_the_page_has_an_icon_and_a_card_for_links(page, server):
    """Both are real pictures of the server's own."""
    icon = page.locator("link[rel=icon]").first.get_attribute("href")
    card = page.locator("meta[property='og:image']").get_attribute("content")

    for address in (icon, card):
        answer = page.request.get(address if "://" in address else server.url + address)
        assert answer.ok
    assert answer.headers["content-type"] == "image/png"
    assert answer.body()[16:24] == (1200).to_bytes(4, "big") + (630).to_bytes(4, "big")
