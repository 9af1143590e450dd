"""Manifests enter the page by dropping, opening, writing and picking, and the API server answers."""

import re

import pytest
from playwright.sync_api import expect

GOOD = """\
apiVersion: v1
kind: Pod
metadata:
  name: dropped
spec:
  containers:
    - name: web
      image: nginx:1.27
"""
BAD_IMAGE_KEY = GOOD.replace("image: nginx", "imagee: nginx").replace("dropped", "misspelt")
BAD_NAME = GOOD.replace("dropped", "Bad_Name")
DROP = """
([name, text]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([text], name, { type: "application/yaml" }));
  for (const type of ["dragenter", "dragover", "drop"])
    document.body.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
}
"""


def drop(page, text, name="pod.yaml"):
    """Drop a file onto the page; returns the drawer."""
    page.evaluate(DROP, [name, text])
    return page.get_by_role("region", name="Manifest")


def apply(drawer):
    """Press Apply once it can be pressed."""
    button = drawer.get_by_role("button", name="Apply", exact=True)
    expect(button).to_be_enabled()
    button.click()


def test_a_dropped_manifest_is_applied_and_its_pod_arrives(page, server, picture):
    """Drop, apply, and the Pod is on its Node with its IP."""
    drawer = drop(page, GOOD)

    apply(drawer)

    expect(drawer.get_by_role("listitem").filter(has_text="created")).to_have_count(1)
    pod = page.get_by_role(
        "group", name=re.compile(r"^Pod dropped, Running, .* IP 10\.244\.\d+\.\d+$")
    )
    expect(pod).to_be_visible()
    assert server.get("/api/v1/namespaces/default/pods/dropped")["status"]["phase"] == "Running"
    picture(page)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BAD_IMAGE_KEY, '.spec.containers[name="web"].imagee: field not declared in schema'),
        (BAD_NAME, "a lowercase RFC 1123 subdomain must consist of"),
        ("kind: Pod\n  name: [", None),
        ("just some words", None),
        (GOOD.replace("kind: Pod", "kind: Podd"), "Podd"),
    ],
    ids=["unknown field", "bad name", "not YAML", "no mapping", "unknown kind"],
)
def test_a_bad_manifest_is_refused_in_words_and_nothing_is_made(page, server, text, words, picture):
    """Kubernetes' own text where the API server speaks; never a stack trace."""
    drawer = drop(page, text)

    if words:
        apply(drawer)
        expect(drawer.get_by_text(words).first).to_be_visible()
    else:
        expect(drawer.get_by_text(re.compile("line|document", re.IGNORECASE)).first).to_be_visible()
    assert server.get("/api/v1/namespaces/default/pods")["items"] == []
    expect(page.get_by_text(re.compile(r"TypeError|undefined|\bat .*\.js"))).to_have_count(0)
    picture(page)


def test_of_several_documents_the_good_ones_go_through_and_the_drawer_says_which(
    page, server, picture
):
    """One bad document does not hide the others."""
    drawer = drop(page, f"{GOOD}---\n{BAD_NAME}---\n{GOOD.replace('dropped', 'third')}")

    apply(drawer)
    expect(drawer.get_by_role("status")).to_contain_text("2 would be created, 1 refused.")
    drawer.get_by_role("button", name="Yes, apply").click()

    expect(drawer.get_by_role("status")).to_contain_text("2 created")
    refused = drawer.get_by_role("listitem").filter(has_text="Bad_Name")
    expect(refused).to_contain_text("refused")
    names = [
        pod["metadata"]["name"] for pod in server.get("/api/v1/namespaces/default/pods")["items"]
    ]
    assert names == ["dropped", "third"]
    picture(page)


def test_a_dry_run_changes_nothing(page, server):
    """It says what would happen."""
    drawer = drop(page, GOOD)

    drawer.get_by_role("button", name="Dry run").click()

    expect(drawer.get_by_role("status")).to_contain_text(
        re.compile("would be created|created", re.IGNORECASE)
    )
    assert server.get("/api/v1/namespaces/default/pods")["items"] == []


def test_ten_megabytes_of_text_are_refused_in_a_sentence(page):
    """The page stays usable."""
    drop(page, "a: b\n" * 2_000_000, name="huge.yaml")

    expect(
        page.get_by_text(re.compile(r"huge\.yaml: .* a manifest may have up to")).first
    ).to_be_visible()
    expect(page.get_by_role("button", name="Node worker-1, Ready")).to_be_visible()


def test_an_example_can_be_picked_and_applied(page, picture):
    """The gallery is a way in for people without a manifest."""
    page.keyboard.press("m")
    drawer = page.get_by_role("region", name="Manifest")
    drawer.get_by_role("button", name="Deployment and Service").click()

    apply(drawer)

    expect(drawer.get_by_role("status")).to_contain_text("2 created")
    expect(
        page.get_by_role("button", name=re.compile("^Service shop.*3 endpoints ready"))
    ).to_be_visible()
    picture(page)
