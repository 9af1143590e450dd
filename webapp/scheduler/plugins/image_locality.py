"""ImageLocality: prefers Nodes that hold the Pod's images, the larger and the wider spread the more.

Models:
    pkg/scheduler/framework/plugins/imagelocality/image_locality.go ImageLocality
    Deviation: images of image volumes are not counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from webapp.scheduler.framework.interface import MAX_NODE_SCORE, Scope, ScorePlugin

if TYPE_CHECKING:
    from collections.abc import Hashable

    from webapp.scheduler.framework.arrays import IntArray, Rows
    from webapp.scheduler.framework.cycle_state import CycleState
    from webapp.scheduler.framework.node_table import NodeTable
    from webapp.scheduler.framework.types import PodInfo

_MEBIBYTE = 1024 * 1024
_LEAST_BYTES = 23 * _MEBIBYTE
_MOST_BYTES_A_CONTAINER = 1000 * _MEBIBYTE


class ImageLocality(ScorePlugin):
    """Looks at ``status.images`` of the Nodes."""

    name = "ImageLocality"
    scope = Scope.NODES

    def sign(self, pod: PodInfo) -> Hashable:
        """The images, in order."""
        return _images(pod)

    def score(
        self,
        state: CycleState,  # noqa: ARG002  # the extension point's signature
        pod: PodInfo,
        nodes: NodeTable,
        rows: Rows,
    ) -> IntArray | int:
        """0 below 23 MiB of images at hand, 100 from 1000 MiB a container on."""
        images = _images(pod)
        found = np.zeros(len(nodes.pod_count), np.int64)
        for image in images:
            sizes = nodes.image_column(_with_tag(image))
            holders = np.count_nonzero(sizes)
            if holders:
                found += (sizes * (holders / nodes.size)).astype(np.int64)
        if not found.any():
            return 0
        most = _MOST_BYTES_A_CONTAINER * len(images)
        clipped = np.clip(found[rows], _LEAST_BYTES, most)
        return MAX_NODE_SCORE * (clipped - _LEAST_BYTES) // (most - _LEAST_BYTES)


def _images(pod: PodInfo) -> tuple[str, ...]:
    spec = pod.pod["spec"]
    return tuple(
        container.get("image", "")
        for kind in ("initContainers", "containers")
        for container in spec.get(kind) or ()
    )


def _with_tag(image: str) -> str:
    return image if image.rfind(":") > image.rfind("/") else f"{image}:latest"
