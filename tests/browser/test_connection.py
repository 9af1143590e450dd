"""The page says when the server is gone, and comes back by itself."""

import re

from playwright.sync_api import expect

from tests.api.conftest import Server
from tests.factories import make_pod


def test_the_page_recovers_from_a_restart_and_shows_the_restored_world(open_page, tmp_path):
    """Same data directory, same port: the Pod made before is there after."""
    first = Server("--data-dir", str(tmp_path))
    port = first.url.rsplit(":", 1)[1]
    page = open_page(first.url)
    first.send("POST", "/api/v1/namespaces/default/pods", make_pod("before"))
    expect(page.get_by_role("group", name=re.compile("^Pod before, Running"))).to_be_visible()

    first.kill()
    expect(page.get_by_role("alert")).to_be_visible()
    second = Server("--data-dir", str(tmp_path), "--port", port)
    try:
        expect(page.get_by_role("alert")).to_be_hidden(timeout=20_000)
        second.send("POST", "/api/v1/namespaces/default/pods", make_pod("after"))
        for name in ("before", "after"):
            drawn = re.compile(f"^Pod {name}, Running")
            pod = page.get_by_role("button", name=drawn).or_(page.get_by_role("group", name=drawn))
            expect(pod).to_be_visible()
    finally:
        second.stop()
