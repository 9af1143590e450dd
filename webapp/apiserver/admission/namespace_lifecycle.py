"""Nothing new in a missing or ending Namespace; three Namespaces can never be deleted.

Models:
    staging/src/k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go Lifecycle
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.status import NotFound
from webapp.apiserver.admission.plugin import CREATE, DELETE, AdmissionPlugin
from webapp.apiserver.storage import bucket_name

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apiserver.admission.plugin import AdmissionAttributes
    from webapp.apiserver.storage import Storage

_NAMESPACES = bucket_name("", "namespaces")
_IMMORTAL = frozenset(("default", "kube-public", "kube-system"))


class NamespaceLifecycle(AdmissionPlugin):
    """Guards the beginning and the end of Namespaces."""

    name = "NamespaceLifecycle"

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def handles(self, group: str, resource: str, subresource: str, operation: str) -> bool:
        """Everything but the deletion of other things and access reviews."""
        del subresource
        if operation == DELETE:
            return (group, resource) == ("", "namespaces")
        return (group, resource) != ("authorization.k8s.io", "localsubjectaccessreviews")

    def admit(self, attributes: AdmissionAttributes, obj: JSONObject) -> JSONObject:
        """Refuse what has no Namespace to live in."""
        if attributes.operation == DELETE:
            if attributes.name in _IMMORTAL:
                raise attributes.forbidden("this namespace may not be deleted")
            return obj
        if not attributes.info.namespaced:
            return obj
        namespace = self._storage.get(_NAMESPACES, attributes.namespace)
        if namespace is None:
            raise NotFound.of("", "namespaces", attributes.namespace)
        if attributes.operation == CREATE and namespace["metadata"].get("deletionTimestamp"):
            raise attributes.forbidden(
                f"unable to create new content in namespace {attributes.namespace} because it is being terminated",
                [
                    {
                        "reason": "NamespaceTerminating",
                        "message": f"namespace {attributes.namespace} is being terminated",
                        "field": "metadata.namespace",
                    }
                ],
            )
        return obj
