"""Hostile manifests and streams: text stays text, nothing breaks out of its box."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.stream import HELLO, Stream, delta, node_view, pod_view, snapshot
from tests.factories import make_container, make_pod

PODS = "/api/v1/namespaces/default/pods"
SCRIPT = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
RTL = "\u202e\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 \u2067abc"
EMOJI = "👩‍👩‍👧‍👦🏴‍☠️💥" * 20
LONG = "x" * 63

OVERFLOWS = """
() => {
  const wide = document.documentElement.scrollWidth - innerWidth
  const high = document.documentElement.scrollHeight - innerHeight
  const stage = document.querySelector('.scene').getBoundingClientRect()
  const out = [...document.querySelectorAll('.scene .b')].filter(one => {
    const box = one.getBoundingClientRect()
    return box.width > 0 && (box.left < stage.left - 2 || box.right > stage.right + 2 || box.bottom > innerHeight + 2)
  }).map(one => one.className)
  const spilt = [...document.querySelectorAll('.scene .b')].filter(one =>
    getComputedStyle(one).overflowX === 'visible' && one.scrollWidth > one.clientWidth + 4
  ).map(one => one.className)
  out.push(...spilt)
  return [Math.max(0, wide), Math.max(0, high), out]
}
"""


def nothing_ran(page):
    """No script of a manifest has run, and no picture was asked for."""
    return page.evaluate("window.hacked === undefined")


@pytest.fixture
def stage(open_page, server):
    """The page on a stream that may say anything."""

    def open_(change, query="", **options):
        page = open_page("about:blank", bypass_csp=True, **options)
        stream = Stream(page)
        room = snapshot(3, 6)
        change(room)
        stream.send("hello", HELLO)
        stream.send("snapshot", room)
        page.goto(f"{server.url}{query}")
        expect(page.locator(".node").first).to_be_visible()
        return page, stream

    return open_


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "text",
    [SCRIPT, RTL, EMOJI, "W" * 253, "a b\n\tc" * 40],
    ids=["HTML", "RTL", "emoji", "long", "space"],
)
def test_what_objects_say_stays_in_its_box(stage, picture, theme, text):
    """Names, statuses, messages, images, labels, addresses: all of them hostile at once."""

    def spoil(room):
        room["nodes"][0] |= {"name": text, "status": text, "ip": text, "zone": text}
        for pod in room["pods"]:
            pod |= {"name": f"{text}{pod['name']}", "status": text, "ip": text, "message": text}
            pod["labels"] = {text: text}
            pod["containers"][0] |= {"name": text, "image": text, "reason": text}
        room["pods"][0] |= {"node": ""}
        room["services"] = [
            {
                "uid": "s", "namespace": "default", "name": text, "type": "ClusterIP",
                "clusterIp": text, "externalIp": text, "dns": text, "selector": {text: text},
                "ports": [{"name": text, "protocol": "TCP", "port": 80, "targetPort": text, "nodePort": 0}],
                "endpoints": [], "created": 1, "revision": 1,
            }
        ]  # fmt: skip
        room["namespaces"] = ["default", text]

    page, _ = stage(spoil, theme=theme)
    page.wait_for_timeout(900)

    assert page.evaluate(OVERFLOWS) == [0, 0, []]
    assert nothing_ran(page)
    assert page.locator("main img, main script").count() == 0
    picture(page)
    for key in ("g", "/", "Escape", "Control+k", "Escape", "x", "Escape", "g", "g", "g"):
        page.keyboard.press(key)
        page.wait_for_timeout(60)
    assert nothing_ran(page)


def test_ten_thousand_labels_do_not_slow_the_page(open_page, server, picture):
    """The inspector shows the first and says how many more there are."""
    labels = {f"label-{number:05d}": LONG for number in range(10_000)}
    server.send("POST", PODS, make_pod("labelled", labels=labels))

    page = open_page(f"{server.url}?select=Pod/default/labelled&panels=inspector")

    expect(page.get_by_text("and 9,940 more, all in the YAML")).to_be_visible(timeout=20_000)
    picture(page)
    page.get_by_role("tab", name="Relations").click()
    expect(page.get_by_role("tab", name="Relations")).to_have_attribute("aria-selected", "true")


def test_hostile_annotations_and_commands_are_text_in_every_tab(open_page, server):
    """What the API lets in is shown as it is."""
    command = ["sh", "-c", f"echo '{SCRIPT}'; sleep 1h"]
    odd = make_pod("odd", containers=[make_container(image="busybox:1.36", command=command)])
    odd["metadata"]["annotations"] = {"note": SCRIPT + RTL + EMOJI}
    server.send("POST", PODS, odd)
    page = open_page(f"{server.url}?select=Pod/default/odd&panels=inspector")
    expect(page.get_by_text("odd is running and ready.").first).to_be_visible()

    for tab in ("State", "YAML", "Events", "Why", "Logs", "Relations"):
        page.get_by_role("tab", name=tab).click()
        page.wait_for_timeout(250)
        assert page.get_by_role("tabpanel").locator("img, script").count() == 0
        box = page.get_by_role("tabpanel").bounding_box()
        assert box["x"] + box["width"] <= 1366 + 1
    assert nothing_ran(page)


def test_a_gap_in_the_stream_never_shows_a_wrong_world(stage):
    """A missing frame is noticed by its number: what comes after it waits for a whole picture."""
    page, stream = stage(dict)
    expect(page.locator(".pod")).to_have_count(6)

    stream.send("delta", delta(3, [pod_view(99, "worker-1")]))
    page.wait_for_timeout(500)
    expect(page.locator(".pod")).to_have_count(6)
    stream.send("snapshot", {**snapshot(3, 9), "seq": 7, "revision": 30})
    expect(page.locator(".pod")).to_have_count(9)
    stream.send("delta", delta(8, [], removed=["pod-0"], nodes=[node_view(4)]))
    expect(page.locator(".pod")).to_have_count(8)
    expect(page.get_by_role("button", name=re.compile("^Node worker-4, Ready"))).to_be_visible()
