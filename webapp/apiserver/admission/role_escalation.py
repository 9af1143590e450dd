"""Nobody gives rights that they do not have: roles and bindings are compared with their writer's own rules.

Upstream does this in the storage of roles and bindings, after admission; here it is the chain's last
validating step, at the same place of a request.

Models:
    pkg/registry/rbac/clusterrole/policybased/storage.go Storage
    pkg/registry/rbac/rolebinding/policybased/storage.go Storage
    pkg/registry/rbac/validation/rule.go ConfirmNoEscalation
    staging/src/k8s.io/component-helpers/auth/rbac/validation/policy_comparator.go Covers
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.status import NotFound
from webapp.apiserver.admission.plugin import AdmissionPlugin
from webapp.apiserver.authorization import (
    CLUSTER_ROLES,
    RBAC_GROUP,
    ROLES,
    SUPER_GROUP,
    Attributes,
    Authorizer,
)
from webapp.apiserver.storage import object_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from webapp.apimachinery.meta import JSONObject
    from webapp.apiserver.admission.plugin import AdmissionAttributes
    from webapp.apiserver.cacher import Cacher
    from webapp.apiserver.storage import Storage

_ROLE_RESOURCES = frozenset(("roles", "clusterroles"))
_BINDING_RESOURCES = frozenset(("rolebindings", "clusterrolebindings"))
_EVERYTHING: tuple[JSONObject, ...] = (
    {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
    {"verbs": ["*"], "nonResourceURLs": ["*"]},
)
_SHOWN_FIELDS = (
    ("APIGroups", "apiGroups"),
    ("Resources", "resources"),
    ("NonResourceURLs", "nonResourceURLs"),
    ("ResourceNames", "resourceNames"),
    ("Verbs", "verbs"),
)


class RoleEscalation(AdmissionPlugin):
    """Refuses roles and bindings that give more than their writer holds."""

    name = "RoleEscalation"

    def __init__(self, storage: Storage, cacher: Cacher) -> None:
        self._storage = storage
        self._authorizer = Authorizer(storage, cacher)

    def handles(self, group: str, resource: str, subresource: str, operation: str) -> bool:
        """Whether this is a role or a binding that is written."""
        return (
            group == RBAC_GROUP
            and not subresource
            and operation != "DELETE"
            and resource in _ROLE_RESOURCES | _BINDING_RESOURCES
        )

    def validate(self, attributes: AdmissionAttributes, obj: JSONObject) -> None:
        """Refuse what gives more than the writer has.

        Raises:
            Forbidden: It does.
            NotFound: A binding names a role that does not exist, and its writer may not bind freely.
        """
        user = attributes.user
        if SUPER_GROUP in user.groups:
            return
        if attributes.info.resource in _ROLE_RESOURCES:
            given = self._rules_of_role(attributes, obj)
        else:
            given = self._rules_of_binding(attributes, obj)
        held = [bound.rule for bound in self._authorizer.rules_for(user, attributes.namespace)]
        missing = [
            part
            for rule in given
            for part in _parts(rule)
            if not any(_covers(own, part) for own in held)
        ]
        if not missing:
            return
        lines = sorted({_text(rule) for rule in _compacted(missing)})
        raise attributes.forbidden(
            f'user "{user.name}" (groups={_quoted(user.groups)}) is attempting to grant RBAC '
            "permissions not currently held:\n" + "\n".join(lines)
        )

    def _rules_of_role(
        self, attributes: AdmissionAttributes, role: JSONObject
    ) -> Sequence[JSONObject]:
        before = attributes.old
        rules: Sequence[JSONObject] = role.get("rules") or ()
        aggregation = role.get("aggregationRule")
        if before is not None and (
            list(rules) == list(before.get("rules") or ())
            and aggregation == before.get("aggregationRule")
        ):
            return ()
        if self._may(attributes, "escalate", attributes.info.resource, attributes.name):
            return ()
        # What will be aggregated is not known: only who has every right may ask for it.
        return (*rules, *_EVERYTHING) if aggregation else rules

    def _rules_of_binding(
        self, attributes: AdmissionAttributes, binding: JSONObject
    ) -> Sequence[JSONObject]:
        before = attributes.old
        if before is not None and before.get("subjects") == binding.get("subjects"):
            return ()
        reference = binding["roleRef"]
        is_cluster_role = reference["kind"] == "ClusterRole"
        resource = "clusterroles" if is_cluster_role else "roles"
        if self._may(attributes, "bind", resource, reference["name"]):
            return ()
        if is_cluster_role:
            role = self._storage.get(CLUSTER_ROLES, reference["name"])
        else:
            role = self._storage.get(ROLES, object_key(attributes.namespace, reference["name"]))
        if role is None:
            raise NotFound(
                f'{resource}.{RBAC_GROUP} "{reference["name"]}" not found',
                {"name": reference["name"], "group": RBAC_GROUP, "kind": resource},
            )
        return role.get("rules") or ()

    def _may(self, attributes: AdmissionAttributes, verb: str, resource: str, name: str) -> bool:
        wanted = Attributes(
            verb, RBAC_GROUP, "v1", resource, namespace=attributes.namespace, name=name
        )
        return self._authorizer.allowing_rule(attributes.user, wanted) is not None


def _parts(rule: JSONObject) -> Iterator[JSONObject]:
    """The rule as rules of one verb on one thing."""
    verbs = rule.get("verbs") or ()
    for group in rule.get("apiGroups") or ():
        for resource in rule.get("resources") or ():
            for verb in verbs:
                part = {"apiGroups": [group], "resources": [resource], "verbs": [verb]}
                names = rule.get("resourceNames") or ()
                if not names:
                    yield part
                for name in names:
                    yield {**part, "resourceNames": [name]}
    for url in rule.get("nonResourceURLs") or ():
        for verb in verbs:
            yield {"nonResourceURLs": [url], "verbs": [verb]}


def _covers(own: JSONObject, part: JSONObject) -> bool:
    if not _has(own.get("verbs"), part["verbs"][0]):
        return False
    if "nonResourceURLs" in part:
        return _has_url(own.get("nonResourceURLs"), part["nonResourceURLs"][0])
    names = own.get("resourceNames")
    return (
        _has(own.get("apiGroups"), part["apiGroups"][0])
        and _has_resource(own.get("resources"), part["resources"][0])
        and (not names or ("resourceNames" in part and part["resourceNames"][0] in names))
    )


def _has(known: list[str] | None, wanted: str) -> bool:
    return known is not None and ("*" in known or wanted in known)


def _has_resource(known: list[str] | None, wanted: str) -> bool:
    if _has(known, wanted):
        return True
    _, _, subresource = wanted.partition("/")
    return bool(subresource) and f"*/{subresource}" in (known or ())


def _has_url(known: list[str] | None, wanted: str) -> bool:
    return any(
        pattern == wanted
        or (pattern.endswith("*") and wanted.startswith(pattern.removesuffix("*")))
        for pattern in known or ()
    )


def _compacted(parts: list[JSONObject]) -> list[JSONObject]:
    """Parts for the same thing as one rule with all their verbs."""
    together: dict[tuple[str, ...], JSONObject] = {}
    for part in parts:
        key = tuple(_quoted(part.get(field) or ()) for _, field in _SHOWN_FIELDS[:-1])
        known = together.get(key)
        verbs = [*known["verbs"], *part["verbs"]] if known else part["verbs"]
        together[key] = {**part, "verbs": verbs}
    return list(together.values())


def _text(rule: JSONObject) -> str:
    shown = [f"{title}:{_quoted(rule[field])}" for title, field in _SHOWN_FIELDS if rule.get(field)]
    return "{" + ", ".join(shown) + "}"


def _quoted(texts: Sequence[str]) -> str:
    return "[" + " ".join(f'"{text}"' for text in texts) + "]"
