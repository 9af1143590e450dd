"""Presenting: keys for everything, pictures to take away, and a pause that freezes the whole picture."""

import re
import xml.etree.ElementTree as ET
from struct import unpack

import pytest
from playwright.sync_api import expect

from tests.factories import make_container, make_deployment, make_pod, make_service

PODS = "/api/v1/namespaces/default/pods"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def scene(server):
    """A Service with two Pods, one that fails, one that waits."""
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


def test_every_key_of_the_map_is_told(page):
    """The overlay has the presenter's keys too."""
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")

    for words in (
        "present: full screen, big type",
        "laser pointer: a light that follows the mouse",
        "highlighter: draw on the picture; again to wipe it away",
        "focus: dim all but what the selection touches",
        "a focus that follows the latest change",
        "save the stage as PNG",
        "copy a link that opens this view on another screen",
        "what can be done here: also Shift F10, or the right mouse button",
    ):
        expect(keys.get_by_text(words)).to_be_visible()


def test_every_key_but_the_implicit_ones_is_a_command(page):
    """What has a key can be found by name."""
    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Commands")

    for words in ("laser", "highlighter", "focus: dim", "save the stage as SVG", "print a handout"):
        page.get_by_role("combobox", name="Commands").fill(words)
        expect(palette.get_by_role("option")).to_have_count(1)


def test_the_laser_follows_the_mouse_and_the_marker_draws(page, picture):
    """Z, H, and Escape to lay them down."""
    page.keyboard.press("z")
    page.mouse.move(400, 300)
    expect(page.locator("svg.laser .dot")).to_have_attribute("cx", "400")

    page.keyboard.press("h")
    page.mouse.move(200, 300)
    page.mouse.down()
    page.mouse.move(500, 320, steps=8)
    page.mouse.up()
    expect(page.locator("svg.marker path")).to_have_count(1)
    picture(page)
    page.keyboard.press("Escape")
    expect(page.locator("svg.marker")).to_have_count(0)


def save(page, command):
    """Takes a picture by its command; the bytes."""
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Commands").fill(command)
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    return download.value


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_stage_is_saved_as_one_svg_that_needs_nothing_else(open_page, scene, theme, tmp_path):
    """Real text, the theme's colours, fonts inside, no reference to anywhere."""
    page = open_page(scene.url, theme=theme)
    ready(page)
    page.wait_for_timeout(400)

    saved = save(page, "as svg")

    assert re.fullmatch(r"podarium-[\d.]+s\.svg", saved.suggested_filename)
    file = tmp_path / "stage.svg"
    saved.save_as(file)
    root = ET.parse(file).getroot()
    words = " ".join(root.itertext())
    for text in ("API server", "worker-1", "Service web", "broken", "worker-3"):
        assert text in words
    assert "font/woff2;base64" in words
    references = [
        value
        for item in root.iter()
        for key, value in item.attrib.items()
        if key.endswith(("href", "src")) or "url(" in value
    ]
    assert [value for value in references if not value.startswith("url(#d")] == []
    ground = root.find(f"{SVG}rect").get("fill")
    assert ground == {"light": "#f3f4f8", "dark": "#0b1020"}[theme]
    assert not list(root.iter(f"{SVG}foreignObject"))


def test_the_stage_is_saved_as_png_at_twice_its_size(open_page, scene, tmp_path):
    """The browser paints it from the SVG."""
    page = open_page(scene.url)
    ready(page)
    page.wait_for_timeout(400)
    with page.expect_download() as download:
        page.keyboard.press("s")

    file = tmp_path / "stage.png"
    download.value.save_as(file)
    data = file.read_bytes()
    width, height = unpack(">II", data[16:24])
    box = page.locator("main").bounding_box()
    assert abs(width - 2 * box["width"]) <= 2
    assert abs(height - 2 * box["height"]) <= 2
    assert len(set(data[2000:20000])) > 200, "an empty picture"


@pytest.mark.usefixtures("scene")
def test_a_pause_freezes_the_whole_picture(page):
    """Nothing on the stage changes by itself: no age, no traveller, no story."""
    ready(page)
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_visible()
    page.wait_for_timeout(600)
    before = page.locator("main").inner_html()

    page.wait_for_timeout(3500)

    assert page.locator("main").inner_html() == before
    page.get_by_role("button", name=re.compile("^Pod huge")).click()
    expect(
        page.get_by_role("region", name="Inspector").get_by_text("Insufficient cpu").first
    ).to_be_visible()


def test_a_traveller_is_inspected_while_time_stands_still(page, scene):
    """Stepping shows the hop half-way; pointing at it says what it carries."""
    ready(page)
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_visible()
    scene.send("POST", PODS, make_pod("late"))
    traveller = page.get_by_role("group", name="On its way").get_by_role("button").first
    for _ in range(12):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(150)
        if traveller.count():
            break

    traveller.focus()

    expect(page.locator(".card[role=status]")).to_contain_text(
        re.compile("from .* to .*fact", re.DOTALL)
    )
    assert traveller.get_attribute("aria-label")


def test_a_handout_is_one_sheet_of_paper_in_the_light_theme(open_page, scene, tmp_path):
    """The print style sheet leaves out what cannot be pressed on paper."""
    page = open_page(scene.url, theme="dark")
    ready(page)

    pdf = page.pdf(prefer_css_page_size=True, print_background=True)

    (tmp_path / "handout.pdf").write_bytes(pdf)
    assert len(re.findall(rb"/Type\s*/Page[^s]", pdf)) == 1
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
