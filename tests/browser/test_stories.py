"""Stories that are not one Pod's: a refusal, a rolling update, a lost Node."""

import re
import urllib.error

import pytest
from playwright.sync_api import expect

from tests.factories import make_container, make_deployment, make_pod

DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
CLOCK = "/apis/sim.podarium.dev/v1alpha1/clocks/cluster"
FAULTS = "/apis/sim.podarium.dev/v1alpha1/faults"
PODS = "/api/v1/namespaces/default/pods"


def set_speed(server, speed):
    """Change how virtual time runs, as kubectl would."""
    server.send("PATCH", CLOCK, {"spec": {"speed": speed}})


def image_patch(image):
    """A patch that gives a Deployment's template another image."""
    return {"spec": {"template": {"spec": {"containers": [make_container(image=image)]}}}}


def test_a_refused_manifest_shows_the_servers_words_and_the_gate(page, server, picture):
    """Step 4 has failed; schema refused it, admission did not."""
    broken = make_pod("wrong")
    broken["spec"]["restartPolicy"] = "Sometimes"
    with pytest.raises(urllib.error.HTTPError):
        server.send("POST", PODS, broken)

    rail = page.get_by_role("navigation", name="The nine steps of deploying wrong")
    expect(rail.get_by_role("button", name=re.compile("^Valid.*failed$"))).to_be_visible()
    expect(page.get_by_text(re.compile("wrong.*Unsupported value")).first).to_be_visible()
    expect(page.get_by_role("button", name="API server")).to_contain_text(
        re.compile("admission\\s*passed.*schema\\s*refused", re.DOTALL)
    )
    picture(page)


def test_a_pod_that_keeps_crashing_has_failed_in_the_rail(page, server, picture):
    """The rail does not look as if all were well."""
    crashing = make_container(image="busybox:1.36", command=["sh", "-c", "exit 1"])
    server.send("POST", PODS, make_pod("crash", containers=[crashing]))

    rail = page.get_by_role("navigation", name="The nine steps of deploying crash")
    expect(rail.get_by_role("button", name=re.compile("failed$"))).to_have_count(1)
    expect(page.get_by_text(re.compile("^crash (keeps failing|fails)"))).to_be_visible()
    picture(page)


def test_a_rolling_update_is_told_with_its_bounds(page, server, picture):
    """Five steps, both ReplicaSets with their counts, and the bounds that hold."""
    server.send("POST", DEPLOYMENTS, make_deployment("web", replicas=8))
    expect(page.get_by_role("button", name=re.compile("^Pod web-.*, Running"))).to_have_count(8)
    set_speed(server, "0.25")

    server.send("PATCH", f"{DEPLOYMENTS}/web", image_patch("nginx:1.28"))

    rail = page.get_by_role("navigation", name="The rolling update of web")
    expect(rail.get_by_text("Pods come")).to_be_visible()
    expect(rail.get_by_text("at least 6 ready")).to_be_visible()
    expect(page.get_by_text("maxSurge 2 · maxUnavailable 2")).to_be_visible()
    expect(page.get_by_text("v2", exact=True).first).to_be_visible()
    picture(page)
    set_speed(server, "1")
    expect(page.get_by_text("web is rolled out: all 8 Pods are v2.")).to_be_visible()


def test_a_rollout_that_cannot_work_says_that_the_old_pods_stay(page, server, picture):
    """The new Pods fail; nobody loses the old ones."""
    server.send("POST", DEPLOYMENTS, make_deployment("web", replicas=4))
    expect(page.get_by_role("button", name=re.compile("^Pod web-.*, Running"))).to_have_count(4)

    server.send("PATCH", f"{DEPLOYMENTS}/web", image_patch("nginx:1.161"))

    expect(page.get_by_text(re.compile("^The new Pods of web fail"))).to_be_visible()
    expect(page.get_by_text(re.compile("3 old ones keep running"))).to_be_visible()
    picture(page)


def test_a_lost_node_is_told_from_silence_to_replacement(page, server, picture):
    """The Fault makes it silent; the clock counts; its Pods are replaced, never moved."""
    server.send("POST", DEPLOYMENTS, make_deployment("web", replicas=3))
    expect(page.get_by_role("button", name=re.compile("^Pod web-.*, Running"))).to_have_count(3)

    page.keyboard.press("x")
    faults = page.get_by_role("dialog", name="Faults")
    faults.get_by_role("combobox", name="Node").select_option("worker-3")
    faults.get_by_role("button", name="Break worker-3").click()
    expect(faults).to_be_hidden()
    rail = page.get_by_role("navigation", name="What happens as worker-3 is lost")
    expect(rail.get_by_text("Silence")).to_be_visible()
    expect(page.get_by_text(re.compile("^worker-3 has been silent"))).to_be_visible()

    set_speed(server, "60")
    expect(page.get_by_text(re.compile(r"^worker-3 is lost\. "))).to_be_visible()
    picture(page, "-tolerating")
    expect(page.get_by_text(re.compile("^worker-3 is gone"))).to_be_visible()
    picture(page)


def test_a_fault_is_healed_from_its_palette(page, server):
    """Heal deletes the Fault."""
    spec = {"type": "KubeletDown", "target": {"node": "worker-2"}, "duration": "10m"}
    server.send(
        "POST",
        FAULTS,
        {
            "apiVersion": "sim.podarium.dev/v1alpha1",
            "kind": "Fault",
            "metadata": {"name": "quiet"},
            "spec": spec,
        },
    )

    page.keyboard.press("x")
    faults = page.get_by_role("dialog", name="Faults")
    expect(faults.get_by_text("KubeletDown").last).to_be_visible()
    faults.get_by_role("button", name="Heal").click()

    expect(faults.get_by_text("None: everything that can work works.")).to_be_visible()
    assert server.get(FAULTS)["items"] == []
