"""Static Pods: manifests of a Node, shown by mirror Pods."""

from __future__ import annotations

from webapp.kubelet.static_pods import ANNOTATION, MIRROR

MANIFEST = """
kind: Pod
apiVersion: v1
metadata: {name: web, labels: {role: static}}
spec:
  containers: [{name: web, image: nginx}]
"""


def give_manifest(world, **files):
    """Let the first Node run these files."""
    config_map = {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {"name": "manifests", "namespace": "kube-system"},
        "data": {f"{name}.yaml": text for name, text in files.items()},
    }
    world.create(config_map)
    world.patch(
        "Node", "worker-1", {"metadata": {"annotations": {ANNOTATION: "kube-system/manifests"}}}
    )
    world.run_for(seconds=40)


def test_a_static_pod_runs_and_is_mirrored(world):
    """Its mirror is called after the Node, belongs to it, and says where it is from."""
    give_manifest(world, web=MANIFEST)

    pod = world.get("Pod", "web-worker-1")
    assert pod["status"]["phase"] == "Running"
    assert pod["metadata"]["ownerReferences"][0]["kind"] == "Node"
    assert MIRROR in pod["metadata"]["annotations"]
    assert pod["metadata"]["annotations"]["kubernetes.io/config.source"] == "file"


def test_a_deleted_mirror_comes_back(world):
    """Nobody can delete a static Pod through the API."""
    give_manifest(world, web=MANIFEST)
    uid = world.get("Pod", "web-worker-1")["metadata"]["uid"]

    world.delete("Pod", "web-worker-1")
    world.run_for(seconds=60)

    pod = world.get("Pod", "web-worker-1")
    assert pod["metadata"]["uid"] != uid
    assert pod["status"]["phase"] == "Running"


def test_a_file_that_is_no_manifest_is_passed_over(world):
    """The others run."""
    give_manifest(world, bad="{{", other="kind: Service", web=MANIFEST)

    assert world.get("Pod", "web-worker-1")["status"]["phase"] == "Running"
