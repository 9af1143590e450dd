"""Whatever a rollout meets, maxSurge and maxUnavailable hold."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.controller.deployment.rolling import (
    available_replicas,
    desired_replicas,
    max_surge,
    max_unavailable,
    plan_new_replica_set,
    plan_old_replica_sets,
    plan_proportional,
    total_replicas,
)

fences = st.one_of(st.integers(0, 6), st.integers(0, 100).map(lambda percent: f"{percent}%"))


def make_rs(name, replicas, available):
    return {
        "metadata": {"name": name, "uid": name, "creationTimestamp": name},
        "spec": {"replicas": replicas},
        "status": {"availableReplicas": available},
    }


def make_deployment(replicas, surge, unavailable):
    rolling = {"maxSurge": surge, "maxUnavailable": unavailable}
    strategy = {"type": "RollingUpdate", "rollingUpdate": rolling}
    return {"spec": {"replicas": replicas, "strategy": strategy}, "status": {}}


def resized(replica_set, size, *, reported=True):
    # Unready Pods go first, so what is available stays as long as there is room for it.
    available = available_replicas(replica_set)
    return make_rs(
        replica_set["metadata"]["name"], size, min(available, size) if reported else available
    )


def really_available(sets):
    """Available Pods that are not on their way out, whatever the status still says."""
    return sum(min(available_replicas(rs), desired_replicas(rs)) for rs in sets)


@st.composite
def rollouts(draw):
    """A rollout in mid-air, within its bounds; a status may date from before the last step down."""
    desired = draw(st.integers(1, 30))
    deployment = make_deployment(desired, draw(fences), draw(fences))
    ceiling = desired + max_surge(deployment)
    left, sets = ceiling, []
    for name in ("new", "old-1", "old-2"):
        size = draw(st.integers(0, left))
        sets.append(make_rs(name, size, draw(st.integers(0, size + 2))))
        left -= size
    return deployment, sets


def step(deployment, sets, *, reported=True):
    """One sync of a rolling update: up if possible, else down; statuses follow or lag behind."""
    new, *old = sets
    size = min(plan_new_replica_set(deployment, sets, new), desired_replicas(deployment))
    if size != desired_replicas(new):
        return [resized(new, size, reported=reported), *old]
    by_name = {rs["metadata"]["name"]: rs for rs in sets}
    for uid, replicas in plan_old_replica_sets(deployment, old, new):
        by_name[uid] = resized(by_name[uid], replicas, reported=reported)
    return list(by_name.values())


@given(rollouts(), st.data())
@settings(max_examples=200, deadline=None)
def test_a_rolling_update_never_breaks_its_bounds(rollout, data):
    """No step exceeds desired + maxSurge, and none takes available Pods below the minimum."""
    deployment, sets = rollout
    desired = desired_replicas(deployment)
    minimum = desired - max_unavailable(deployment)
    for _ in range(12):
        available = really_available(sets)
        sets = step(deployment, sets, reported=data.draw(st.booleans()))
        assert total_replicas(sets) <= desired + max_surge(deployment)
        assert really_available(sets) >= min(available, minimum)
        # Meanwhile some Pods become ready and some fall ill; some statuses stay as they were.
        sets = [
            make_rs(
                rs["metadata"]["name"],
                desired_replicas(rs),
                data.draw(st.integers(0, desired_replicas(rs))),
            )
            if data.draw(st.booleans())
            else rs
            for rs in sets
        ]


@given(rollouts())
@settings(max_examples=200, deadline=None)
def test_a_rolling_update_of_healthy_pods_ends(rollout):
    """When every Pod becomes available, the new version is all there is in the end."""
    deployment, sets = rollout
    for _ in range(200):
        sets = [resized(rs, desired_replicas(rs)) for rs in step(deployment, sets)]
        sets = [make_rs(rs["metadata"]["name"], *[desired_replicas(rs)] * 2) for rs in sets]
    assert [desired_replicas(rs) for rs in sets] == [desired_replicas(deployment), 0, 0]


@given(rollouts(), st.integers(0, 40))
@settings(max_examples=200, deadline=None)
def test_proportional_scaling_hits_the_total(rollout, desired):
    """Sharing a change of scale never loses or invents a Pod, and no size is negative."""
    deployment, sets = rollout
    active = [rs for rs in sets if desired_replicas(rs) > 0]
    for rs in active:
        rs["metadata"]["annotations"] = {
            "deployment.kubernetes.io/max-replicas": str(
                desired_replicas(deployment) + max_surge(deployment)
            )
        }
    scaled = make_deployment(desired, *deployment["spec"]["strategy"]["rollingUpdate"].values())

    steps = plan_proportional(scaled, active)

    assert all(resize.replicas >= 0 for resize in steps)
    if active:
        allowed = desired + max_surge(scaled) if desired else 0
        assert sum(resize.replicas for resize in steps) == allowed
