"""Whatever a connection delays or loses, a viewer never ends up with a wrong world."""

from __future__ import annotations

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import make_deployment, make_pod
from tests.world import World
from webapp.live.frames import Delta, Snapshot
from webapp.live.outbox import Outbox
from webapp.live.projector import Projector

PARTS = ("nodes", "pods", "services", "workloads")
BEATS = st.lists(
    st.tuples(
        st.sampled_from(["nothing", "pod", "scale", "delete", "node"]),
        st.integers(0, 6),  # frames that the viewer reads in this beat
        st.sampled_from(["kept", "kept", "kept", "lost", "reconnects"]),
    ),
    min_size=5,
    max_size=25,
)


class Viewer:
    """A browser's replica: whole views by UID, replaced and merged as the page does it."""

    def __init__(self):
        self.queue = []
        self.outbox = Outbox(lambda: len(self.queue))
        self.objects = {}
        self.seq = None

    def reconnect(self):
        self.queue.clear()
        self.outbox = Outbox(lambda: len(self.queue))
        self.seq = None

    def read(self):
        frame = self.queue.pop(0)
        if isinstance(frame, Snapshot):
            self.objects = {}
            self._merge(frame)
        elif self.seq is None or frame.seq <= self.seq:
            return
        elif frame.seq != self.seq + 1:
            self.outbox.ask_snapshot()
            self.seq = None
            return
        else:
            self._merge(frame)
            for uid in frame.removed:
                self.objects.pop(uid, None)
        self.seq = frame.seq

    def _merge(self, frame):
        for part in PARTS:
            for view in getattr(frame, part):
                known = self.objects.get(view.uid)
                assert known is None or known.revision <= view.revision, "went back in time"
                self.objects[view.uid] = view


def beat(projector, viewer, *, loses):
    delta = projector.take_delta()
    if viewer.outbox.takes_frame():
        if isinstance(delta, Delta) and not loses:
            viewer.queue.append(delta)
    elif viewer.outbox.takes_snapshot():
        viewer.queue.append(projector.snapshot())


def act(world, what, number):
    if what == "pod":
        world.create(make_pod(f"p{number}"))
    elif what == "scale":
        world.patch("Deployment", "web", {"spec": {"replicas": number % 4}})
    elif what == "delete":
        for pod in world.list("Pod")[:1]:
            world.delete("Pod", pod["metadata"]["name"], grace_period_seconds=0)
    elif what == "node":
        world.patch("Node", "worker-1", {"spec": {"unschedulable": bool(number % 2)}})


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(BEATS)
def test_viewer_converges_whatever_its_connection_does(beats):
    """Slow reading, lost frames and reconnections end in the picture that the server has."""
    world = World(nodes=2)
    projector, viewer = Projector(world.cluster), Viewer()
    world.create(make_deployment("web", replicas=1))
    for number, (what, reads, fate) in enumerate(beats):
        act(world, what, number)
        world.run_for(seconds=0.5)
        if fate == "reconnects":
            viewer.reconnect()
        beat(projector, viewer, loses=fate == "lost")
        for _ in range(min(reads, len(viewer.queue))):
            viewer.read()

    for _ in range(6):  # the connection recovers, and something happens that shows every gap
        act(world, "node", len(beats) + _)
        beat(projector, viewer, loses=False)
        while viewer.queue:
            viewer.read()

    now = projector.snapshot()
    shown = {view.uid: view for part in PARTS for view in getattr(now, part)}
    assert msgspec.to_builtins(viewer.objects) == msgspec.to_builtins(shown)
