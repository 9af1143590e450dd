"""The sentence about Nodes that cannot take a Pod, as kubectl shows it.

Models:
    pkg/scheduler/framework/types.go FitError
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def nodes_message(total: int, counts: Mapping[str, int], pre_filter: str = "") -> str:
    """Say why no Node is available: ``0/5 nodes are available: 1 …, 4 Insufficient cpu.``.

    Args:
        total: Nodes in the cluster.
        counts: Reason → number of Nodes; reasons with none are left out.
        pre_filter: Why no Node was looked at, in place of the counts.
    """
    message = f"0/{total} nodes are available:"
    if pre_filter:
        return f"{message} {pre_filter}."
    # Sorted as text, count first, as upstream does: "10 x" comes before "2 y".
    reasons = sorted(f"{count} {reason}" for reason, count in counts.items() if count)
    return f"{message} {', '.join(reasons)}." if reasons else message
