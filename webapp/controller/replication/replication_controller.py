"""The ReplicationController controller: the ReplicaSet controller over another kind.

Models:
    pkg/controller/replication/replication_controller.go ReplicationManager
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import REPLICATION_CONTROLLERS
from webapp.apimachinery.labels import selector_from_labels
from webapp.controller.replicaset.replica_set import ReplicaSetController

if TYPE_CHECKING:
    from webapp.apimachinery.labels import Selector
    from webapp.apimachinery.meta import JSONObject


class ReplicationManager(ReplicaSetController):
    """Reconciles ReplicationControllers; keys are ``namespace/name``."""

    name = "replication-controller"
    kind = "ReplicationController"
    resource = REPLICATION_CONTROLLERS

    def selector_of(self, replica_set: JSONObject) -> Selector:
        """Its plain map of labels."""
        return selector_from_labels(replica_set["spec"].get("selector"))
