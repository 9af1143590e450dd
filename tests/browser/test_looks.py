"""Both themes at both sizes: nothing overflows, and axe finds nothing to complain about."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.factories import make_container, make_deployment, make_pod, make_service

AXE = Path(__file__).parents[2] / "static/node_modules/axe-core/axe.min.js"
SIZES = [(1366, 768), (1920, 1080)]
THEMES = ["light", "dark"]


@pytest.fixture
def story(server):
    """A Deployment behind a Service, a Pod that keeps failing, one that fits nowhere."""
    send = server.send
    send("POST", "/api/v1/namespaces/default/services", make_service("web"))
    send("POST", "/apis/apps/v1/namespaces/default/deployments", make_deployment("web", replicas=4))
    broken = make_pod("broken", containers=[make_container(image="nginx:1.161")])
    send("POST", "/api/v1/namespaces/default/pods", broken)
    send("POST", "/api/v1/namespaces/default/pods", make_pod("huge", cpu="64"))
    return server


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("width", "height"), SIZES, ids=["1366x768", "1920x1080"])
def test_the_stage_fits_and_is_accessible(open_page, story, width, height, theme, picture):
    """No scroll bars, no axe violations of WCAG 2.2 AA."""
    page = open_page(story.url, width=width, height=height, theme=theme, bypass_csp=True)
    expect(
        page.get_by_role("button", name=re.compile("^Service web.*4 endpoints ready"))
    ).to_be_visible()

    overflow = page.evaluate(
        "[document.documentElement.scrollWidth - innerWidth, document.documentElement.scrollHeight - innerHeight]"
    )
    picture(page)
    assert max(overflow) <= 0
    page.add_script_tag(path=AXE)
    tags = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
    found = page.evaluate("tags => axe.run({runOnly: {type: 'tag', values: tags}})", tags)
    assert [(item["id"], item["nodes"][0]["html"][:120]) for item in found["violations"]] == []
