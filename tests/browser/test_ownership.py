"""Who keeps whom alive: the tree of owners, rollouts and their undoing, replacements, budgets."""

import re

from playwright.sync_api import expect

from tests.browser.test_palettes import violations
from tests.browser.test_stories import DEPLOYMENTS, PODS, image_patch, set_speed
from tests.factories import make_deployment, make_pod

BUDGETS = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"
CRON_JOBS = "/apis/batch/v1/namespaces/default/cronjobs"


def running(page, name):
    """Cards of the running Pods of a Deployment."""
    return page.get_by_role("button", name=re.compile(f"^Pod {name}-.*, Running"))


def budget(name, least, **labels):
    """A disruption budget for the Pods with these labels."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name},
        "spec": {"minAvailable": least, "selector": {"matchLabels": labels}},
    }


def item(page, name):
    """A line of the tree."""
    return page.get_by_role("treeitem", name=re.compile(name))


def test_the_tree_unfolds_from_the_controllers_card_and_by_keyboard(open_page, server, picture):
    """Deployment, ReplicaSet, Pods; what is pointed at stays bright; what nobody owns stands apart."""
    page = open_page(server.url, bypass_csp=True)
    server.send("POST", DEPLOYMENTS, make_deployment("web", replicas=2))
    server.send("POST", BUDGETS, budget("keep", 1, app="web"))
    server.send("POST", PODS, make_pod("alone"))
    expect(running(page, "web")).to_have_count(2)
    page.get_by_role("button", name="Owners: who keeps which Pods alive").click()
    tree = page.get_by_role("tree", name="Owners and what they own")

    expect(item(page, "Deployment web 2 of 2 ready")).to_be_visible()
    expect(item(page, "ReplicaSet web .* v1 2 of 2 ready")).to_have_attribute("aria-level", "2")
    expect(item(page, "PodDisruptionBudget keep 1 may go")).to_be_visible()
    expect(item(page, "Pod alone Running")).to_be_visible()
    expect(tree.get_by_text("no controller will replace them")).to_be_visible()
    item(page, "Deployment web").hover()
    lone = page.get_by_role("button", name=re.compile("^(Inspect )?Pod alone"))
    expect(lone).to_have_class(re.compile("dimmed"))
    picture(page)
    assert violations(page) == []

    item(page, "Deployment web").focus()
    page.keyboard.press("ArrowLeft")
    expect(item(page, "ReplicaSet web")).to_have_count(0)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(item(page, "ReplicaSet web")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("select=ReplicaSet"))
    page.keyboard.press("Escape")
    expect(tree).to_be_hidden()


def test_a_rollout_is_undone_from_the_menu_and_drawn_as_going_back(page, server, picture):
    """The old ReplicaSet makes Pods again; its revision counts on."""
    server.send("POST", DEPLOYMENTS, make_deployment("web", replicas=3))
    expect(running(page, "web")).to_have_count(3)
    server.send("PATCH", f"{DEPLOYMENTS}/web", image_patch("nginx:1.28"))
    expect(page.get_by_text("web is rolled out: all 3 Pods are v2.")).to_be_visible()
    set_speed(server, "0.25")

    page.keyboard.press("w")
    item(page, "ReplicaSet web .*nginx:1.27").click(button="right")
    page.get_by_role("menuitem", name="Roll back to v1").click()
    page.keyboard.press("Escape")

    expect(page.get_by_text(re.compile("^web goes back to nginx:1.27"))).to_be_visible()
    expect(
        page.get_by_role("button", name=re.compile("ReplicaSet v3 .*nginx:1.27"))
    ).to_be_visible()
    picture(page)
    set_speed(server, "1")
    expect(page.get_by_text("web is rolled out: all 3 Pods are v3.")).to_be_visible()
    template = server.get(f"{DEPLOYMENTS}/web")["spec"]["template"]
    assert template["spec"]["containers"][0]["image"] == "nginx:1.27"
    assert "pod-template-hash" not in template["metadata"]["labels"]


def test_a_paused_and_a_stuck_rollout_say_so(page, server, picture):
    """Paused by the visitor; stuck once nothing has moved for progressDeadlineSeconds."""
    deployment = make_deployment("web", replicas=3)
    deployment["spec"]["progressDeadlineSeconds"] = 20
    server.send("POST", DEPLOYMENTS, deployment)
    expect(running(page, "web")).to_have_count(3)
    server.send("PATCH", f"{DEPLOYMENTS}/web", image_patch("nginx:1.161"))
    set_speed(server, "10")

    expect(page.get_by_text(re.compile("^The rollout of web is stuck"))).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Deployment web.*stuck"))).to_be_visible()
    picture(page)
    server.send("PATCH", f"{DEPLOYMENTS}/web", {"spec": {"paused": True}})
    expect(page.get_by_text(re.compile("^The rollout of web is paused"))).to_be_visible()


def test_a_replacement_is_visibly_new_and_related_to_the_one_before(page, server, picture):
    """A new name, marked for a while, and the inspector keeps whom it replaces."""
    server.send("POST", DEPLOYMENTS, make_deployment("web", replicas=3))
    expect(running(page, "web")).to_have_count(3)
    before = {one["metadata"]["name"] for one in server.get(PODS)["items"]}
    name = min(before)
    set_speed(server, "0.5")

    server.send("DELETE", f"{PODS}/{name}", {})

    mark = page.get_by_text(f"new, for {name.rsplit('-', 1)[1]}")
    expect(mark).to_be_visible()
    picture(page)
    [fresh] = {one["metadata"]["name"] for one in server.get(PODS)["items"]} - before
    page.get_by_role("button", name=re.compile(f"^(Inspect )?Pod {fresh}")).first.click()
    page.get_by_role("tab", name="Relations").click()
    panel = page.get_by_role("tabpanel")
    expect(panel.get_by_text("Replaces")).to_be_visible()
    expect(panel.get_by_text(name)).to_be_visible()


def test_a_drain_says_which_budget_and_which_bare_pod_keep_it_from_ending(page, server, picture):
    """Evictions go through the eviction API; its refusal is a moment at the API server."""
    bare = make_pod("alone")
    bare["spec"]["nodeName"] = "worker-1"
    server.send("POST", PODS, bare)
    server.send("POST", BUDGETS, budget("keep", 3, app="web"))
    server.send("POST", DEPLOYMENTS, make_deployment("web", replicas=3))
    expect(running(page, "web")).to_have_count(3)

    node = page.get_by_role("button", name=re.compile("^Node worker-1,"))
    node.click(button="right", position={"x": 40, "y": 40})
    page.get_by_role("menuitem", name="Drain").click()

    expect(
        page.get_by_text(re.compile("no controller would replace it: alone")).first
    ).to_be_visible()
    bar = page.get_by_role("button", name="API server")
    expect(bar).to_contain_text(
        re.compile("may not be evicted: The disruption budget keep needs 3")
    )
    picture(page)
    assert server.get("/api/v1/nodes/worker-1")["spec"]["unschedulable"] is True
    assert server.get(f"{PODS}/alone")["metadata"].get("deletionTimestamp") is None


def test_a_cronjobs_next_run_counts_down_in_the_tree(page, server):
    """The clock is virtual; each run is a Job below it."""
    pod = {"restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox:1.36"}]}
    template = {"spec": {"template": {"spec": pod}}}
    server.send(
        "POST",
        CRON_JOBS,
        {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": {"name": "hello"},
            "spec": {"schedule": "* * * * *", "jobTemplate": template},
        },
    )
    page.keyboard.press("w")

    expect(item(page, r"CronJob hello \* \* \* \* \* · next run in")).to_be_visible()
    set_speed(server, "30")
    expect(item(page, "Job hello-.* 1 of 1 completed").first).to_be_visible()
