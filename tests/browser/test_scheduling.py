"""How the scheduler decides, on the stage and in the inspector: the pass, the queue, victims, Why, configuration."""

import re

import pytest
from playwright.sync_api import expect

from tests.api.conftest import Server
from tests.browser.test_palettes import violations
from tests.factories import make_pod

CLOCK = "/apis/sim.podarium.dev/v1alpha1/clocks/cluster"
PODS = "/api/v1/namespaces/default/pods"
PRIORITIES = "/apis/scheduling.k8s.io/v1/priorityclasses"
CONFIG = "/api/v1/namespaces/kube-system/configmaps/kube-scheduler"


def change_node(server, name, **spec):
    """Taint or cordon a Node."""
    server.send("PATCH", f"/api/v1/nodes/{name}", {"spec": spec})


def label_node(server, name, **labels):
    """Label a Node."""
    server.send("PATCH", f"/api/v1/nodes/{name}", {"metadata": {"labels": labels}})


def stand_still(page):
    """Pause, and wait until the page knows."""
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_visible()


def open_why(page, name):
    """The inspector's Why tab for a Pod that is drawn."""
    page.get_by_role("button", name=re.compile(f"^Pod {name},")).first.click()
    page.get_by_role("tab", name="Why").click()
    return page.get_by_role("tabpanel")


def test_each_phase_of_a_decision_stands_still_until_the_next_step(page, server, picture):
    """Filter stamps the Nodes, then scores, then the choice; time moves on only after that."""
    change_node(
        server, "worker-1", taints=[{"key": "gpu", "value": "true", "effect": "NoSchedule"}]
    )
    stand_still(page)
    server.send("POST", PODS, make_pod("web", cpu="1"))

    page.keyboard.press("Shift+ArrowRight")
    refused = page.get_by_role(
        "button", name=re.compile("Node worker-1.*its taint is not tolerated")
    )
    expect(refused).to_be_visible()
    expect(page.get_by_text("node(s) had untolerated taint(s)", exact=True)).to_be_visible()
    expect(page.get_by_text("passes every filter")).to_have_count(2)
    picture(page, "-filter")
    before = server.get(CLOCK)["status"]["now"]

    page.keyboard.press("Shift+ArrowRight")
    expect(page.get_by_text(re.compile(r"^fits · \d+$"))).to_have_count(2)
    page.keyboard.press("Shift+ArrowRight")
    expect(page.get_by_text(re.compile(r"^chosen · \d+$"))).to_have_count(1)
    assert server.get(CLOCK)["status"]["now"] == before
    picture(page, "-choose")

    page.keyboard.press("Shift+ArrowRight")
    rail = page.get_by_role("navigation", name="The nine steps of deploying web")
    expect(rail.get_by_role("button", name=re.compile("^Bind.*done$"))).to_be_visible()


def test_at_full_speed_a_decision_leaves_only_its_outcome(page, server):
    """No stamp comes and goes."""
    page.evaluate(
        """() => { window.stamps = 0; new MutationObserver(() => {
            window.stamps = Math.max(window.stamps, document.querySelectorAll('.stamp').length);
        }).observe(document.body, {childList: true, subtree: true}); }"""
    )

    server.send("POST", PODS, make_pod("web", cpu="1"))

    expect(page.get_by_role("group", name=re.compile("^Pod web, Running"))).to_be_visible()
    assert page.evaluate("window.stamps") == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_marks_of_nodes_are_read_where_they_stand(open_page, server, picture, theme):
    """Taint, label and cordon, each with its word."""
    change_node(server, "worker-1", taints=[{"key": "gpu", "effect": "NoSchedule"}])
    change_node(server, "worker-2", unschedulable=True)
    label_node(server, "worker-3", disktype="ssd")

    page = open_page(server.url, width=1920, height=1080, theme=theme)

    expect(page.get_by_text("gpu:NoSchedule")).to_be_visible()
    expect(page.get_by_text("cordoned", exact=True)).to_be_visible()
    expect(page.get_by_text("disktype=ssd")).to_be_visible()
    picture(page)


def test_domains_are_outlined_when_spread_decides(page, server, picture):
    """Each zone with the Pods that count there, and whether the Pod may join them."""
    for number, zone in enumerate(("a", "a", "b"), 1):
        label_node(server, f"worker-{number}", **{"topology.kubernetes.io/zone": f"zone-{zone}"})
    spread = {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "web"}},
    }
    first = make_pod(
        "first", labels={"app": "web"}, nodeSelector={"kubernetes.io/hostname": "worker-3"}
    )
    server.send("POST", PODS, first)
    expect(page.get_by_role("group", name=re.compile("^Pod first, Running"))).to_be_visible()
    stand_still(page)

    server.send(
        "POST", PODS, make_pod("second", labels={"app": "web"}, topologySpreadConstraints=[spread])
    )
    page.keyboard.press("Shift+ArrowRight")

    expect(page.get_by_text(re.compile("allowed:\\s*zone-a:\\s*0 Pods"))).to_be_visible()
    expect(page.get_by_text(re.compile("not allowed:\\s*zone-b:\\s*1 Pod"))).to_be_visible()
    expect(page.get_by_text("would be spread unevenly")).to_be_visible()
    picture(page)


def test_victims_are_marked_with_whom_they_make_room_for(page, server, picture):
    """The more important Pod waits, nominated, until its victim is gone."""
    server.send(
        "POST",
        PRIORITIES,
        {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": {"name": "high"},
            "value": 1000,
        },
    )
    for number in range(3):
        server.send("POST", PODS, make_pod(f"low-{number}", cpu="3"))
    expect(page.get_by_role("button", name=re.compile("^Pod low-., Running"))).to_have_count(3)
    stand_still(page)

    server.send("POST", PODS, make_pod("big", cpu="3", priorityClassName="high"))
    page.keyboard.press("Shift+ArrowRight")

    expect(page.get_by_text(re.compile("goes for big: 1000 > 0"))).to_be_visible()
    expect(page.get_by_text("nominated for big")).to_be_visible()
    picture(page)
    why = open_why(page, "big")
    preemption = why.get_by_role("region", name="Preemption")
    expect(preemption).to_contain_text(re.compile("Room is made on worker-"))
    expect(preemption.get_by_role("row")).to_have_count(4)


def test_the_queue_shows_its_lanes_and_counts_a_back_off_down(page, server, picture):
    """Unschedulable and gated Pods on the shelf and in the scheduler's card; the list names who refused."""
    server.send("POST", PODS, make_pod("huge", cpu="64"))
    server.send("POST", PODS, make_pod("gated", schedulingGates=[{"name": "example.com/wait"}]))

    card = page.get_by_role("button", name=re.compile("^Scheduler"))
    expect(page.locator(".lane").get_by_text("gated", exact=True)).to_be_visible()
    expect(page.locator(".lane").get_by_text("unschedulable", exact=True)).to_be_visible()
    card.click()
    queue = page.get_by_role("region", name="The scheduler's queue")
    expect(queue.get_by_text("unschedulable: 1")).to_be_visible()
    expect(queue.get_by_text("gated: 1")).to_be_visible()
    expect(queue.get_by_text("NodeResourcesFit")).to_be_visible()
    picture(page)


@pytest.mark.parametrize(("width", "height", "theme"), [(1366, 768, "light"), (1920, 1080, "dark")])
@pytest.mark.parametrize("nodes", [3, 20])
def test_why_no_node_says_for_each_plugin_and_what_would_help(
    open_page, picture, nodes, width, height, theme
):
    """Filters plugin by plugin, remedies with counts, found by name; nothing for axe to complain of."""
    server = Server("--seed", "0", "--nodes", str(nodes))
    try:
        change_node(
            server, "worker-1", taints=[{"key": "gpu", "value": "true", "effect": "NoSchedule"}]
        )
        server.send("POST", PODS, make_pod("huge", cpu="64"))
        page = open_page(server.url, width=width, height=height, theme=theme, bypass_csp=True)
        why = open_why(page, "huge")

        remedies = why.get_by_role("region", name="What would make it fit")
        expect(remedies).to_contain_text(f"then it fits on {nodes - 1} Nodes")
        table = why.get_by_role("region", name="Filters, Node by Node")
        expect(table.get_by_role("row")).to_have_count(nodes + 1)
        tainted = table.get_by_role("row", name=re.compile("^worker-1 node"))
        expect(tainted.get_by_text("refused", exact=True)).to_have_count(1)
        picture(page)
        assert violations(page) == []
        why.get_by_role("searchbox", name="Node or reason").fill("taint")
        expect(table.get_by_role("row")).to_have_count(2)
        why.get_by_role("combobox", name="Plugin").select_option("TaintToleration")
        expect(table.get_by_role("columnheader")).to_have_count(2)
    finally:
        server.stop()


def test_scores_are_told_raw_normalised_and_weighted(page, server, picture):
    """The sums, the best one first."""
    server.send("POST", PODS, make_pod("web", cpu="1"))
    expect(page.get_by_role("group", name=re.compile("^Pod web, Running"))).to_be_visible()
    page.get_by_role("group", name=re.compile("^Pod web, Running")).get_by_role(
        "button"
    ).first.click()
    page.get_by_role("tab", name="Why").click()

    table = page.get_by_role("region", name="Scores, Node by Node")
    expect(table.get_by_role("row")).to_have_count(4)
    expect(
        table.get_by_role("columnheader", name=re.compile("Node.?Resources.?Fit"))
    ).to_be_visible()
    expect(table.get_by_text(re.compile(r"= \d+ . 1")).first).to_be_visible()
    expect(page.get_by_text(re.compile("The sum is the same on .*seed decides"))).to_be_visible()
    picture(page)


def test_step_five_shows_the_attempt_in_short(page, server, picture):
    """Per reason how many Nodes, and what would make it fit."""
    server.send("POST", PODS, make_pod("huge", cpu="64"))
    expect(page.get_by_text(re.compile("^huge: 0/3 nodes"))).to_be_visible()

    page.keyboard.press("5")

    panel = page.get_by_role("region", name="Step 5: Filter nodes")
    expect(panel).to_contain_text("Insufficient cpu")
    expect(panel).to_contain_text(re.compile("Would fit with: request .* less cpu.*3 Nodes"))
    picture(page)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_configuration_is_applied_or_refused_with_its_lines(open_page, server, picture, theme):
    """The scheduler judges; a refused one changes nothing and says where it is wrong."""
    page = open_page(server.url, theme=theme, bypass_csp=True)
    page.keyboard.press("Control+k")
    page.get_by_role("dialog").get_by_role("combobox").fill("edit its configuration")
    page.keyboard.press("Enter")
    panel = page.get_by_role("region", name="The scheduler's configuration")
    editor = panel.get_by_role("textbox", name="Scheduler configuration, YAML")
    expect(panel.get_by_text("The defaults are in effect.")).to_be_visible()

    panel.get_by_role("combobox").select_option(label="look at all Nodes (exact mode)")
    expect(editor).to_contain_text("percentageOfNodesToScore")
    panel.get_by_role("button", name="Apply").click()
    expect(
        panel.get_by_text(re.compile("is in effect, profiles: default-scheduler"))
    ).to_be_visible()
    assert "percentageOfNodesToScore: 100" in server.get(CONFIG)["data"]["config.yaml"]

    editor.press("Control+a")
    editor.press_sequentially("kind: Nonsense\nprofiles: 7")
    panel.get_by_role("button", name="Apply").click()
    expect(panel.get_by_text("Refused; the one before stays in effect.")).to_be_visible()
    expect(panel.get_by_role("button", name=re.compile("^line [12]$")).first).to_be_visible()
    picture(page)
    assert violations(page) == []

    panel.get_by_role("button", name="Back to the defaults").click()
    expect(panel.get_by_text("The defaults are in effect.")).to_be_visible()
