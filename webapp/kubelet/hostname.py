"""What a Pod's programs see as the name of their host.

Models:
    pkg/kubelet/kubelet_pods.go GeneratePodHostNameAndDomain
    pkg/kubelet/util/util.go GetNodenameForKernel
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

CLUSTER_DOMAIN = "cluster.local"
LONGEST = 63


def pod_hostname(pod: JSONObject) -> str:
    """The override, or the Pod's hostname or name, with its domain where the Pod asks for that."""
    metadata, spec = pod["metadata"], pod["spec"]
    override: str = spec.get("hostnameOverride") or ""
    if override:
        return override
    name: str = (spec.get("hostname") or metadata["name"])[:LONGEST].rstrip("-.")
    subdomain = spec.get("subdomain")
    if not spec.get("setHostnameAsFQDN") or not subdomain:
        return name
    return f"{name}.{subdomain}.{metadata['namespace']}.svc.{CLUSTER_DOMAIN}"
