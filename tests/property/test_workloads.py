"""Random rollouts, scales and deletions: what controllers promise holds at every revision."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import make_deployment
from tests.scenario.test_job import make_job
from tests.scenario.test_statefulset import make_stateful_set
from tests.world import World
from webapp.api.core.pods import is_pod_ready, pod_phase
from webapp.controller.job.status import finished_condition

few = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
fences = st.sampled_from([(1, 0), (0, 1), ("25%", "25%"), (2, 1), ("100%", 0), (0, "50%")])
images = st.sampled_from(["nginx:1.26", "nginx:1.27", "nginx:1.28"])
pauses = st.sampled_from([0.1, 0.7, 2, 8, 30])


def living(world):
    """Pods that run or may still run."""
    return [
        pod
        for pod in world.list("Pod")
        if "deletionTimestamp" not in pod["metadata"]
        and pod_phase(pod) not in {"Failed", "Succeeded"}
    ]


def set_image(world, image):
    """A new template."""
    template = world.get("Deployment", "web")["spec"]["template"]
    containers = [{**template["spec"]["containers"][0], "image": image}]
    spec = {**template["spec"], "containers": containers}
    world.patch("Deployment", "web", {"spec": {"template": {**template, "spec": spec}}})


def of_four(fence, *, up):
    """How many of four Pods a fence means."""
    if isinstance(fence, int):
        return fence
    share = int(fence[:-1]) * 4
    return -(-share // 100) if up else share // 100


@few
@given(fences, st.lists(st.tuples(images, pauses), min_size=1, max_size=4))
def test_rollouts_keep_their_fences_at_every_revision(fence, story):
    """However often the template changes on the way there are never too many Pods, and at the end all are new.

    There are never too few either, as long as the template changes while all Pods are ready. A Deployment
    counts what its ReplicaSets' statuses say: a change in the middle of a rollout ends Pods that were not ready
    when it was decided and may be a moment later, upstream as here.
    """
    surge, unavailable = fence
    most, least = 4 + of_four(surge, up=True), 4 - of_four(unavailable, up=False)
    rolling = {"maxSurge": surge, "maxUnavailable": unavailable}
    world = World()
    strategy = {"type": "RollingUpdate", "rollingUpdate": rolling}
    world.create(make_deployment("web", replicas=4, strategy=strategy))
    world.settle()
    changed_midway = False

    def check():
        pods = living(world)
        assert len(pods) <= most
        assert changed_midway or sum(map(is_pod_ready, pods)) >= least

    for image, pause in story:
        changed_midway = changed_midway or not all(map(is_pod_ready, living(world)))
        set_image(world, image)
        world.watch(seconds=pause, check=check)
    world.watch(seconds=120, check=check)

    wanted = story[-1][0]
    assert [pod["spec"]["containers"][0]["image"] for pod in living(world)] == [wanted] * 4


@few
@given(st.lists(st.tuples(st.integers(0, 4), pauses), min_size=1, max_size=5))
def test_ordered_sets_grow_and_shrink_in_order(story):
    """A Pod appears only when all before it are Ready, and each name exists once."""
    world = World()
    world.create(make_stateful_set("db", replicas=1))
    world.settle()
    known = {pod["metadata"]["uid"] for pod in world.list("Pod")}

    def check():
        pods = {pod["metadata"]["name"]: pod for pod in world.list("Pod")}
        assert set(pods) <= {f"db-{ordinal}" for ordinal in range(4)}
        for name, pod in pods.items():
            if pod["metadata"]["uid"] in known:
                continue
            known.add(pod["metadata"]["uid"])
            before = [f"db-{ordinal}" for ordinal in range(int(name.removeprefix("db-")))]
            assert all(other in pods and is_pod_ready(pods[other]) for other in before)

    for replicas, pause in story:
        world.patch("StatefulSet", "db", {"spec": {"replicas": replicas}})
        world.watch(seconds=pause, check=check)
    world.watch(seconds=240, check=check)

    names = sorted(pod["metadata"]["name"] for pod in living(world))
    assert names == [f"db-{ordinal}" for ordinal in range(story[-1][0])]


@few
@given(
    st.integers(1, 6), st.integers(1, 4), st.lists(st.tuples(st.integers(0, 5), pauses), max_size=4)
)
def test_jobs_count_right_at_every_revision(completions, parallelism, deletions):
    """Never more Pods than parallelism, never more successes than completions."""
    world = World()
    world.create(make_job(completions=completions, parallelism=parallelism, backoffLimit=1000))

    def check():
        status = world.get("Job", "work").get("status") or {}
        assert len(living(world)) <= min(parallelism, completions)
        assert status.get("succeeded", 0) <= completions

    for number, pause in deletions:
        world.watch(seconds=pause, check=check)
        pods = living(world)
        if pods:
            world.delete("Pod", pods[number % len(pods)]["metadata"]["name"])
    world.watch(seconds=600, check=check)

    job = world.get("Job", "work")
    assert finished_condition(job)["type"] == "Complete"
    assert job["status"]["succeeded"] == completions


@few
@given(st.lists(st.tuples(st.sampled_from(["web", "db", "work"]), pauses), max_size=4))
def test_background_deletion_leaves_no_pod_behind(story):
    """Whatever is deleted when, in the end every Pod has an owner that is there."""
    world = World()
    world.create(
        make_deployment("web", replicas=3),
        make_stateful_set("db", replicas=2),
        make_job("work", completions=3, parallelism=2),
    )
    kinds = {"web": "Deployment", "db": "StatefulSet", "work": "Job"}
    for name, pause in story:
        world.run_for(seconds=pause)
        if world.get(kinds[name], name) is not None:
            world.delete(kinds[name], name, propagation_policy="Background")
    world.run_for(seconds=200)

    owners = {
        obj["metadata"]["uid"]
        for kind in ("ReplicaSet", "StatefulSet", "Job")
        for obj in world.list(kind)
    }
    for pod in world.list("Pod"):
        [reference] = pod["metadata"]["ownerReferences"]
        assert reference["uid"] in owners
    gone = {name for name, _ in story}
    assert not gone & {pod["metadata"]["name"].split("-")[0] for pod in world.list("Pod")}
