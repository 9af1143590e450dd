"""The vectorised scheduler decides as the plain one does, whatever happens to the cluster."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.scheduler.world import run_trial


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), nodes=st.integers(1, 20))
def test_small_clusters_are_scheduled_as_by_the_plain_scheduler(seed, nodes):
    """Nodes, sums, messages and scan positions are equal through binds, deletes and Node changes."""
    run_trial(seed, nodes, steps=60)


@pytest.mark.parametrize("percentage", [0, 30, 100])
def test_large_clusters_are_sampled_as_by_the_plain_scheduler(percentage):
    """From 100 Nodes on not all are looked at, and the scan goes round."""
    scheduled = [run_trial(seed, 150, steps=40, percentage=percentage) for seed in range(3)]

    assert sum(scheduled) > 20
