"""Looking back: the world as it was, the way between moments, and what differs between them."""

from __future__ import annotations

import msgspec
import pytest

from tests.world import World
from webapp.api import resources
from webapp.apimachinery.status import BadRequest, Expired
from webapp.cluster.cluster import Cluster
from webapp.cluster.config import ClusterConfig
from webapp.history.compare import compare
from webapp.history.gone import find_gone
from webapp.history.moments import neighbour
from webapp.history.timeline import MAX_MARKS, TimelineLog
from webapp.live.projector import Projector
from webapp.trace.facts import ObjectRef, ObjectStored


def deployment(name="web", replicas=3, image="nginx"):
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": "main", "image": image}]},
    }
    return {
        "kind": "Deployment",
        "apiVersion": "apps/v1",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": template,
        },
    }


def pod(name):
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"containers": [{"name": "main", "image": "nginx"}]},
    }


class NoCommands:
    def commands(self, *, after):
        assert after == 0
        return []


@pytest.fixture
def world():
    return World()


def picture(snapshot):
    """A snapshot without what belongs to the connection."""
    plain = msgspec.to_builtins(snapshot)
    plain["clock"].pop("idle")
    plain.pop("seq")
    return plain


def test_the_past_is_drawn_as_it_was_drawn_when_it_was_now(world):
    """At every moment of a rollout, a look back gives the very snapshot that a viewer got then."""
    cluster = world.cluster
    live = Projector(cluster)
    seen = []
    world.create(deployment())
    for _ in range(40):
        world.run_for(seconds=0.1)
        seen.append((cluster.past.newest, live.snapshot()))
    world.run_for(seconds=0.001)
    world.patch("Deployment", "web", {"spec": {"replicas": 1}})
    world.settle()

    for moment, snapshot in seen:
        past = cluster.past.find(str(moment.at_ms))
        assert past == moment
        assert picture(Projector(cluster.at(past)).snapshot()) == picture(snapshot)


def test_looking_back_changes_nothing(world):
    """Neither revisions nor facts nor events of the loop come from looking."""
    world.create(deployment())
    world.settle()
    cluster = world.cluster
    before = (cluster.past.newest, cluster.sim.events_processed, cluster.sim.pending_count)

    for revision in range(1, cluster.revision + 1, 7):
        Projector(cluster.at(cluster.past.at_revision(revision))).snapshot()

    assert (cluster.past.newest, cluster.sim.events_processed, cluster.sim.pending_count) == before


def test_moments_are_named_by_revision_time_and_fact(world):
    """The three ways to name a moment agree with one another."""
    world.create(pod("a"))
    world.settle()
    past = world.cluster.past
    stored = next(
        record
        for record in world.cluster.recorder.records
        if isinstance(record.fact, ObjectStored) and record.fact.resource == "pods"
    )

    by_fact = past.find(f"seq:{stored.seq}")
    by_revision = past.find(str(stored.fact.revision))

    assert by_fact.revision == by_revision.revision == stored.fact.revision
    assert by_fact.at_ms == by_revision.at_ms == stored.at_ms
    assert past.find(str(past.newest.at_ms)) == past.newest


@pytest.mark.parametrize("text", ["", "yesterday", "-1", "seq:", "seq:x", "1" * 40, "1e9", "²"])
def test_what_is_no_moment_is_refused(world, text):
    """A moment that cannot be understood is a bad request, not a fault."""
    with pytest.raises(BadRequest):
        world.cluster.past.find(text)


def test_moments_to_come_are_refused(world):
    """Nobody can look ahead."""
    past = world.cluster.past
    for text in (str(past.newest.revision + 1), str(past.newest.at_ms + 1), "seq:999999999"):
        with pytest.raises(BadRequest):
            past.find(text)


def test_moments_before_the_compaction_are_gone_and_the_oldest_is_named():
    """After compaction the past begins later, says so, and can be drawn from its first moment on."""
    cluster = Cluster(ClusterConfig(start_ms=1_790_000_000_000, kept_revisions=100))
    cluster.admin.create(resources.DEPLOYMENTS, "default", deployment(replicas=20))
    cluster.sim.run_until_idle()
    past = cluster.past

    assert past.oldest.revision > 60
    with pytest.raises(Expired, match=f"the oldest moment kept is revision {past.oldest.revision}"):
        past.find("60")
    assert Projector(cluster.at(past.oldest)).snapshot().revision == past.oldest.revision


def test_steps_go_from_fact_to_fact_and_back(world):
    """Next and previous are each other's inverse between two facts that can be seen."""
    start = world.cluster.past.newest
    world.create(pod("a"))
    world.settle()
    past = world.cluster.past

    first = neighbour(past, start, "fact", "next")
    second = neighbour(past, first, "fact", "next")

    assert start.seq < first.seq < second.seq
    assert neighbour(past, second, "fact", "previous") == first


def test_steps_of_the_nine_go_through_the_whole_journey(world):
    """Going step by step from the beginning meets the binding, the start and readiness, and then the end."""
    moment = world.cluster.past.newest
    world.create(pod("a"))
    world.settle()
    past = world.cluster.past
    kinds = []

    while (following := neighbour(past, moment, "step", "next")) != past.newest:
        record = next(past.facts(following.seq - 1, following.seq))
        kinds.append(type(record.fact).__name__)
        moment = following

    assert [kind for kind in kinds if kind in {"PodBound", "ContainerStarted", "PodReady"}] == [
        "PodBound",
        "ContainerStarted",
        "PodReady",
    ]


def test_seconds_stop_at_both_ends(world):
    """Beyond the kept moments there is nothing to go to."""
    past = world.cluster.past

    assert neighbour(past, past.newest, "second", "next") == past.newest
    assert neighbour(past, past.oldest, "second", "previous") == past.oldest
    back = neighbour(past, past.newest, "second", "previous")
    assert back.at_ms == past.newest.at_ms - 1000


def test_comparison_tells_created_changed_and_deleted(world):
    """What a scaling and a deletion did, in fields, without noise."""
    world.create(deployment(), pod("lonely"))
    world.settle()
    before = world.cluster.past.newest

    world.patch("Deployment", "web", {"spec": {"replicas": 4}})
    world.delete("Pod", "lonely", grace_period_seconds=0)
    world.settle()
    found = compare(world.cluster.past, before, world.cluster.past.newest, sees_everything=True)

    told = {(change.change, change.kind) for change in found.objects}
    assert {("created", "Pod"), ("deleted", "Pod"), ("changed", "Deployment")} <= told
    web = next(change for change in found.objects if change.kind == "Deployment")
    assert ("spec.replicas", 3, 4) in [(f.path, f.before, f.after) for f in web.fields]
    assert not any(
        field.path.startswith(("metadata.managedFields", "metadata.resourceVersion"))
        for change in found.objects
        for field in change.fields
    )


def test_comparison_hides_other_kinds_from_ordinary_viewers(world):
    """A viewer learns that something else changed, not what."""
    before = world.cluster.past.newest
    world.cluster.admin.create(
        resources.CONFIG_MAPS,
        "default",
        {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "secretive"}},
    )

    found = compare(world.cluster.past, before, world.cluster.past.newest, sees_everything=False)

    assert (found.objects, found.hidden) == ([], 1)


def test_a_pod_that_is_gone_says_what_it_was_and_when_it_went(world):
    """A deep link to it leads to the last moment at which it can be seen."""
    world.create(pod("a"))
    world.settle()
    uid = world.get("Pod", "a")["metadata"]["uid"]
    world.delete("Pod", "a", grace_period_seconds=0)
    world.settle()
    past = world.cluster.past

    found = find_gone(past, ObjectRef("Pod", "default", "a", uid))

    assert (found.exists, found.uid, found.resource) == (False, uid, "pods")
    names = [
        view.name
        for view in Projector(world.cluster.at(past.at_revision(found.last.revision)))
        .snapshot()
        .pods
    ]
    assert names == ["a"]
    assert found.gone.revision == found.last.revision + 1


def test_a_successor_of_the_same_name_is_not_taken_for_the_one_that_went(world):
    """The UID tells the two apart; without it, the newest of the name counts."""
    world.create(pod("a"))
    world.settle()
    first = world.get("Pod", "a")["metadata"]["uid"]
    world.delete("Pod", "a", grace_period_seconds=0)
    world.create(pod("a"))
    world.settle()
    past = world.cluster.past

    assert not find_gone(past, ObjectRef("Pod", "default", "a", first)).exists
    assert find_gone(past, ObjectRef("Pod", "default", "a")).exists
    unknown = find_gone(past, ObjectRef("Pod", "default", "never"))
    assert (unknown.exists, unknown.gone) == (False, None)
    assert "Nothing is known" in unknown.message


def test_timeline_counts_every_revision_once(world):
    """The buckets' sum is what was written in their time, however many there are."""
    world.create(deployment())
    world.settle()
    past = world.cluster.past
    log = TimelineLog(past, NoCommands())

    for count in (1, 7, 200):
        view = log.view(past.oldest, past.newest, count)
        assert sum(bucket.revisions for bucket in view.buckets) == past.newest.revision
        assert len(view.buckets) <= count


def test_timeline_marks_deaths_warnings_and_the_clock(world):
    """What a presenter looks for stands on the timeline, also what came after it was first asked for."""
    past = world.cluster.past
    log = TimelineLog(past, NoCommands())
    assert {mark.type for mark in log.view(past.oldest, past.newest, 10).marks} == {"nodeAdded"}

    world.create(pod("a"), {**pod("huge"), "spec": huge_spec()})
    world.settle()
    world.cluster.admin.patch(resources.CLOCKS, "", "cluster", {"spec": {"speed": "2"}})
    world.delete("Pod", "a", grace_period_seconds=0)
    world.delete("Node", "worker-3")
    world.settle()

    marks = log.view(past.oldest, past.newest, 10).marks
    titles = [mark.title for mark in marks]
    assert "Pod a is gone" in titles
    assert "Node worker-3 is gone" in titles
    assert "speed 2" in titles
    assert "FailedScheduling: Pod huge" in titles
    assert [mark.at for mark in marks] == sorted(mark.at for mark in marks)


def huge_spec():
    resources_ = {"requests": {"cpu": "1000"}}
    return {"containers": [{"name": "main", "image": "nginx", "resources": resources_}]}


def test_timeline_stays_bounded_with_many_marks(world):
    """Marks close together are drawn as one that says how many it stands for."""
    past = world.cluster.past
    for number in range(MAX_MARKS + 50):
        world.create(pod(f"p{number}"))
        world.delete("Pod", f"p{number}", grace_period_seconds=0)
    log = TimelineLog(past, NoCommands())

    marks = log.view(past.oldest, past.newest, 10).marks

    assert len(marks) <= MAX_MARKS
    assert sum(mark.count for mark in marks if mark.type == "podGone") == MAX_MARKS + 50
