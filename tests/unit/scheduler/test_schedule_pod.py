"""How many Nodes are looked at, where the scan goes, and two scores worked out by hand."""

import numpy as np
import pytest

from webapp.scheduler.plugins.balanced_allocation import balance
from webapp.scheduler.plugins.node_resources_fit import least_requested_score
from webapp.scheduler.schedule_pod import nodes_to_find, rotated, scan


@pytest.mark.parametrize(
    ("percentage", "total", "wanted"),
    [
        (0, 99, 99),
        (0, 100, 100),
        (0, 1000, 420),
        (0, 5000, 500),
        (0, 20_000, 1000),
        (70, 1000, 700),
    ],
)
def test_the_share_of_nodes_looked_for_shrinks_with_the_cluster(percentage, total, wanted):
    """50 % less one for each 125 Nodes, at least 5 % and 100 Nodes."""
    assert nodes_to_find(percentage, total) == wanted


def test_the_scan_goes_round_and_stops_at_the_last_node_it_needs():
    """It starts where the one before ended."""
    fits = np.array([True, True, False, True, False, True])

    rows, count, looked_at = scan(fits, 3, 3)

    assert (rows.tolist(), count, looked_at) == ([3, 5, 0], 3, 4)
    assert rotated(3, 4, 6).tolist() == [3, 4, 5, 0]


def test_a_scan_that_finds_too_few_has_looked_at_all():
    """Nothing is left out when Nodes are short."""
    rows, count, looked_at = scan(np.array([False, True, False]), 2, 2)

    assert (rows.tolist(), count, looked_at) == ([1], 1, 3)


def test_scores_of_one_node():
    """Free shares are rounded down; balance falls with the distance of the shares."""
    assert least_requested_score(1000, 3000) == 66
    assert least_requested_score(3001, 3000) == 0
    assert balance(1000, 0, 2000, 100) == 75
    assert balance(1000, 50, 2000, 100) == 100
