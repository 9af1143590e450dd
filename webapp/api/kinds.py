"""Which rules hold for which kind: the one table that the API server's registry looks into."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

from webapp.api import other_defaults
from webapp.api.apps import defaults as apps
from webapp.api.autoscaling import defaults as autoscaling
from webapp.api.batch import defaults as batch
from webapp.api.core import preparation
from webapp.api.core.defaults import other as core
from webapp.api.core.defaults import pod, service
from webapp.api.formats import (
    name_is_dns_label,
    name_is_path_segment,
)
from webapp.api.networking import defaults as networking
from webapp.api.rbac import defaults as rbac
from webapp.api.rules import KindRules
from webapp.api.sim import defaults as sim
from webapp.apimachinery.scheme import BUILTIN_KINDS

_ADMISSION = "admissionregistration.k8s.io"
_RBAC = "rbac.authorization.k8s.io"
_SIM = "sim.podarium.dev"

_workload = partial(dict[str, Any], tracks_generation=True)

# fmt: off
_OWN: dict[tuple[str, str], dict[str, Any]] = {
    ("", "Endpoints"): {"default_object": core.default_endpoints},
    ("", "LimitRange"): {"default_object": core.default_limit_range},
    ("", "Namespace"): {
        "name_rule": name_is_dns_label,
        "default_object": core.default_namespace,
        "prepare_new": preparation.prepare_new_namespace,
        "prepare_changed": preparation.prepare_changed_namespace,
    },
    ("", "Node"): {"keeps_status_on_create": True, "default_object": core.default_node},
    ("", "PersistentVolume"): {
        "default_object": core.default_persistent_volume,
        "prepare_new": preparation.prepare_new_volume,
    },
    ("", "PersistentVolumeClaim"): {
        "default_object": core.default_persistent_volume_claim,
        "prepare_new": preparation.prepare_new_volume,
    },
    ("", "Pod"): {
        "tracks_generation": True,
        "default_object": pod.default_pod,
        "prepare_new": preparation.prepare_new_pod,
        "prepare_changed": preparation.prepare_changed_pod,
        "prepare_status": preparation.prepare_pod_status,
    },
    ("", "ReplicationController"): _workload(default_object=core.default_replication_controller),
    ("", "ResourceQuota"): {"default_object": core.default_resource_quota},
    ("", "Secret"): {"default_object": core.default_secret},
    ("", "Service"): {
        "name_rule": name_is_dns_label,
        "default_object": service.default_service,
        "prepare_new": preparation.prepare_new_service,
    },
    (_ADMISSION, "MutatingWebhookConfiguration"): _workload(default_object=other_defaults.default_mutating_webhooks),
    (_ADMISSION, "ValidatingAdmissionPolicy"): _workload(),
    (_ADMISSION, "ValidatingAdmissionPolicyBinding"): _workload(),
    (_ADMISSION, "ValidatingWebhookConfiguration"): _workload(default_object=other_defaults.default_validating_webhooks),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _workload(default_object=other_defaults.default_custom_resource_definition),
    ("apps", "DaemonSet"): _workload(default_object=apps.default_daemon_set),
    ("apps", "Deployment"): _workload(default_object=apps.default_deployment),
    ("apps", "ReplicaSet"): _workload(default_object=apps.default_replica_set),
    ("apps", "StatefulSet"): _workload(default_object=apps.default_stateful_set),
    ("autoscaling", "HorizontalPodAutoscaler"): {"default_object": autoscaling.default_horizontal_pod_autoscaler},
    ("batch", "CronJob"): _workload(default_object=batch.default_cron_job),
    ("batch", "Job"): _workload(default_object=batch.default_job, prepare_new=batch.with_generated_selector),
    ("discovery.k8s.io", "EndpointSlice"): _workload(default_object=networking.default_endpoint_slice),
    ("networking.k8s.io", "Ingress"): _workload(),
    ("networking.k8s.io", "IngressClass"): _workload(default_object=networking.default_ingress_class),
    ("networking.k8s.io", "NetworkPolicy"): _workload(default_object=networking.default_network_policy),
    ("policy", "PodDisruptionBudget"): _workload(),
    (_RBAC, "ClusterRole"): {"name_rule": name_is_path_segment},
    (_RBAC, "ClusterRoleBinding"): {"name_rule": name_is_path_segment, "default_object": rbac.default_binding},
    (_RBAC, "Role"): {"name_rule": name_is_path_segment},
    (_RBAC, "RoleBinding"): {"name_rule": name_is_path_segment, "default_object": rbac.default_binding},
    ("scheduling.k8s.io", "PriorityClass"): _workload(default_object=other_defaults.default_priority_class),
    (_SIM, "Clock"): _workload(default_object=sim.default_clock),
    (_SIM, "Fault"): _workload(),
    (_SIM, "ImageProfile"): _workload(),
    (_SIM, "Lesson"): _workload(),
    (_SIM, "Traffic"): _workload(default_object=sim.default_traffic),
    ("storage.k8s.io", "CSIDriver"): {"default_object": other_defaults.default_csi_driver},
    ("storage.k8s.io", "StorageClass"): {"default_object": other_defaults.default_storage_class},
}
# fmt: on
"""(group, kind) → what differs from the generic rules, sorted."""

_RULES = {
    (info.group, info.kind): replace(
        KindRules(namespaced=info.namespaced, has_status=info.has_status),
        **_OWN.get((info.group, info.kind), {}),
    )
    for info in BUILTIN_KINDS
}


def rules_for(group: str, kind: str, namespaced: bool = True) -> KindRules:
    """The rules of a kind.

    Args:
        group: API group, "" for core.
        kind: CamelCase kind.
        namespaced: Whether its objects live in a Namespace; asked only for custom kinds.
    """
    return _RULES.get((group, kind)) or _custom_rules(namespaced)


@lru_cache(maxsize=2)
def _custom_rules(namespaced: bool) -> KindRules:
    return KindRules(namespaced=namespaced, has_status=True, tracks_generation=True)
