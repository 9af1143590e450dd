"""Fixtures: Debian's Chromium by path, and a server of its own for each test.

Each test sets the seed and drives the clock itself where moments matter, so that pictures repeat.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.api.conftest import Server

CHROMIUM = os.environ.get("PODARIUM_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PICTURES = Path(__file__).parents[2] / "test-results"
expect.set_options(timeout=10_000)


@pytest.fixture(scope="session")
def chromium():
    """One browser for the session; a missing one is an error, not a skip."""
    if not Path(CHROMIUM).is_file():
        pytest.fail(
            "The browser tests need Debian's chromium: apt-get install chromium", pytrace=False
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def server():
    """A cluster of three Nodes with seed 0."""
    running = Server("--seed", "0")
    yield running
    if not running.process.stdout.closed:
        running.stop()


@pytest.fixture
def open_page(chromium):
    """Opens the page at a size and theme; complaints of the browser fail the test."""
    contexts = []
    complaints: list[str] = []

    def open_(url: str, *, width: int = 1366, height: int = 768, theme: str = "light", **options):
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(open_page, server):
    """The page of the test's own server, once it shows the Nodes."""
    opened = open_page(server.url)
    expect(opened.get_by_role("button", name="Node worker-3, Ready")).to_be_visible()
    return opened


@pytest.fixture
def picture(request):
    """Saves a picture of a page under the test's name."""

    def save(page, suffix: str = "") -> None:
        PICTURES.mkdir(exist_ok=True)
        page.screenshot(path=PICTURES / f"{request.node.name}{suffix}.png")

    return save
