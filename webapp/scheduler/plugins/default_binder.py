"""DefaultBinder: writes the binding through the API.

Models:
    pkg/scheduler/framework/plugins/defaultbinder/default_binder.go DefaultBinder
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import PODS
from webapp.apimachinery.status import StatusError
from webapp.scheduler.framework.interface import SUCCESS, BindPlugin, Code, Status

if TYPE_CHECKING:
    from webapp.client.rest import RESTClient
    from webapp.scheduler.framework.cycle_state import CycleState
    from webapp.scheduler.framework.types import PodInfo


class DefaultBinder(BindPlugin):
    """POSTs ``pods/NAME/binding``."""

    name = "DefaultBinder"

    def __init__(self, client: RESTClient) -> None:
        self._client = client

    def bind(self, state: CycleState, pod: PodInfo, node_name: str) -> Status:  # noqa: ARG002
        """SUCCESS, or the API server's refusal as an error."""
        metadata = pod.pod["metadata"]
        namespace, name = metadata.get("namespace", ""), metadata["name"]
        binding = {
            "kind": "Binding",
            "apiVersion": "v1",
            "metadata": {"name": name, "namespace": namespace, "uid": pod.uid},
            "target": {"kind": "Node", "name": node_name},
        }
        try:
            self._client.create(PODS, namespace, binding, subresource="binding", name=name)
        except StatusError as error:
            reason = f'running Bind plugin "{self.name}": {error.message}'
            return Status(Code.ERROR, (reason,))
        return SUCCESS
