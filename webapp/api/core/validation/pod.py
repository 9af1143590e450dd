"""What the API server refuses in Pods and Pod templates.

Models:
    pkg/apis/core/validation/validation.go ValidatePodSpec
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api import formats
from webapp.api.core.validation.checks import (
    MAX_INT32,
    items,
    need,
    non_negative,
    one_of,
    quantity,
)
from webapp.api.core.validation.container import validate_containers
from webapp.api.core.validation.scheduling import validate_scheduling
from webapp.api.core.validation.security import validate_pod_security
from webapp.api.core.validation.volume import validate_volumes
from webapp.api.objectmeta import problems, validate_labels
from webapp.apimachinery.field_path import FieldError, Path, forbidden, invalid, required

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

SPEC = Path("spec")
_DNS_POLICIES = ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None")
_NAMES = {
    "hostname": formats.dns1123_label,
    "nodeName": formats.dns1123_subdomain,
    "priorityClassName": formats.dns1123_subdomain,
    "runtimeClassName": formats.dns1123_subdomain,
    "serviceAccountName": formats.dns1123_subdomain,
    "subdomain": formats.dns1123_label,
}
_RESTART_POLICIES = ("Always", "Never", "OnFailure")


def validate_pod(pod: JSONObject) -> list[FieldError]:
    """A Pod's spec."""
    return validate_pod_spec(pod.get("spec") or {}, SPEC)


def validate_new_pod(pod: JSONObject) -> list[FieldError]:
    """What must not stand in a Pod that is being created."""
    spec = pod.get("spec") or {}
    errors: list[FieldError] = []
    if spec.get("ephemeralContainers"):
        text = "cannot be set on create"
        errors.append(forbidden(SPEC.child("ephemeralContainers"), text))
    if spec.get("nodeName") and spec.get("schedulingGates"):
        text = "cannot be set until all schedulingGates have been cleared"
        errors.append(forbidden(SPEC.child("nodeName"), text))
    return errors


def validate_template(template: JSONObject, path: Path) -> list[FieldError]:
    """A Pod template: its labels, annotations and spec."""
    metadata = template.get("metadata") or {}
    errors = validate_labels(metadata.get("labels"), path.child("labels"))
    spec = template.get("spec") or {}
    errors += validate_pod_spec(spec, path.child("spec"))
    if spec.get("ephemeralContainers"):
        text = "ephemeral containers not allowed in pod template"
        errors.append(forbidden(path.child("spec", "ephemeralContainers"), text))
    return errors


def validate_pod_spec(spec: JSONObject, path: Path) -> list[FieldError]:
    """What Pods and templates share."""
    errors = validate_volumes(spec, path)
    volumes = {volume.get("name", "") for volume in spec.get("volumes") or ()}
    errors += validate_containers(spec, path, volumes)
    errors += one_of(spec, "restartPolicy", _RESTART_POLICIES, path)
    errors += one_of(spec, "dnsPolicy", _DNS_POLICIES, path)
    errors += validate_pod_security(spec, path)
    errors += validate_scheduling(spec, path)
    errors += _validate_dns_config(spec, path)
    for field, rule in _NAMES.items():
        if spec.get(field):
            errors += problems(path.child(field), spec[field], rule(spec[field]))
    for item_path, secret in items(spec, "imagePullSecrets", path):
        errors += need(secret, ("name",), item_path)
    errors += _validate_deadline(spec, path)
    errors += _validate_host_aliases(spec, path)
    for item_path, gate in items(spec, "readinessGates", path):
        type_ = gate.get("conditionType") or ""
        found = formats.qualified_name(type_)
        errors += problems(item_path.child("conditionType"), type_, found)
    errors += non_negative(spec, ("terminationGracePeriodSeconds",), path)
    errors += one_of(
        spec, "preemptionPolicy", ("Never", "PreemptLowerPriority"), path, optional=True
    )
    if spec.get("os") is not None:
        errors += one_of(spec["os"], "name", ("linux", "windows"), path.child("os"))
    return errors + _validate_amounts(spec, path)


def _validate_amounts(spec: JSONObject, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    for name, amount in (spec.get("overhead") or {}).items():
        errors += quantity(amount, path.child("overhead").key(name))
    resources = spec.get("resources") or {}
    for field in ("limits", "requests"):
        for name, amount in (resources.get(field) or {}).items():
            errors += quantity(amount, path.child("resources", field).key(name))
    return errors


def _validate_deadline(spec: JSONObject, path: Path) -> list[FieldError]:
    seconds = spec.get("activeDeadlineSeconds")
    if seconds is None or 1 <= seconds <= MAX_INT32:
        return []
    text = formats.between(1, MAX_INT32)
    return [invalid(path.child("activeDeadlineSeconds"), seconds, text)]


def _validate_host_aliases(spec: JSONObject, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    for item_path, alias in items(spec, "hostAliases", path):
        ip = alias.get("ip") or ""
        errors += problems(item_path.child("ip"), ip, formats.ip(ip))
        for index, host in enumerate(alias.get("hostnames") or ()):
            found = formats.dns1123_subdomain(host)
            errors += problems(item_path.child("hostnames").index(index), host, found)
    return errors


def _validate_dns_config(spec: JSONObject, path: Path) -> list[FieldError]:
    config = spec.get("dnsConfig")
    config_path = path.child("dnsConfig")
    alone = spec.get("dnsPolicy") == "None"
    if config is None:
        text = "must provide `dnsConfig` when `dnsPolicy` is None"
        return [required(config_path, text)] if alone else []
    servers = config.get("nameservers") or ()
    errors: list[FieldError] = []
    if alone and not servers:
        text = "must provide at least one DNS nameserver when `dnsPolicy` is None"
        errors.append(required(config_path.child("nameservers"), text))
    if len(servers) > 3:
        text = "must not have more than 3 nameservers"
        errors.append(invalid(config_path.child("nameservers"), list(servers), text))
    for index, server in enumerate(servers):
        errors += problems(
            config_path.child("nameservers").index(index), server, formats.ip(server)
        )
    for item_path, option in items(config, "options", config_path):
        if not option.get("name"):
            errors.append(required(item_path, "must not be empty"))
    return errors
