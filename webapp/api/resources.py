"""Resources that the components name in code, sorted, one a line."""

from webapp.apimachinery.schema import GroupVersionResource

BINDINGS = GroupVersionResource("", "v1", "bindings")
CLOCKS = GroupVersionResource("sim.podarium.dev", "v1alpha1", "clocks")
CLUSTER_ROLES = GroupVersionResource("rbac.authorization.k8s.io", "v1", "clusterroles")
CLUSTER_ROLE_BINDINGS = GroupVersionResource(
    "rbac.authorization.k8s.io", "v1", "clusterrolebindings"
)
CONFIG_MAPS = GroupVersionResource("", "v1", "configmaps")
DAEMON_SETS = GroupVersionResource("apps", "v1", "daemonsets")
DEPLOYMENTS = GroupVersionResource("apps", "v1", "deployments")
ENDPOINTS = GroupVersionResource("", "v1", "endpoints")
ENDPOINT_SLICES = GroupVersionResource("discovery.k8s.io", "v1", "endpointslices")
EVENTS = GroupVersionResource("", "v1", "events")
JOBS = GroupVersionResource("batch", "v1", "jobs")
LEASES = GroupVersionResource("coordination.k8s.io", "v1", "leases")
NAMESPACES = GroupVersionResource("", "v1", "namespaces")
NODES = GroupVersionResource("", "v1", "nodes")
PERSISTENT_VOLUME_CLAIMS = GroupVersionResource("", "v1", "persistentvolumeclaims")
PODS = GroupVersionResource("", "v1", "pods")
PRIORITY_CLASSES = GroupVersionResource("scheduling.k8s.io", "v1", "priorityclasses")
REPLICA_SETS = GroupVersionResource("apps", "v1", "replicasets")
ROLES = GroupVersionResource("rbac.authorization.k8s.io", "v1", "roles")
ROLE_BINDINGS = GroupVersionResource("rbac.authorization.k8s.io", "v1", "rolebindings")
SECRETS = GroupVersionResource("", "v1", "secrets")
SERVICES = GroupVersionResource("", "v1", "services")
SERVICE_ACCOUNTS = GroupVersionResource("", "v1", "serviceaccounts")
STATEFUL_SETS = GroupVersionResource("apps", "v1", "statefulsets")
