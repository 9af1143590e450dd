"""The stage draws what the cluster does."""

import re

from playwright.sync_api import expect

from tests.factories import make_container, make_deployment, make_pod, make_service

PODS = "/api/v1/namespaces/default/pods"


def create(server, *objects):
    """Post objects as kubectl would."""
    for obj in objects:
        group = obj["apiVersion"]
        base = "/api/v1" if group == "v1" else f"/apis/{group}"
        server.send("POST", f"{base}/namespaces/default/{obj['kind'].lower()}s", obj)


def test_an_empty_cluster_shows_its_nodes_and_says_what_to_do(page, picture):
    """Three ready Nodes, and a hint for the first minute."""
    for number in (1, 2, 3):
        expect(page.get_by_role("button", name=f"Node worker-{number}, Ready")).to_be_visible()
    expect(page.get_by_text("kubectl").first).to_be_visible()
    picture(page)


def test_a_pod_arrives_on_its_node_with_its_ip(page, server, picture):
    """The drawn name, Node and IP are the API's."""
    create(server, make_pod("hello"))

    pod = page.get_by_role("group", name=re.compile("^Pod hello, Running"))
    expect(pod).to_be_visible()
    stored = server.get(f"{PODS}/hello")
    expect(pod).to_have_accessible_name(
        f"Pod hello, Running, 1 of 1 containers ready, on {stored['spec']['nodeName']}, "
        f"IP {stored['status']['podIP']}"
    )
    picture(page)


def test_the_rail_completes_the_nine_steps_and_explains_each(page, server, picture):
    """All nine done, and a click tells who did what."""
    create(server, make_pod("hello"))

    rail = page.get_by_role("navigation", name="The nine steps of deploying hello")
    expect(rail.get_by_role("button", name=re.compile("done$"))).to_have_count(9)
    rail.get_by_role("button", name=re.compile("^Filter nodes")).click()
    expect(page.get_by_text(re.compile(r"worker-\d chosen with \d+")).first).to_be_visible()
    picture(page)


def test_init_sidecar_and_app_are_drawn_in_order(page, server, picture):
    """The opened Pod shows its containers, the shared volume and the one IP."""
    mounts = {"volumeMounts": [{"name": "content", "mountPath": "/data"}]}
    create(
        server,
        make_pod(
            "trio",
            initContainers=[
                make_container(
                    "migrate", "busybox:1.36", command=["sh", "-c", "echo done"], **mounts
                ),
                make_container("proxy", restartPolicy="Always"),
            ],
            containers=[make_container("web", **mounts)],
            volumes=[{"name": "content", "emptyDir": {}}],
        ),
    )

    pod = page.get_by_role("group", name=re.compile("^Pod trio, Running"))
    expect(pod).to_be_visible()
    expect(pod.get_by_role("group", name="init container migrate, Completed")).to_be_visible()
    expect(pod.get_by_role("group", name="sidecar container proxy, Ready")).to_be_visible()
    expect(pod.get_by_role("group", name="app container web, Ready")).to_be_visible()
    expect(pod.get_by_text("/data")).to_be_visible()
    picture(page)


def test_a_service_shows_its_address_and_ready_endpoints(page, server, picture):
    """ClusterIP, DNS name and the count of endpoints."""
    create(server, make_service("web"), make_deployment("web", replicas=3))

    address = server.get("/api/v1/namespaces/default/services/web")["spec"]["clusterIP"]
    service = page.get_by_role("button", name=f"Service web, {address}:80, 3 endpoints ready")
    expect(service).to_be_visible()
    expect(service).to_contain_text("web.default.svc.cluster.local")
    picture(page)


def test_a_pod_that_fits_nowhere_waits_on_the_shelf_with_the_reason(page, server, picture):
    """The scheduler's own words."""
    create(server, make_pod("huge", cpu="64"))

    expect(page.get_by_text(re.compile("Insufficient cpu")).first).to_be_visible()
    picture(page)


def test_paused_time_stands_still_and_a_step_moves_it(page, server):
    """Space pauses; the arrow goes to the next moment; Space runs on."""
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Run")).to_be_visible()
    assert server.get("/apis/sim.podarium.dev/v1alpha1/clocks/cluster")["spec"]["paused"] is True
    create(server, make_pod("hello"))
    assert "nodeName" not in server.get(f"{PODS}/hello")["spec"]

    before = server.get("/apis/sim.podarium.dev/v1alpha1/clocks/cluster")["status"]["now"]
    page.keyboard.press("Shift+ArrowRight")
    rail = page.get_by_role("navigation", name="The nine steps of deploying hello")
    expect(rail.get_by_role("button", name=re.compile("^Filter nodes.*done$"))).to_be_visible()
    after = server.get("/apis/sim.podarium.dev/v1alpha1/clocks/cluster")
    assert after["status"]["now"] > before
    assert after["spec"]["paused"] is True

    page.keyboard.press("Space")
    expect(page.get_by_role("group", name=re.compile("^Pod hello, Running"))).to_be_visible()


def test_the_speed_is_a_property_of_the_cluster(page, server):
    """What the page sets, kubectl would read."""
    page.get_by_role("combobox", name="Speed").select_option(label="max speed")

    expect(page.get_by_role("combobox", name="Speed")).to_have_value("max")
    page.wait_for_timeout(200)
    assert server.get("/apis/sim.podarium.dev/v1alpha1/clocks/cluster")["spec"]["speed"] == "max"


def test_a_second_screen_follows_the_first(open_page, page, server):
    """A pause on one page is a pause on the other."""
    second = open_page(server.url)
    expect(second.get_by_role("button", name="Pause")).to_be_visible()

    page.keyboard.press("Space")

    expect(second.get_by_role("button", name="Run")).to_be_visible()


def test_hostile_names_and_labels_are_text(page, server, picture):
    """Nothing of a manifest becomes HTML or breaks the layout."""
    long_name = "x" * 63 + "." + "y" * 63 + "." + "z" * 63
    hostile = make_pod(long_name, labels={"app": "long"})
    hostile["metadata"]["annotations"] = {"note": "<img src=x onerror=document.title='broken'>"}
    hostile["spec"]["containers"][0]["args"] = [
        "<script>document.title='broken'</script>",
        "\u202e\u0646\u0635",
        "🚀" * 200,
    ]
    create(server, hostile)

    expect(page.get_by_role("group", name=re.compile(f"^Pod {'x' * 63}"))).to_be_visible()
    assert page.title() == "Podarium"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    theme, step = (
        page.get_by_role("button", name=name).bounding_box() for name in ("Switch to the", "Step")
    )
    assert step["x"] + step["width"] <= theme["x"]
    assert theme["x"] + theme["width"] <= 1366
    picture(page)
