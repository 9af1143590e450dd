"""Which rules hold for which kind: the one table that the API server's registry looks into."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from webapp.api import other_defaults, other_validation
from webapp.api.apiextensions import preparation as apiextensions
from webapp.api.apiextensions import validation as apiextensions_validation
from webapp.api.apps import defaults as apps
from webapp.api.apps import validation as apps_validation
from webapp.api.autoscaling import defaults as autoscaling
from webapp.api.autoscaling import validation as autoscaling_validation
from webapp.api.batch import defaults as batch
from webapp.api.batch import validation as batch_validation
from webapp.api.core import preparation
from webapp.api.core.defaults import other as core
from webapp.api.core.defaults import pod, service
from webapp.api.core.validation import claim, config, node, pod_update, quota
from webapp.api.core.validation import pod as pod_validation
from webapp.api.core.validation import service as service_validation
from webapp.api.formats import (
    name_is_dns1035_label,
    name_is_dns_label,
    name_is_path_segment,
)
from webapp.api.networking import defaults as networking
from webapp.api.networking import validation as networking_validation
from webapp.api.policy import validation as policy_validation
from webapp.api.rbac import defaults as rbac
from webapp.api.rbac import validation as rbac_validation
from webapp.api.rules import KindRules
from webapp.api.sim import defaults as sim
from webapp.api.sim.clock import validate_clock
from webapp.api.sim.fault import default_fault, validate_fault, validate_fault_change
from webapp.api.sim.traffic import default_traffic, validate_traffic
from webapp.apimachinery.scheme import BUILTIN_KINDS

_ADMISSION = "admissionregistration.k8s.io"
_RBAC = "rbac.authorization.k8s.io"
_SIM = "sim.podarium.dev"

_counted = partial(dict[str, Any], tracks_generation=True)
"""What differs from the generic rules in a kind whose generation counts up."""

_OWN: dict[tuple[str, str], dict[str, Any]] = {
    ("", "ConfigMap"): {
        "validate_object": config.validate_config_map,
        "validate_change": config.validate_config_map_change,
    },
    ("", "Endpoints"): {"default_object": core.default_endpoints},
    ("", "LimitRange"): {
        "default_object": core.default_limit_range,
        "validate_object": quota.validate_limit_range,
    },
    ("", "Namespace"): {
        "name_rule": name_is_dns_label,
        "default_object": core.default_namespace,
        "prepare_new": preparation.prepare_new_namespace,
        "prepare_changed": preparation.prepare_changed_namespace,
    },
    ("", "Node"): {
        "keeps_status_on_create": True,
        "default_object": core.default_node,
        "validate_object": node.validate_node,
        "validate_change": node.validate_node_change,
        "validate_status_change": node.validate_node_status_change,
    },
    ("", "PersistentVolume"): {
        "default_object": core.default_persistent_volume,
        "prepare_new": preparation.prepare_new_volume,
    },
    ("", "PersistentVolumeClaim"): {
        "default_object": core.default_persistent_volume_claim,
        "prepare_new": preparation.prepare_new_volume,
        "validate_object": other_validation.validate_persistent_volume_claim,
        "validate_change": claim.validate_claim_change,
    },
    ("", "Pod"): _counted(
        default_object=pod.default_pod,
        prepare_new=preparation.prepare_new_pod,
        prepare_changed=preparation.prepare_changed_pod,
        prepare_status=preparation.prepare_pod_status,
        validate_object=pod_validation.validate_pod,
        validate_new=pod_validation.validate_new_pod,
        validate_change=pod_update.validate_pod_change,
        validate_status_change=pod_update.validate_pod_status_change,
    ),
    ("", "ReplicationController"): _counted(
        default_object=core.default_replication_controller,
        validate_object=apps_validation.validate_replication_controller,
    ),
    ("", "ResourceQuota"): {
        "default_object": core.default_resource_quota,
        "validate_object": quota.validate_resource_quota,
        "validate_change": quota.validate_resource_quota_change,
    },
    ("", "Secret"): {
        "default_object": core.default_secret,
        "validate_object": config.validate_secret,
        "validate_change": config.validate_secret_change,
    },
    ("", "Service"): {
        "name_rule": name_is_dns1035_label,
        "default_object": service.default_service,
        "prepare_new": preparation.prepare_new_service,
        "validate_object": service_validation.validate_service,
        "validate_change": service_validation.validate_service_change,
    },
    (_ADMISSION, "MutatingAdmissionPolicy"): _counted(),
    (_ADMISSION, "MutatingAdmissionPolicyBinding"): _counted(),
    (_ADMISSION, "MutatingWebhookConfiguration"): _counted(
        default_object=other_defaults.default_mutating_webhooks
    ),
    (_ADMISSION, "ValidatingAdmissionPolicy"): _counted(),
    (_ADMISSION, "ValidatingAdmissionPolicyBinding"): _counted(),
    (_ADMISSION, "ValidatingWebhookConfiguration"): _counted(
        default_object=other_defaults.default_validating_webhooks
    ),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _counted(
        default_object=other_defaults.default_custom_resource_definition,
        prepare_new=apiextensions.prepare_new_definition,
        prepare_changed=apiextensions.prepare_changed_definition,
        validate_object=apiextensions_validation.validate_definition,
        validate_change=apiextensions_validation.validate_definition_change,
    ),
    ("apps", "ControllerRevision"): {
        "validate_object": apps_validation.validate_controller_revision,
        "validate_change": apps_validation.validate_controller_revision_change,
    },
    ("apps", "DaemonSet"): _counted(
        default_object=apps.default_daemon_set,
        validate_object=apps_validation.validate_daemon_set,
        validate_change=apps_validation.validate_selector_change,
    ),
    ("apps", "Deployment"): _counted(
        default_object=apps.default_deployment,
        validate_object=apps_validation.validate_deployment,
        validate_change=apps_validation.validate_selector_change,
    ),
    ("apps", "ReplicaSet"): _counted(
        default_object=apps.default_replica_set,
        validate_object=apps_validation.validate_replica_set,
        validate_change=apps_validation.validate_selector_change,
    ),
    ("apps", "StatefulSet"): _counted(
        default_object=apps.default_stateful_set,
        validate_object=apps_validation.validate_stateful_set,
        validate_change=apps_validation.validate_stateful_set_change,
    ),
    ("autoscaling", "HorizontalPodAutoscaler"): {
        "default_object": autoscaling.default_horizontal_pod_autoscaler,
        "validate_object": autoscaling_validation.validate_horizontal_pod_autoscaler,
    },
    ("batch", "CronJob"): _counted(
        default_object=batch.default_cron_job,
        validate_object=batch_validation.validate_cron_job,
    ),
    ("batch", "Job"): _counted(
        default_object=batch.default_job,
        prepare_new=batch.with_generated_selector,
        validate_object=batch_validation.validate_job,
        validate_change=batch_validation.validate_job_change,
    ),
    ("discovery.k8s.io", "EndpointSlice"): _counted(
        default_object=networking.default_endpoint_slice,
        validate_object=networking_validation.validate_endpoint_slice,
        validate_change=networking_validation.validate_endpoint_slice_change,
    ),
    ("networking.k8s.io", "Ingress"): _counted(
        validate_object=networking_validation.validate_ingress
    ),
    ("networking.k8s.io", "IngressClass"): _counted(
        default_object=networking.default_ingress_class
    ),
    ("networking.k8s.io", "NetworkPolicy"): _counted(
        default_object=networking.default_network_policy,
        validate_object=networking_validation.validate_network_policy,
    ),
    ("node.k8s.io", "RuntimeClass"): {
        "validate_change": other_validation.validate_runtime_class_change
    },
    ("policy", "PodDisruptionBudget"): _counted(
        validate_object=policy_validation.validate_pod_disruption_budget
    ),
    (_RBAC, "ClusterRole"): {
        "name_rule": name_is_path_segment,
        "validate_object": rbac_validation.validate_cluster_role,
    },
    (_RBAC, "ClusterRoleBinding"): {
        "name_rule": name_is_path_segment,
        "default_object": rbac.default_binding,
        "validate_object": rbac_validation.validate_cluster_role_binding,
        "validate_change": rbac_validation.validate_binding_change,
    },
    (_RBAC, "Role"): {
        "name_rule": name_is_path_segment,
        "validate_object": rbac_validation.validate_role,
    },
    (_RBAC, "RoleBinding"): {
        "name_rule": name_is_path_segment,
        "default_object": rbac.default_binding,
        "validate_object": rbac_validation.validate_role_binding,
        "validate_change": rbac_validation.validate_binding_change,
    },
    ("scheduling.k8s.io", "PriorityClass"): _counted(
        default_object=other_defaults.default_priority_class,
        validate_object=other_validation.validate_priority_class,
        validate_change=other_validation.validate_priority_class_change,
    ),
    (_SIM, "Clock"): _counted(default_object=sim.default_clock, validate_object=validate_clock),
    (_SIM, "Fault"): _counted(
        default_object=default_fault,
        validate_object=validate_fault,
        validate_change=validate_fault_change,
    ),
    (_SIM, "ImageProfile"): _counted(),
    (_SIM, "Lesson"): _counted(),
    (_SIM, "Traffic"): _counted(default_object=default_traffic, validate_object=validate_traffic),
    ("storage.k8s.io", "CSIDriver"): {"default_object": other_defaults.default_csi_driver},
    ("storage.k8s.io", "StorageClass"): {
        "default_object": other_defaults.default_storage_class,
        "validate_object": other_validation.validate_storage_class,
        "validate_change": other_validation.validate_storage_class_change,
    },
}
"""(group, kind) → what differs from the generic rules, sorted."""

_RULES = {
    (info.group, info.kind): replace(
        KindRules(namespaced=info.namespaced, has_status=info.has_status),
        **_OWN.get((info.group, info.kind), {}),
    )
    for info in BUILTIN_KINDS
}


def rules_for(group: str, kind: str) -> KindRules:
    """The rules of a built-in kind; ``group`` is "" for core."""
    return _RULES[group, kind]
