"""kubectl debug on a copy of a Pod: another command, another image, a container more."""

from __future__ import annotations

from tests.api.conftest import eventually

CRASHING = """
apiVersion: v1
kind: Pod
metadata: {name: myapp, labels: {app: myapp}}
spec:
  containers:
  - {name: app, image: busybox, command: ["false"]}
"""


def test_a_crashing_pod_is_copied_with_another_command(kubectl):
    """--copy-to with --container: the copy sleeps, without the labels, beside the one that crashes."""
    kubectl("apply", "-f", "-", manifest=CRASHING)
    copy = ("debug", "myapp", "--copy-to=myapp-debug", "--container=app", "--attach=false")

    kubectl(*copy, "--", "sleep", "1000")

    def runs():
        found = kubectl.json("get", "pod", "myapp-debug")
        return found if found["status"]["phase"] == "Running" else None

    found = eventually(runs)
    assert found["spec"]["containers"][0]["command"] == ["sleep", "1000"]
    assert "labels" not in found["metadata"]
    assert found["status"]["containerStatuses"][0]["restartCount"] == 0


def test_a_copy_may_have_another_image_and_a_container_more(kubectl):
    """--set-image and --image: both run in the copy, the first one is as it was."""
    kubectl("run", "web", "--image=nginx:1.28")
    copy = ("debug", "web", "--copy-to=web-debug", "--set-image=web=nginx:1.29")

    kubectl(*copy)
    kubectl("debug", "web", "--copy-to=web-shell", "--image=busybox", "--attach=false", "-i")

    def images(name):
        found = kubectl.json("get", "pod", name)
        ready = [item["ready"] for item in found["status"].get("containerStatuses", ())]
        wanted = [item["image"] for item in found["spec"]["containers"]]
        return wanted if ready and all(ready) else None

    assert eventually(lambda: images("web-debug")) == ["nginx:1.29"]
    assert eventually(lambda: images("web-shell")) == ["nginx:1.28", "busybox"]
    assert eventually(lambda: images("web")) == ["nginx:1.28"]
