"""May they: roles and bindings as they are stored, evaluated as upstream does.

A user and the attributes of a request enter; the text of the rule that allows it leaves, or
``Forbidden``. Decisions that do not hang on an object's name are remembered until a role or binding
changes.

Models:
    plugin/pkg/auth/authorizer/rbac/rbac.go RBACAuthorizer
    pkg/apis/rbac/v1/evaluation_helpers.go
    staging/src/k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go Forbidden
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from webapp.apimachinery.status import Forbidden
from webapp.apiserver.storage import bucket_name, object_key
from webapp.apiserver.tokens import account_user_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.wire import UserInfo
    from webapp.apiserver.cacher import Cacher
    from webapp.apiserver.request_info import RequestInfo
    from webapp.apiserver.storage import Storage
    from webapp.etcd.mvcc import Change

RBAC_GROUP = "rbac.authorization.k8s.io"
CLUSTER_ROLES = bucket_name(RBAC_GROUP, "clusterroles")
CLUSTER_ROLE_BINDINGS = bucket_name(RBAC_GROUP, "clusterrolebindings")
ROLES = bucket_name(RBAC_GROUP, "roles")
ROLE_BINDINGS = bucket_name(RBAC_GROUP, "rolebindings")
SUPER_GROUP = "system:masters"
SUPER_RULE = "ClusterRoleBinding cluster-admin → ClusterRole cluster-admin"
_REMEMBERED_DECISIONS = 100_000


class Attributes(NamedTuple):
    """What is to be done.

    Attributes:
        verb: API verb, or lower-case method for other paths.
        group, version, resource, subresource, namespace, name: The resource's coordinates.
        path: The path, for what is no resource; then ``resource`` is "".
    """

    verb: str
    group: str = ""
    version: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @property
    def full_resource(self) -> str:
        """``plural`` or ``plural/subresource``, as rules name it."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


class BoundRule(NamedTuple):
    """A rule that holds for a user, and the binding and role it comes from."""

    text: str
    rule: JSONObject


class Authorizer:
    """Role-based access control over the stored roles and bindings.

    Attributes:
        version: Rises with every change of a role or binding.
    """

    def __init__(self, storage: Storage, cacher: Cacher) -> None:
        self.version = 0
        self._storage = storage
        self._decisions: dict[tuple[UserInfo, str, str, str, str, str], str | None] = {}
        self._rules: dict[tuple[str, tuple[str, ...], str], list[BoundRule]] = {}
        for bucket in (CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS, ROLES, ROLE_BINDINGS):
            cacher.listen(bucket, self._forget)

    def require(self, user: UserInfo, attributes: Attributes | RequestInfo) -> str:
        """The text of the rule that allows it.

        Raises:
            Forbidden: None does.
        """
        rule = self.allowing_rule(user, attributes)
        if rule is None:
            raise forbidden(user, attributes)
        return rule

    def allowing_rule(self, user: UserInfo, attributes: Attributes | RequestInfo) -> str | None:
        """The text of the first rule that allows it, or ``None``."""
        if SUPER_GROUP in user.groups:
            return SUPER_RULE
        if not attributes.resource:
            return self._path_rule(user, attributes)
        key = (
            user,
            attributes.verb,
            attributes.group,
            attributes.resource,
            attributes.subresource,
            attributes.namespace,
        )
        if key in self._decisions:
            rule = self._decisions[key]
        else:
            rule = self._resource_rule(user, attributes, "")
            if len(self._decisions) >= _REMEMBERED_DECISIONS:
                self._decisions.clear()
            self._decisions[key] = rule
        if rule is None and attributes.name:
            return self._resource_rule(user, attributes, attributes.name)
        return rule

    def allows_any_name(self, user: UserInfo, info: RequestInfo) -> bool:
        """Whether the request would be allowed for every object of its resource and namespace."""
        nameless = Attributes(
            info.verb, info.group, info.version, info.resource, info.subresource, info.namespace
        )
        return self.allowing_rule(user, nameless) is not None

    def rules_for(self, user: UserInfo, namespace: str) -> list[BoundRule]:
        """All rules that hold for ``user`` in ``namespace`` ("": cluster-wide ones only)."""
        key = (user.name, user.groups, namespace)
        known = self._rules.get(key)
        if known is None:
            known = self._rules[key] = list(self._bound_rules(user, namespace))
        return known

    def _resource_rule(
        self, user: UserInfo, attributes: Attributes | RequestInfo, name: str
    ) -> str | None:
        full_resource = attributes.full_resource
        for text, rule in self.rules_for(user, attributes.namespace):
            if (
                _allows(rule.get("verbs"), attributes.verb)
                and _allows(rule.get("apiGroups"), attributes.group)
                and _resource_matches(rule.get("resources"), full_resource, attributes.subresource)
                and (not rule.get("resourceNames") or name in rule["resourceNames"])
            ):
                return text
        return None

    def _path_rule(self, user: UserInfo, attributes: Attributes | RequestInfo) -> str | None:
        for text, rule in self.rules_for(user, ""):
            if _allows(rule.get("verbs"), attributes.verb) and _path_matches(
                rule.get("nonResourceURLs"), attributes.path
            ):
                return text
        return None

    def _bound_rules(self, user: UserInfo, namespace: str) -> Iterator[BoundRule]:
        for binding in self._storage.list(CLUSTER_ROLE_BINDINGS):
            if _binds(binding, user, ""):
                yield from self._rules_of(binding, "ClusterRoleBinding", "")
        if not namespace:
            return
        for binding in self._storage.list(ROLE_BINDINGS, namespace):
            if _binds(binding, user, namespace):
                yield from self._rules_of(binding, "RoleBinding", namespace)

    def _rules_of(self, binding: JSONObject, kind: str, namespace: str) -> Iterator[BoundRule]:
        reference = binding["roleRef"]
        if reference["kind"] == "ClusterRole":
            role = self._storage.get(CLUSTER_ROLES, reference["name"])
        else:
            role = self._storage.get(ROLES, object_key(namespace, reference["name"]))
        if role is None:
            return
        text = f"{kind} {binding['metadata']['name']} → {reference['kind']} {reference['name']}"
        for rule in role.get("rules") or ():
            yield BoundRule(text, rule)

    def _forget(self, _: Change) -> None:
        self.version += 1
        self._decisions.clear()
        self._rules.clear()


def forbidden(user: UserInfo, attributes: Attributes | RequestInfo) -> Forbidden:
    """The refusal, in upstream's words."""
    resource, group, name = attributes.resource, attributes.group, attributes.name
    if not resource:
        return Forbidden(
            f'forbidden: User "{user.name}" cannot {attributes.verb} path "{attributes.path}"'
        )
    where = (
        f'in the namespace "{attributes.namespace}"'
        if attributes.namespace
        else "at the cluster scope"
    )
    qualified = f"{resource}.{group}" if group else resource
    subject = f'{qualified} "{name}"' if name else qualified
    details: JSONObject = {"kind": resource}
    if name:
        details["name"] = name
    if group:
        details["group"] = group
    return Forbidden(
        f'{subject} is forbidden: User "{user.name}" cannot {attributes.verb} resource '
        f'"{attributes.full_resource}" in API group "{group}" {where}',
        details,
    )


def _binds(binding: JSONObject, user: UserInfo, namespace: str) -> bool:
    for subject in binding.get("subjects") or ():
        kind, name = subject.get("kind"), subject.get("name")
        if kind == "User" and name == user.name:
            return True
        if kind == "Group" and name in user.groups:
            return True
        if kind == "ServiceAccount":
            where = subject.get("namespace") or namespace
            if user.name == account_user_name(where, name):
                return True
    return False


def _allows(known: list[str] | None, wanted: str) -> bool:
    return known is not None and ("*" in known or wanted in known)


def _resource_matches(known: list[str] | None, full_resource: str, subresource: str) -> bool:
    if not known:
        return False
    if "*" in known or full_resource in known:
        return True
    return bool(subresource) and f"*/{subresource}" in known


def _path_matches(known: list[str] | None, path: str) -> bool:
    for pattern in known or ():
        if pattern in {"*", path}:
            return True
        if pattern.endswith("*") and path.startswith(pattern.rstrip("*")):
            return True
    return False
