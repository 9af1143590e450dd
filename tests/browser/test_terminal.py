"""The inspector's terminal: a shell in a container, loaded when it is first wanted."""

import re

from playwright.sync_api import expect

from tests.browser.test_palettes import violations
from tests.factories import make_container, make_pod

PODS = "/api/v1/namespaces/default/pods"


def open_terminal(page):
    """The terminal of the only Pod."""
    page.get_by_role("tab", name="Terminal").click()
    screen = page.get_by_role("textbox", name=re.compile("^Terminal in container"))
    expect(screen).to_be_focused()
    return screen


def test_a_shell_answers_in_the_container(open_page, server, picture):
    """What is typed reaches the program, and its output the screen, over the API server's exec."""
    server.send(
        "POST",
        PODS,
        make_pod(
            "box", containers=[make_container(image="busybox:1.36", command=["sleep", "3600"])]
        ),
    )
    loaded = []
    page = open_page(f"{server.url}?select=Pod/default/box&panels=inspector")
    page.on("request", lambda request: loaded.append(request.url))
    expect(page.get_by_text("box is running and ready.").first).to_be_visible()
    assert not [url for url in loaded if "TerminalScreen" in url]

    open_terminal(page)
    expect(page.locator(".xterm-rows")).to_contain_text(re.compile("[#$]"))
    page.keyboard.type("echo from-$((40+2))\n")

    expect(page.locator(".xterm-rows")).to_contain_text("from-42")
    assert [url for url in loaded if "TerminalScreen" in url]
    picture(page)
    page.keyboard.type("exit\n")
    expect(page.get_by_text("The shell has ended.")).to_be_visible()
    page.get_by_role("button", name="Open another").click()
    expect(page.get_by_text("The shell has ended.")).to_be_hidden()


def test_shift_tab_leads_out_of_the_terminal(open_page, server):
    """The keyboard is not trapped, and keys typed into the shell are not the page's."""
    server.send("POST", PODS, make_pod("box"))
    page = open_page(f"{server.url}?select=Pod/default/box&panels=inspector", bypass_csp=True)
    expect(page.get_by_text("box is running and ready.").first).to_be_visible()
    screen = open_terminal(page)

    page.keyboard.type("b ")
    expect(page.get_by_role("button", name="The screen is blank")).to_be_hidden()
    assert violations(page) == []
    page.keyboard.press("Shift+Tab")
    expect(screen).not_to_be_focused()


def test_a_pod_without_a_running_container_says_so(open_page, server):
    """No empty black box."""
    server.send("POST", PODS, make_pod("huge", cpu="64"))
    page = open_page(f"{server.url}?select=Pod/default/huge&panels=inspector")

    page.get_by_role("tab", name="Terminal").click()

    expect(page.get_by_text("No container of this Pod is running")).to_be_visible()
