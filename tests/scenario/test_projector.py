"""The page's frames show what the API holds, once, in order."""

import msgspec
import pytest

from tests.factories import make_container, make_deployment, make_pod, make_service
from webapp.live.projector import Projector
from webapp.live.views import pod_state


@pytest.fixture
def projector(world):
    """A projector whose first changes are taken."""
    projector = Projector(world.cluster)
    projector.take_delta()
    projector.take_facts()
    return projector


def test_a_snapshot_holds_nodes_pods_services_and_workloads(world, projector):
    """Everything that is drawn."""
    world.create(make_service("web"), make_deployment("web", replicas=2))
    world.settle()

    snapshot = projector.snapshot()

    assert [node.name for node in snapshot.nodes] == ["worker-1", "worker-2", "worker-3"]
    assert {pod.status for pod in snapshot.pods} == {"Running"}
    assert [service.name for service in snapshot.services] == ["kubernetes", "web"]
    assert {work.kind: (work.desired, work.ready) for work in snapshot.workloads} == {
        "Deployment": (2, 2),
        "ReplicaSet": (2, 2),
    }
    web = snapshot.services[1]
    assert sorted(point.pod_name for point in web.endpoints if point.ready) == [
        pod.name for pod in snapshot.pods
    ]


def test_deltas_added_to_a_snapshot_give_the_next_snapshot(world, projector):
    """A browser that applies them has the same world."""
    world.create(make_pod("gone"), make_pod("stays"))
    world.settle()
    before = projector.snapshot()
    held = {pod.uid: pod for pod in before.pods}
    projector.take_delta()

    world.delete("Pod", "gone")
    world.create(make_pod("comes"))
    world.run_for(seconds=60)
    delta = projector.take_delta()
    for uid in delta.removed:
        held.pop(uid, None)
    held.update({pod.uid: pod for pod in delta.pods})

    assert msgspec.to_builtins(
        sorted(held.values(), key=lambda pod: pod.name)
    ) == msgspec.to_builtins(projector.snapshot().pods)


def test_many_changes_between_two_frames_cost_one_view(world, projector):
    """A Pod on its way changes often; the frame has it once."""
    world.create(make_pod("web"))
    world.settle()

    delta = projector.take_delta()

    assert [pod.name for pod in delta.pods] == ["web"]
    assert delta.seq == projector.seq
    assert projector.take_delta() is None


def test_the_rail_of_a_ready_pod_is_done(world, projector):
    """The journey travels with the delta, and the Pod knows its last step."""
    world.create(make_pod("web"))
    world.settle()

    delta = projector.take_delta()

    assert [step.outcome for step in delta.journeys[0].steps] == ["done"] * 9
    assert delta.pods[0].step == 9


def test_too_many_facts_are_sampled_and_counted(world, projector):
    """A frame stays small whatever happens."""
    world.create(make_deployment("web", replicas=30))
    world.settle()

    frame = projector.take_facts()

    assert len(frame.facts) == 200
    assert frame.dropped > 0
    assert projector.take_facts() is None


@pytest.mark.parametrize(
    ("pod", "state"),
    [
        (make_pod("p"), "running"),
        (make_pod("p", cpu="64"), "waiting"),
        (make_pod("p", containers=[make_container(image="nginx:1.161")]), "failing"),
        (
            make_pod(
                "p",
                restartPolicy="Never",
                containers=[make_container(image="busybox", command=["true"])],
            ),
            "completed",
        ),
        (
            make_pod(
                "p",
                restartPolicy="Never",
                containers=[make_container(image="busybox", command=["false"])],
            ),
            "failing",
        ),
    ],
    ids=["running", "unschedulable", "image pull fails", "completed", "failed"],
)
def test_the_look_of_a_pod_follows_kubectls_word(world, projector, pod, state):
    """One of seven looks."""
    world.create(pod)
    world.run_for(seconds=30)

    (view,) = projector.snapshot().pods

    assert view.state == state


def test_a_pod_being_deleted_looks_terminating():
    """Whatever its containers do."""
    pod = {**make_pod("p"), "metadata": {"name": "p", "deletionTimestamp": "2026-01-01T00:00:00Z"}}

    assert pod_state(pod, "Terminating") == "terminating"


def test_a_back_off_tells_when_it_ends_until_the_pod_is_gone(world, projector):
    """The page counts down to it; the API has only words."""
    failing = make_container("app", "busybox:1.36", command=["sh", "-c", "exit 3"])
    world.create(make_pod("loops", containers=[failing]))
    world.settle()
    world.run_for(seconds=5)

    (pod,) = projector.take_delta().pods
    (container,) = pod.containers

    assert (container.reason, container.last_reason, container.last_exit_code) == (
        "CrashLoopBackOff",
        "Error",
        3,
    )
    assert 0 < container.retry_at - world.cluster.sim.now_ms <= 15_000
    (again,) = projector.snapshot().pods
    assert again.containers[0].retry_at == container.retry_at


def test_a_resize_that_has_to_wait_is_told(world, projector):
    """The word of the Pod's condition."""
    requests = {"resources": {"requests": {"cpu": "100m"}}}
    world.create(make_pod("web", containers=[make_container(**requests)]))
    world.settle()

    bigger = [{"name": "app", "resources": {"requests": {"cpu": "500"}}}]
    world.cluster.admin.patch(
        world.resource("Pod"),
        "default",
        "web",
        {"spec": {"containers": bigger}},
        patch_type="application/strategic-merge-patch+json",
        subresource="resize",
    )
    world.settle()

    (pod,) = projector.snapshot().pods
    assert pod.resize == "Infeasible"
    assert not pod.is_static
