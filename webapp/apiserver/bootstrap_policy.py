"""The roles that every cluster has, and who holds them: data only.

Models:
    plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go ClusterRoles, ClusterRoleBindings
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

_READ = ("get", "list", "watch")
_WRITE = ("create", "delete", "deletecollection", "patch", "update")
_ALL = ("*",)


def _rule(groups: str, resources: str, verbs: tuple[str, ...], names: str = "") -> JSONObject:
    """A rule; groups, resources and names are lists of words, ``core`` is the core group."""
    rule: JSONObject = {
        "verbs": list(verbs),
        "apiGroups": ["" if group == "core" else group for group in groups.split()],
        "resources": resources.split(),
    }
    if names:
        rule["resourceNames"] = names.split()
    return rule


def _paths(paths: str) -> JSONObject:
    return {"verbs": ["get"], "nonResourceURLs": paths.split()}


_CORE_VIEWED = (
    "configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods "
    "replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status"
)
_CORE_STATUS_VIEWED = (
    "bindings events limitranges namespaces/status pods/log pods/status "
    "replicationcontrollers/status resourcequotas resourcequotas/status"
)
_APPS_VIEWED = (
    "controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status "
    "replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status"
)
_APPS_EDITED = (
    "daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale "
    "statefulsets statefulsets/scale"
)
_SCALERS = "horizontalpodautoscalers"
_SIM_GROUP = "sim.podarium.dev"

_VIEW = [
    _rule("core", _CORE_VIEWED, _READ),
    _rule("core", _CORE_STATUS_VIEWED, _READ),
    _rule("core", "namespaces", _READ),
    _rule("discovery.k8s.io", "endpointslices", _READ),
    _rule("apps", _APPS_VIEWED, _READ),
    _rule("autoscaling", f"{_SCALERS} {_SCALERS}/status", _READ),
    _rule("batch", "cronjobs cronjobs/status jobs jobs/status", _READ),
    _rule("policy", "poddisruptionbudgets poddisruptionbudgets/status", _READ),
    _rule("networking.k8s.io", "ingresses ingresses/status networkpolicies", _READ),
    _rule("events.k8s.io", "events", _READ),
    _rule(_SIM_GROUP, "traffics", _READ),
]
_EDIT = [
    _rule(
        "core", "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy", _READ
    ),
    _rule("core", "serviceaccounts", ("impersonate",)),
    _rule("core", "pods pods/attach pods/exec pods/portforward pods/proxy", _WRITE),
    _rule("core", "pods/eviction", ("create",)),
    _rule(
        "core",
        "configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale "
        "secrets serviceaccounts services services/proxy",
        _WRITE,
    ),
    _rule("core", "serviceaccounts/token", ("create",)),
    _rule("apps", _APPS_EDITED, _WRITE),
    _rule("autoscaling", _SCALERS, _WRITE),
    _rule("batch", "cronjobs jobs", _WRITE),
    _rule("policy", "poddisruptionbudgets", _WRITE),
    _rule("networking.k8s.io", "ingresses networkpolicies", _WRITE),
    _rule("coordination.k8s.io", "leases", (*_WRITE, *_READ)),
    _rule(_SIM_GROUP, "traffics", _WRITE),
    *_VIEW,
]
_ADMIN = [
    _rule("authorization.k8s.io", "localsubjectaccessreviews", ("create",)),
    _rule("rbac.authorization.k8s.io", "rolebindings roles", (*_WRITE, *_READ)),
    *_EDIT,
]
_EVENT_WRITER = _rule("core events.k8s.io", "events", ("create", "patch", "update"))
_PUBLIC_PATHS = "/healthz /livez /readyz /version /version/"
_DISCOVERY_PATHS = (
    "/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/"
)

CLUSTER_ROLE_RULES: dict[str, list[JSONObject]] = {
    "admin": _ADMIN,
    "cluster-admin": [
        _rule("*", "*", _ALL),
        {"verbs": ["*"], "nonResourceURLs": ["*"]},
    ],
    "edit": _EDIT,
    "system:basic-user": [
        _rule(
            "authorization.k8s.io",
            "selfsubjectaccessreviews selfsubjectrulesreviews",
            ("create",),
        ),
        _rule("authentication.k8s.io", "selfsubjectreviews", ("create",)),
    ],
    "system:discovery": [_paths(_DISCOVERY_PATHS)],
    "system:kube-controller-manager": [
        # Upstream gives each controller a role of its own; here they act as one user.
        _rule("*", "*", _READ),
        _EVENT_WRITER,
        _rule("core", "pods replicationcontrollers services", _WRITE),
        _rule("core", "configmaps endpoints secrets serviceaccounts", _WRITE),
        _rule("core", "persistentvolumeclaims persistentvolumes", _WRITE),
        _rule("core", "namespaces nodes", _WRITE),
        _rule(
            "core",
            "namespaces/finalize namespaces/status nodes/status pods/status",
            ("patch", "update"),
        ),
        _rule("core", "pods/binding pods/eviction serviceaccounts/token", ("create",)),
        _rule("*", "*/finalizers */scale */status", ("patch", "update")),
        _rule("*", "*", ("delete", "deletecollection", "patch", "update")),
        _rule(
            "apps", "controllerrevisions daemonsets deployments replicasets statefulsets", _WRITE
        ),
        _rule("batch", "cronjobs jobs", _WRITE),
        _rule("coordination.k8s.io", "leases", _WRITE),
        _rule("discovery.k8s.io", "endpointslices", _WRITE),
        _rule("authentication.k8s.io", "tokenreviews", ("create",)),
        _rule("authorization.k8s.io", "subjectaccessreviews", ("create",)),
    ],
    "system:kube-dns": [_rule("core", "endpoints services", ("list", "watch"))],
    "system:kube-scheduler": [
        _EVENT_WRITER,
        _rule("coordination.k8s.io", "leases", ("create", "get", "list", "update", "watch")),
        _rule("core", "nodes", _READ),
        _rule("core", "pods", ("delete", *_READ)),
        _rule("core", "bindings pods/binding", ("create",)),
        _rule("core", "pods/status", ("patch", "update")),
        _rule("core", "replicationcontrollers services", _READ),
        _rule("apps", "replicasets statefulsets", _READ),
        _rule("policy", "poddisruptionbudgets", _READ),
        _rule("core", "persistentvolumeclaims persistentvolumes", _READ),
        _rule("storage.k8s.io", "csidrivers csinodes csistoragecapacities storageclasses", _READ),
        _rule("core", "namespaces", _READ),
        _rule("authentication.k8s.io", "tokenreviews", ("create",)),
        _rule("authorization.k8s.io", "subjectaccessreviews", ("create",)),
    ],
    "system:node": [
        _EVENT_WRITER,
        _rule("authentication.k8s.io", "tokenreviews", ("create",)),
        _rule(
            "authorization.k8s.io", "localsubjectaccessreviews subjectaccessreviews", ("create",)
        ),
        _rule("core", "services", _READ),
        _rule("core", "nodes", ("create", "patch", "update", *_READ)),
        _rule("core", "nodes/status", ("patch", "update")),
        _rule("core", "pods", ("create", "delete", *_READ)),
        _rule("core", "pods/status", ("patch", "update")),
        _rule("core", "pods/eviction", ("create",)),
        _rule("core", "configmaps persistentvolumeclaims persistentvolumes secrets", _READ),
        _rule("core", "serviceaccounts/token", ("create",)),
        _rule("coordination.k8s.io", "leases", ("create", "delete", "patch", "update", *_READ)),
        _rule("node.k8s.io", "runtimeclasses", _READ),
        _rule("storage.k8s.io", "csidrivers csinodes volumeattachments", _READ),
        _rule(_SIM_GROUP, "faults imageprofiles", _READ),
    ],
    "system:node-proxier": [
        _EVENT_WRITER,
        _rule("core", "endpoints services", ("list", "watch")),
        _rule("core", "nodes", _READ),
        _rule("discovery.k8s.io", "endpointslices", ("list", "watch")),
    ],
    "system:public-info-viewer": [_paths(_PUBLIC_PATHS)],
    "system:volume-scheduler": [
        _rule("core", "persistentvolumeclaims persistentvolumes", ("patch", "update", *_READ)),
        _rule("storage.k8s.io", "storageclasses", _READ),
    ],
    "view": _VIEW,
}
"""ClusterRole → its rules."""

USER_BINDINGS: dict[str, tuple[str, str]] = {
    "system:kube-controller-manager": (
        "system:kube-controller-manager",
        "system:kube-controller-manager",
    ),
    "system:kube-scheduler": ("system:kube-scheduler", "system:kube-scheduler"),
    "system:node-proxier": ("system:node-proxier", "system:kube-proxy"),
    "system:volume-scheduler": ("system:volume-scheduler", "system:kube-scheduler"),
}
"""ClusterRoleBinding → (ClusterRole, user)."""

GROUP_BINDINGS: dict[str, tuple[str, tuple[str, ...]]] = {
    "cluster-admin": ("cluster-admin", ("system:masters",)),
    "system:basic-user": ("system:basic-user", ("system:authenticated",)),
    "system:discovery": ("system:discovery", ("system:authenticated",)),
    "system:node": ("system:node", ("system:nodes",)),
    "system:public-info-viewer": (
        "system:public-info-viewer",
        ("system:authenticated", "system:unauthenticated"),
    ),
}
"""ClusterRoleBinding → (ClusterRole, groups). Nodes are bound here since there is no Node authorizer."""

NAMESPACED_ROLE_RULES: dict[tuple[str, str], list[JSONObject]] = {
    ("kube-system", "extension-apiserver-authentication-reader"): [
        _rule("core", "configmaps", _READ, "extension-apiserver-authentication")
    ],
}
"""(Namespace, Role) → its rules."""

NAMESPACED_BINDINGS: dict[tuple[str, str], tuple[str, str]] = {
    ("kube-system", "system::extension-apiserver-authentication-reader"): (
        "extension-apiserver-authentication-reader",
        "system:kube-scheduler",
    ),
}
"""(Namespace, RoleBinding) → (Role, user)."""
