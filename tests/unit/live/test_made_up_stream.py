"""The made-up stream of the browser tests has the fields that the real one has."""

import msgspec
import pytest

from tests.browser import stream
from webapp.live.frames import Delta, Hello, Snapshot
from webapp.live.views import ContainerView, NodeView, PodView


@pytest.mark.parametrize(
    ("view", "made_up"),
    [
        pytest.param(Hello, stream.HELLO, id="hello"),
        pytest.param(Snapshot, stream.snapshot(1, 1), id="snapshot"),
        pytest.param(Delta, stream.delta(1, []), id="delta"),
        pytest.param(NodeView, stream.node_view(1), id="Node"),
        pytest.param(PodView, stream.pod_view(1, "worker-1"), id="Pod"),
        pytest.param(ContainerView, stream.pod_view(1, "x")["containers"][0], id="container"),
    ],
)
def test_a_made_up_frame_has_the_fields_of_the_real_one(view, made_up):
    """So that a new field cannot be forgotten there."""
    assert sorted(made_up) == sorted(field.encode_name for field in msgspec.structs.fields(view))
