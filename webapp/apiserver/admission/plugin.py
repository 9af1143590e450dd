"""What an admission plugin is told, and what it may do.

Models:
    staging/src/k8s.io/apiserver/pkg/admission/interfaces.go Attributes, MutationInterface
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.apimachinery.status import Forbidden

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.scheme import ResourceInfo
    from webapp.apimachinery.wire import UserInfo

CREATE = "CREATE"
UPDATE = "UPDATE"
DELETE = "DELETE"


@dataclass(slots=True)
class AdmissionAttributes:
    """The operation to be admitted.

    Attributes:
        operation: CREATE, UPDATE or DELETE.
        info: The resource.
        subresource: Subresource, or "".
        namespace: The object's Namespace, or "".
        name: Its name.
        user: Who asks.
        old: The stored object, ``None`` on create.
        dry_run: Whether nothing will be stored.
    """

    operation: str
    info: ResourceInfo
    subresource: str
    namespace: str
    name: str
    user: UserInfo
    old: JSONObject | None = None
    dry_run: bool = False

    def forbidden(self, problem: str, causes: list[JSONObject] | None = None) -> Forbidden:
        """The refusal in the shape all plugins share."""
        info = self.info
        qualified = f"{info.resource}.{info.group}" if info.group else info.resource
        details: JSONObject = {"name": self.name, "kind": info.resource}
        if info.group:
            details["group"] = info.group
        if causes:
            details["causes"] = causes
        subject = f'{qualified} "{self.name}"' if self.name else qualified
        return Forbidden(f"{subject} is forbidden: {problem}", details)


class AdmissionPlugin:
    """One step of the chain; the base class admits everything.

    Attributes:
        name: Upstream's name of the plugin, as facts show it.
    """

    name = ""

    def handles(self, group: str, resource: str, subresource: str, operation: str) -> bool:
        """Whether the plugin looks at such requests at all; asked once for each combination."""
        raise NotImplementedError

    def admit(self, attributes: AdmissionAttributes, obj: JSONObject) -> JSONObject:
        """Fill in what is missing; the same object when nothing is.

        Raises:
            StatusError: The request is refused.
        """
        del attributes
        return obj

    def validate(self, attributes: AdmissionAttributes, obj: JSONObject) -> None:
        """Look at the final object.

        Raises:
            StatusError: The request is refused.
        """
