"""Which container of a Pod a request means: for logs, exec and attach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.status import BadRequest

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject


def choose_container(pod: JSONObject, wanted: str) -> str:
    """The container that is meant.

    Raises:
        BadRequest: It is not clear which one, or there is no such container.
    """
    spec, name = pod["spec"], pod["metadata"]["name"]
    names = [container["name"] for container in spec.get("containers") or ()]
    init_names = [container["name"] for container in spec.get("initContainers") or ()]
    others = [container["name"] for container in spec.get("ephemeralContainers") or ()]
    if not wanted:
        if len(names) == 1:
            return str(names[0])
        text = (
            f"a container name must be specified for pod {name}, choose one of: [{' '.join(names)}]"
        )
        if init_names:
            text += f" or one of the init containers: [{' '.join(init_names)}]"
        raise BadRequest(text)
    if wanted not in (*names, *init_names, *others):
        raise BadRequest(f"container {wanted} is not valid for pod {name}")
    return wanted
