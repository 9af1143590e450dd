"""Many Nodes and Pods: drawn one by one up to 1,000 Pods, then counted; the page is never frozen."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.stream import HELLO, Stream, delta, pod_view, snapshot
from tests.browser.test_palettes import violations

LONGEST_FRAME = """
() => new Promise(done => {
  let last = performance.now(), longest = 0
  const until = last + 3000
  const frame = now => {
    longest = Math.max(longest, now - last)
    last = now
    now < until ? requestAnimationFrame(frame) : done(longest)
  }
  requestAnimationFrame(frame)
})
"""


@pytest.fixture
def open_room(open_page, server):
    """Opens the page on a made-up room of a size; returns it and its stream."""

    def open_(nodes: int, pods: int, query: str = "", **options):
        page = open_page("about:blank", bypass_csp=True, **options)
        stream = Stream(page)
        stream.send("hello", HELLO)
        stream.send("snapshot", snapshot(nodes, pods))
        page.goto(f"{server.url}{query}")
        return page, stream

    return open_


@pytest.mark.parametrize(
    ("nodes", "pods", "size"), [(3, 24, "card"), (8, 64, "chip"), (12, 1000, "square")]
)
def test_up_to_a_thousand_pods_are_drawn_one_by_one(open_room, picture, nodes, pods, size):
    """Cards, then chips, then squares: each is a button with the Pod's name."""
    page, _ = open_room(nodes, pods)

    expect(page.locator(".pod")).to_have_count(pods)
    expect(page.locator(f".pod.{size}").first).to_be_visible()
    picture(page)
    page.locator("[id='pod-pod-1']").click()
    expect(page).to_have_url(re.compile("select=Pod/default/web-6d4b75cb6d-00001"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_above_a_thousand_pods_nodes_are_tiles_with_counts(open_room, picture, theme):
    """What is well and what is not is said in numbers, icons and shares."""
    page, _ = open_room(30, 2400, theme=theme)

    expect(page.locator(".node.tile")).to_have_count(30)
    expect(page.locator(".pod")).to_have_count(0)
    expect(page.locator(".tally").first).to_contain_text(re.compile(r"\d+"))
    picture(page)
    assert violations(page) == []


def test_above_forty_nodes_states_are_counted(open_room, picture):
    """One picture for all of them."""
    page, _ = open_room(120, 6000)

    expect(page.get_by_role("region", name="Pods by state")).to_contain_text("120 Nodes, all ready")
    picture(page)
    assert violations(page) == []


@pytest.mark.parametrize(("nodes", "pods"), [(12, 1000), (30, 5000)])
def test_a_stream_of_changes_never_freezes_the_page(open_room, nodes, pods):
    """A hundred Pods change ten times a second; each frame comes in time."""
    page, stream = open_room(nodes, pods)
    expect(page.locator(".node").first).to_be_visible()
    page.wait_for_timeout(1000)
    page.evaluate(f"window.longest = ({LONGEST_FRAME})()")
    for seq in range(2, 22):
        state = ["running", "progress"][seq % 2]
        changed = [
            pod_view(n, f"worker-{1 + n % nodes}", state) for n in range(seq, pods, pods // 100)
        ]
        stream.send("delta", delta(seq, changed))
        page.wait_for_timeout(100)

    assert page.evaluate("window.longest") < 1000


def test_many_pods_group_without_getting_lost(open_room, picture):
    """All thousand find a place in the boxes of their zones."""
    page, _ = open_room(12, 1000, "?group=zone", width=1920, height=1080)

    expect(page.get_by_role("group", name=re.compile("^zone eu-1"))).to_have_count(3)
    expect(page.locator(".pod")).to_have_count(1000)
    picture(page)


def test_nodes_do_not_glide_when_another_pod_opens(open_room):
    """The Nodes have their new widths at once, so that names can be read and Pods be hit."""
    page, _ = open_room(3, 12)
    page.locator("[id='pod-pod-0']").click()
    expect(page.locator(".open")).to_be_visible()
    page.wait_for_timeout(400)

    left = page.evaluate(
        """() => new Promise(done => {
          document.getElementById('pod-pod-1').click()
          requestAnimationFrame(() => requestAnimationFrame(() => {
            const node = document.querySelector('.node.focus, .node')
            const before = [...document.querySelectorAll('.node')].map(one => one.getBoundingClientRect().width)
            setTimeout(() => {
              const after = [...document.querySelectorAll('.node')].map(one => one.getBoundingClientRect().width)
              done(before.map((width, index) => Math.abs(width - after[index])))
            }, 400)
          }))
        })"""
    )

    assert max(left) < 1
