"""The menu of an object: by the right mouse button or the keyboard, with deeds and faults."""

import re

from playwright.sync_api import expect

from tests.browser.test_palettes import violations
from tests.factories import make_pod

PODS = "/api/v1/namespaces/default/pods"
FAULTS = "/apis/sim.podarium.dev/v1alpha1/faults"


def node(page, name):
    """A Node's box."""
    return page.get_by_role("button", name=re.compile(f"^Node {name},"))


def test_the_right_mouse_button_on_a_node_cordons_it(page, server, picture):
    """The menu names its Node; the deed goes through the API."""
    node(page, "worker-2").click(button="right", position={"x": 40, "y": 40})
    menu = page.get_by_role("menu", name="Node worker-2")
    expect(menu.get_by_role("menuitem", name="Inspect")).to_be_focused()
    expect(menu.get_by_role("menuitem", name="The Node loses power Watch for")).to_be_visible()
    picture(page)
    menu.get_by_role("menuitem", name="Cordon it keeps").click()

    expect(menu).to_be_hidden()
    expect(
        page.get_by_role("button", name="Node worker-2, Ready,SchedulingDisabled")
    ).to_be_visible()
    assert server.get("/api/v1/nodes/worker-2")["spec"]["unschedulable"] is True


def test_the_keyboard_opens_the_menu_and_deletes_a_pod_after_asking(page, server):
    """Shift F10, arrows and Enter; Delete asks once more; Escape gives the focus back."""
    server.send("POST", PODS, make_pod("a"))
    server.send("POST", PODS, make_pod("b"))
    pod = page.get_by_role("button", name=re.compile("^(Inspect )?Pod a"))
    expect(
        page.get_by_text("a is running and ready.").or_(page.get_by_text("b is running and ready."))
    ).to_be_visible()
    pod.focus()

    page.keyboard.press("Shift+F10")
    menu = page.get_by_role("menu", name="Pod a")
    expect(menu).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(pod).to_be_focused()
    page.keyboard.press("Shift+F10")
    page.keyboard.press("d")
    expect(menu.get_by_role("menuitem", name="Delete")).to_be_focused()
    page.keyboard.press("Enter")
    expect(menu.get_by_role("menuitem", name="Yes, delete Pod a")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_role("button", name=re.compile("^(Inspect )?Pod a,? ?"))).to_be_hidden(
        timeout=45_000
    )


def test_a_fault_from_the_menu_begins_on_its_node(page, server):
    """What breaks is created as an object of the API."""
    node(page, "worker-3").click(button="right", position={"x": 40, "y": 40})
    page.get_by_role("menuitem", name="Only its kubelet stops").click()

    expect(page.get_by_role("menu")).to_be_hidden()
    page.wait_for_timeout(300)
    [fault] = server.get(FAULTS)["items"]
    assert fault["spec"] == {
        "type": "KubeletDown",
        "target": {"node": "worker-3"},
        "duration": "2m",
    }


def test_the_palette_offers_every_fault_of_the_schema(page, server, picture):
    """The API's enumeration is what is offered, each with what to watch for."""
    schema = server.get("/openapi/v3/apis/sim.podarium.dev/v1alpha1")["components"]["schemas"]
    types = schema["dev.podarium.sim.v1alpha1.FaultSpec"]["properties"]["type"]["enum"]

    page.keyboard.press("x")
    faults = page.get_by_role("dialog", name="Faults")
    expect(faults.get_by_role("radio")).to_have_count(len(types))
    for name in types:
        expect(faults.get_by_text(name, exact=True)).to_have_count(1)
    picture(page)


def test_the_menu_is_accessible(open_page, server):
    """No axe violations while it is open, in either theme."""
    for theme in ("light", "dark"):
        page = open_page(server.url, theme=theme, bypass_csp=True)
        node(page, "worker-1").click(button="right", position={"x": 40, "y": 40})
        expect(page.get_by_role("menuitem", name="The Node loses power")).to_be_visible()
        page.wait_for_timeout(300)
        assert violations(page) == [], theme
