"""Faults on the page: every type can be made and healed, and what they break is said in words."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_palettes import violations
from tests.browser.test_stories import FAULTS, PODS, set_speed
from tests.factories import make_container, make_deployment, make_pod
from webapp.api.sim.fault import FAULT_TYPES

DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"

ONCE = {"ContainerCrash", "ContainerOOM"}
"""Over as soon as they have struck."""


def make_fault(name, type_, **target):
    """A Fault until it is healed."""
    spec = {"type": type_, **({"target": target} if target else {})}
    metadata = {"name": name}
    return {
        "apiVersion": "sim.podarium.dev/v1alpha1",
        "kind": "Fault",
        "metadata": metadata,
        "spec": spec,
    }


def test_every_type_can_be_made_from_the_palette(open_page, server, picture):
    """What the form sends is what the API takes, for all types."""
    page = open_page(server.url, bypass_csp=True)
    server.send("POST", PODS, make_pod("web"))
    expect(page.get_by_text("web is running and ready.")).to_be_visible()
    made = set()
    for type_ in sorted(set(FAULT_TYPES) - {"ApiServerDown"}):
        page.keyboard.press("x")
        faults = page.get_by_role("dialog", name="Faults")
        faults.locator(f'input[value="{type_}"]').check()
        faults.get_by_role("button", name=re.compile("^Break ")).click()
        expect(faults).to_be_hidden()
        made.add(type_)

    page.keyboard.press("x")
    running = page.get_by_role("region", name="Running faults")
    expect(running.get_by_role("listitem")).to_have_count(len(made - ONCE))
    expect(running.get_by_text(re.compile("Watch for: new Pods stay Pending"))).to_be_visible()
    picture(page)
    assert violations(page) == []
    assert {one["spec"]["type"] for one in server.get(FAULTS)["items"]} == made


def test_a_container_is_struck_by_its_menu(page, server):
    """Its own container, for two minutes."""
    server.send(
        "POST", PODS, make_pod("web", containers=[make_container("a"), make_container("b")])
    )
    expect(page.get_by_text("web is running and ready.")).to_be_visible()

    page.locator('[data-container="b"]').first.click(button="right")
    with page.expect_response(lambda answer: answer.url.endswith("/faults")) as made:
        page.get_by_role("menuitem", name="The container crashes").click()

    assert made.value.ok
    [fault] = server.get(FAULTS)["items"]
    assert fault["spec"]["target"] == {"namespace": "default", "pod": "web", "container": "b"}
    assert fault["spec"]["duration"] == "2m"


@pytest.mark.parametrize(
    ("type_", "card", "words"),
    [
        ("SchedulerDown", "Scheduler", "stopped: new Pods wait"),
        ("ControllerManagerDown", "Controllers", "stopped: nothing is made or mended"),
        ("EtcdSlow", "etcd", "slow to write: all is seen late"),
        ("ApiServerDown", "API server", "stopped: nobody can read or change anything"),
    ],
)
def test_a_broken_control_plane_says_so_on_its_card_and_is_healed(
    page, server, picture, type_, card, words
):
    """In words, not by colour alone; the page goes on and heals it."""
    server.send("POST", FAULTS, make_fault("broken", type_))

    expect(page.get_by_role("button", name=re.compile(card)).get_by_text(words)).to_be_visible()
    picture(page)
    page.keyboard.press("x")
    page.get_by_role("button", name=re.compile(f"^Heal {type_}")).click()
    expect(page.get_by_text("None: everything that can work works.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text(words)).to_have_count(0)


def test_a_node_dies_under_a_bare_pod_a_stateful_one_and_a_deployment(page, server, picture):
    """Clocks count; replacements are new; the bare Pod is nobody's; the Node comes back."""
    bare = make_pod("alone")
    bare["spec"]["nodeName"] = "worker-3"
    server.send("POST", PODS, bare)
    server.send("POST", DEPLOYMENTS, make_deployment("web", replicas=3))
    expect(page.get_by_role("button", name=re.compile("^Pod web-.*, Running"))).to_have_count(3)
    set_speed(server, "10")
    server.send("POST", FAULTS, make_fault("dead", "NodeDown", node="worker-3"))

    expect(page.get_by_text("given up in")).to_be_visible()
    expect(page.get_by_text(re.compile("^nobody's · 4 m"))).to_be_visible()
    expect(page.get_by_text(re.compile("^evicted in 4 m"))).to_be_visible()
    picture(page, "-clocks")
    set_speed(server, "60")
    expect(page.get_by_text(re.compile("Nobody replaces the bare Pod alone"))).to_be_visible()
    set_speed(server, "0.25")
    expect(page.get_by_text(re.compile("^new, for "))).to_be_visible()
    picture(page)
    server.send("DELETE", f"{FAULTS}/dead", {})
    set_speed(server, "10")
    expect(page.get_by_text(re.compile(r"^worker-3 is back\. "))).to_be_visible()
    picture(page, "-back")
