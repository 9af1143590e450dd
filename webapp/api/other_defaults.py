"""What the API server fills in for kinds of the small groups.

Models:
    pkg/apis/scheduling/v1/defaults.go
    pkg/apis/storage/v1/defaults.go
    pkg/apis/admissionregistration/v1/defaults.go
    staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1/defaults.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.api.defaulting import fill, map_field, map_items, map_spec

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

_CSI_DRIVER: dict[str, Any] = {
    "attachRequired": True,
    "fsGroupPolicy": "ReadWriteOnceWithFSType",
    "podInfoOnMount": False,
    "requiresRepublish": False,
    "seLinuxMount": False,
    "storageCapacity": False,
    "volumeLifecycleModes": ["Persistent"],
}
_WEBHOOK: dict[str, Any] = {
    "failurePolicy": "Fail",
    "matchPolicy": "Equivalent",
    "namespaceSelector": {},
    "objectSelector": {},
    "timeoutSeconds": 10,
}


def default_priority_class(priority_class: JSONObject) -> JSONObject:
    """A PriorityClass."""
    return fill(priority_class, {"preemptionPolicy": "PreemptLowerPriority"})


def default_storage_class(storage_class: JSONObject) -> JSONObject:
    """A StorageClass."""
    return fill(storage_class, {"reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"})


def default_validating_webhooks(configuration: JSONObject) -> JSONObject:
    """A ValidatingWebhookConfiguration."""
    return map_items(configuration, "webhooks", _default_webhook)


def default_mutating_webhooks(configuration: JSONObject) -> JSONObject:
    """A MutatingWebhookConfiguration."""
    return map_items(configuration, "webhooks", _default_mutating_webhook)


def _default_mutating_webhook(webhook: JSONObject) -> JSONObject:
    return fill(_default_webhook(webhook), {"reinvocationPolicy": "Never"})


def _default_webhook(webhook: JSONObject) -> JSONObject:
    webhook = map_field(fill(webhook, _WEBHOOK), "clientConfig", _default_client_config)
    return map_items(webhook, "rules", _default_webhook_rule)


def _default_client_config(config: JSONObject) -> JSONObject:
    return map_field(config, "service", _default_webhook_service)


def _default_webhook_service(service: JSONObject) -> JSONObject:
    return fill(service, {"port": 443})


def _default_webhook_rule(rule: JSONObject) -> JSONObject:
    return fill(rule, {"scope": "*"})


def _default_csi_driver(spec: JSONObject) -> JSONObject:
    return fill(spec, _CSI_DRIVER)


def _default_definition(spec: JSONObject) -> JSONObject:
    spec = fill(spec, {"conversion": {"strategy": "None"}})
    return map_field(spec, "names", _default_definition_names)


def _default_definition_names(names: JSONObject) -> JSONObject:
    kind = names.get("kind") or ""
    return fill(names, {"listKind": f"{kind}List", "singular": kind.lower()}) if kind else names


default_csi_driver = map_spec(_default_csi_driver)
default_custom_resource_definition = map_spec(_default_definition)
