"""Faults of the image registry: pulls fail, for a Node or for Pods; what is on the machine still starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.sim.fault import IMAGE_PULL_FAILURE
from webapp.cri.references import parse_reference

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.cluster.faults.active import ActiveFault
    from webapp.cluster.node import Machines

TYPES = (IMAGE_PULL_FAILURE,)


class ImageFaults:
    """ImagePullFailure."""

    def __init__(self, machines: Machines) -> None:
        self._machines = machines

    def strike(self, fault: ActiveFault) -> bool:
        """Let pulls fail that begin from now on."""
        wanted = fault.spec.get("image", "")

        def fails(node: str, pod: JSONObject, image: str) -> bool:
            if wanted and not _is_meant(wanted, image):
                return False
            return node in fault.nodes or fault.means_pod(pod)

        self._machines.sabotage.pulls[fault.name] = fails
        return False

    def heal(self, fault: ActiveFault) -> None:
        """Let them succeed again; a Pod that backs off tries again when its time comes."""
        self._machines.sabotage.pulls.pop(fault.name, None)


def _is_meant(wanted: str, image: str) -> bool:
    """Whether an image is the one named; a name without tag means all of its tags."""
    known, asked = parse_reference(wanted), parse_reference(image)
    if ":" in wanted.rpartition("/")[2]:
        return known.full_name == asked.full_name
    return known.repository == asked.repository
