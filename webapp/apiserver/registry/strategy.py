"""What differs from resource to resource, beyond the rules of its kind: the hooks of the generic store.

A kind that needs more than its ``KindRules`` (allocation, graceful deletion, what goes with it) has a
subclass in a file of its own. Hooks get objects and give back objects; none writes to the store.

Models:
    staging/src/k8s.io/apiserver/pkg/registry/rest/create.go RESTCreateStrategy
    staging/src/k8s.io/apiserver/pkg/registry/rest/delete.go RESTDeleteStrategy
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webapp.api.rules import KindRules
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.scheme import ResourceInfo

ORPHAN_BY_DEFAULT = frozenset((("", "replicationcontrollers"), ("batch", "jobs")))
"""Resources whose dependents stay when a deletion does not say what shall become of them."""

_RETURNED_WHEN_DELETED = frozenset(
    (
        "persistentvolumeclaims",
        "persistentvolumes",
        "pods",
        "podtemplates",
        "resourcequotas",
        "serviceaccounts",
        "services",
    )
)


class Strategy:
    """The hooks, with what most resources do.

    Attributes:
        rules: Defaults, preparation and validation of the kind.
        orphans_by_default: Whether dependents stay unless a deletion says otherwise.
        returns_deleted: Whether a deletion answers with the object instead of a ``Status``.
    """

    def __init__(self, info: ResourceInfo, rules: KindRules) -> None:
        self.rules = rules
        self.orphans_by_default = (info.group, info.resource) in ORPHAN_BY_DEFAULT
        self.returns_deleted = not info.group and info.resource in _RETURNED_WHEN_DELETED

    def begin_create(self, obj: JSONObject, *, dry_run: bool) -> JSONObject:
        """Claim what the new object needs (addresses, ports); comes before validation."""
        del dry_run
        return obj

    def cancel_create(self, obj: JSONObject) -> None:
        """Give back what :meth:`begin_create` claimed: the object was refused."""

    def begin_update(self, new: JSONObject, old: JSONObject, *, dry_run: bool) -> JSONObject:
        """Claim and give back what the change needs; comes before validation."""
        del old, dry_run
        return new

    def cancel_update(self, new: JSONObject, old: JSONObject) -> None:
        """Undo :meth:`begin_update`: the change was refused."""

    def after_update(self, new: JSONObject, old: JSONObject) -> None:
        """The change is stored."""

    def after_delete(self, obj: JSONObject) -> None:
        """The object is gone: give back what it held."""

    def grace_period(self, obj: JSONObject, requested: int | None) -> int | None:
        """Seconds that the object lives on after a deletion.

        Returns:
            ``None`` when the kind knows no graceful deletion; 0 to delete at once.
        """
        del obj, requested
        return None

    def blocks_deletion(self, obj: JSONObject) -> bool:
        """Whether something beside ``metadata.finalizers`` keeps the object."""
        del obj
        return False

    def on_deletion_marked(self, obj: JSONObject) -> JSONObject:
        """The object has just been given its ``deletionTimestamp``."""
        return obj
