"""What the API server refuses in a container.

Models:
    pkg/apis/core/validation/validation.go validateContainers and what it calls
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from webapp.api import formats
from webapp.api.core.pods import is_sidecar
from webapp.api.core.validation.checks import (
    PROTOCOLS,
    items,
    need,
    no_duplicates,
    non_negative,
    one_of,
    port_number,
    port_number_or_name,
)
from webapp.api.core.validation.resources import validate_resources
from webapp.api.core.validation.security import validate_container_security
from webapp.api.objectmeta import problems
from webapp.apimachinery.field_path import (
    FieldError,
    Path,
    forbidden,
    invalid,
    not_found,
    not_supported,
    required,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from webapp.apimachinery.meta import JSONObject

_ENV_FIELDS = (
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
)
_ENV_SOURCES = ("configMapKeyRef", "fieldRef", "fileKeyRef", "resourceFieldRef", "secretKeyRef")
_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")
_ONE_SOURCE = "may not have more than one field specified at a time"
_PROBE_NUMBERS = (
    "failureThreshold",
    "initialDelaySeconds",
    "periodSeconds",
    "successThreshold",
    "timeoutSeconds",
)
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_RESOURCE_FIELDS = (
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
)
_RESTART_POLICIES = ("Always", "Never", "OnFailure")
_SUBSCRIPT = re.compile(r"metadata\.(annotations|labels)\['(.+)'\]")


def validate_containers(spec: JSONObject, path: Path, volumes: Collection[str]) -> list[FieldError]:
    """Containers, init containers and ephemeral containers of a Pod or template.

    Args:
        spec: The Pod's spec.
        path: The spec's path.
        volumes: Names of the Pod's volumes.
    """
    errors: list[FieldError] = []
    if not spec.get("containers"):
        errors.append(required(path.child("containers")))
    for item_path, container in items(spec, "containers", path):
        errors += validate_container(container, item_path, volumes)
        errors += _validate_probes(container, item_path)
        errors += one_of(container, "restartPolicy", _RESTART_POLICIES, item_path, optional=True)
    for item_path, container in items(spec, "initContainers", path):
        errors += validate_container(container, item_path, volumes)
        errors += _validate_init_container(container, item_path)
    for item_path, container in items(spec, "ephemeralContainers", path):
        errors += _validate_ephemeral_container(container, item_path, spec, volumes)
    names = [
        (item_path.child("name"), container.get("name"))
        for field in ("containers", "initContainers", "ephemeralContainers")
        for item_path, container in items(spec, field, path)
    ]
    return errors + no_duplicates(names) + _validate_host_ports(spec, path)


def validate_container(
    container: JSONObject, path: Path, volumes: Collection[str]
) -> list[FieldError]:
    """What holds for every container, of whatever sort."""
    name = container.get("name") or ""
    errors = need(container, ("name",), path) or problems(
        path.child("name"), name, formats.dns1123_label(name)
    )
    image = container.get("image") or ""
    if not image:
        errors.append(required(path.child("image")))
    elif image != image.strip():
        text = "must not have leading or trailing whitespace"
        errors.append(invalid(path.child("image"), image, text))
    errors += one_of(
        container,
        "terminationMessagePolicy",
        ("FallbackToLogsOnError", "File"),
        path,
        optional=True,
    )
    errors += _validate_ports(container, path)
    errors += _validate_env(container, path)
    errors += _validate_env_from(container, path)
    errors += _validate_mounts(container, path, volumes)
    errors += one_of(
        container, "imagePullPolicy", ("Always", "IfNotPresent", "Never"), path, optional=True
    )
    errors += validate_resources(container.get("resources"), path.child("resources"))
    return errors + validate_container_security(
        container.get("securityContext"), path.child("securityContext")
    )


def _validate_init_container(container: JSONObject, path: Path) -> list[FieldError]:
    if is_sidecar(container):
        return _validate_probes(container, path)
    errors = one_of(container, "restartPolicy", _RESTART_POLICIES, path, optional=True)
    text = "may not be set for init containers without restartPolicy=Always"
    return errors + [
        forbidden(path.child(field), text)
        for field in ("lifecycle", *_PROBES)
        if container.get(field) is not None
    ]


def _validate_ephemeral_container(
    container: JSONObject, path: Path, spec: JSONObject, volumes: Collection[str]
) -> list[FieldError]:
    errors = validate_container(container, path, volumes)
    target = container.get("targetContainerName")
    known = {
        entry.get("name")
        for field in ("containers", "initContainers")
        for entry in spec.get(field) or ()
    }
    if target and target not in known:
        errors.append(not_found(path.child("targetContainerName"), target))
    text = "cannot be set for an Ephemeral Container"
    return errors + [
        forbidden(path.child(field), text)
        for field in ("lifecycle", *_PROBES, "ports")
        if container.get(field)
    ]


# --- ports --------------------------------------------------------------------------------------


def _validate_ports(container: JSONObject, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    names: list[tuple[Path, Any]] = []
    for item_path, port in items(container, "ports", path):
        name = port.get("name")
        if name:
            found = problems(item_path.child("name"), name, formats.port_name(name))
            errors += found
            if not found:
                names.append((item_path.child("name"), name))
        number = port.get("containerPort") or 0
        if not number:
            errors.append(required(item_path.child("containerPort")))
        else:
            errors += port_number(number, item_path.child("containerPort"))
        if port.get("hostPort"):
            errors += port_number(port["hostPort"], item_path.child("hostPort"))
        errors += one_of(port, "protocol", PROTOCOLS, item_path, optional=True)
    return errors + no_duplicates(names)


def _validate_host_ports(spec: JSONObject, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    taken: list[tuple[Path, Any]] = []
    for container_path, container in items(spec, "containers", path):
        for port_path, port in items(container, "ports", container_path):
            number = port.get("hostPort")
            if not number:
                continue
            if spec.get("hostNetwork") and number != port.get("containerPort"):
                text = "must match `hostPort` when `hostNetwork` is true"
                errors.append(
                    invalid(port_path.child("containerPort"), port.get("containerPort"), text)
                )
            claim = f"{port.get('protocol') or 'TCP'}/{port.get('hostIP', '')}/{number}"
            taken.append((port_path.child("hostPort"), claim))
    return errors + no_duplicates(taken)


# --- environment --------------------------------------------------------------------------------


def _validate_env(container: JSONObject, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    for item_path, variable in items(container, "env", path):
        name = variable.get("name") or ""
        if not name:
            errors.append(required(item_path.child("name")))
        else:
            errors += problems(item_path.child("name"), name, formats.env_var_name(name))
        if variable.get("valueFrom") is not None:
            errors += _validate_value_from(variable, item_path.child("valueFrom"))
    return errors


def _validate_value_from(variable: JSONObject, path: Path) -> list[FieldError]:
    source = variable["valueFrom"]
    given = [field for field in _ENV_SOURCES if source.get(field) is not None]
    if not given:
        text = (
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, "
            "`secretKeyRef` or `fileKeyRef`"
        )
        return [invalid(path, "", text)]
    errors: list[FieldError] = []
    for field in given:
        errors += _ENV_CHECKS[field](source[field], path.child(field))
    if variable.get("value"):
        errors.append(invalid(path, "", "may not be specified when `value` is not empty"))
    elif len(given) > 1:
        errors.append(invalid(path, "", _ONE_SOURCE))
    return errors


def _validate_field_ref(reference: JSONObject, path: Path) -> list[FieldError]:
    errors = need(reference, ("apiVersion", "fieldPath"), path)
    field_path = reference.get("fieldPath") or ""
    if errors or field_path in _ENV_FIELDS:
        return errors
    subscript = _SUBSCRIPT.fullmatch(field_path)
    if subscript is None:
        return [not_supported(path.child("fieldPath"), field_path, _ENV_FIELDS)]
    key = subscript[2]
    return problems(path.child("fieldPath"), key, formats.qualified_name(key.lower()))


def _validate_resource_field_ref(reference: JSONObject, path: Path) -> list[FieldError]:
    resource = reference.get("resource") or ""
    if not resource:
        return [required(path.child("resource"))]
    if resource in _RESOURCE_FIELDS or ".hugepages-" in resource:
        return []
    return [not_supported(path.child("resource"), resource, _RESOURCE_FIELDS)]


def _validate_key_ref(reference: JSONObject, path: Path) -> list[FieldError]:
    errors = need(reference, ("name", "key"), path)
    key = reference.get("key")
    return errors + (problems(path.child("key"), key, formats.config_map_key(key)) if key else [])


def _validate_file_key_ref(reference: JSONObject, path: Path) -> list[FieldError]:
    return need(reference, ("key", "path", "volumeName"), path)


_ENV_CHECKS: dict[str, Callable[[JSONObject, Path], list[FieldError]]] = {
    "configMapKeyRef": _validate_key_ref,
    "fieldRef": _validate_field_ref,
    "fileKeyRef": _validate_file_key_ref,
    "resourceFieldRef": _validate_resource_field_ref,
    "secretKeyRef": _validate_key_ref,
}


def _validate_env_from(container: JSONObject, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    for item_path, source in items(container, "envFrom", path):
        prefix = source.get("prefix")
        if prefix:
            errors += problems(item_path.child("prefix"), prefix, formats.env_var_name(prefix))
        given = [field for field in ("configMapRef", "secretRef") if source.get(field) is not None]
        for field in given:
            errors += need(source[field], ("name",), item_path.child(field))
        if not given:
            text = "must specify one of: `configMapRef` or `secretRef`"
            errors.append(invalid(item_path, "", text))
        elif len(given) > 1:
            errors.append(invalid(item_path, "", _ONE_SOURCE))
    return errors


# --- mounts -------------------------------------------------------------------------------------


def _validate_mounts(
    container: JSONObject, path: Path, volumes: Collection[str]
) -> list[FieldError]:
    errors: list[FieldError] = []
    mounted: set[str] = set()
    for item_path, mount in items(container, "volumeMounts", path):
        name = mount.get("name") or ""
        if not name:
            errors.append(required(item_path.child("name")))
        elif name not in volumes:
            errors.append(not_found(item_path.child("name"), name))
        mount_path = mount.get("mountPath") or ""
        if not mount_path:
            errors.append(required(item_path.child("mountPath")))
        if mount_path in mounted:
            errors.append(invalid(item_path.child("mountPath"), mount_path, "must be unique"))
        mounted.add(mount_path)
        for field in ("subPath", "subPathExpr"):
            if mount.get(field):
                errors += validate_descending_path(mount[field], item_path.child(field))
        if mount.get("subPath") and mount.get("subPathExpr"):
            text = "subPathExpr and subPath are mutually exclusive"
            errors.append(invalid(item_path.child("subPathExpr"), mount["subPathExpr"], text))
        errors += one_of(
            mount,
            "mountPropagation",
            ("Bidirectional", "HostToContainer", "None"),
            item_path,
            optional=True,
        )
    return errors


def validate_descending_path(text: str, path: Path) -> list[FieldError]:
    """A path that stays below where it begins."""
    errors: list[FieldError] = []
    if text.startswith("/"):
        errors.append(invalid(path, text, "must be a relative path"))
    if ".." in text.split("/"):
        errors.append(invalid(path, text, "must not contain '..'"))
    return errors


# --- probes and hooks ---------------------------------------------------------------------------


def _validate_probes(container: JSONObject, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    lifecycle = container.get("lifecycle") or {}
    for hook in ("postStart", "preStop"):
        if lifecycle.get(hook) is not None:
            errors += _validate_handler(lifecycle[hook], path.child("lifecycle", hook))
    for field in _PROBES:
        probe = container.get(field)
        if probe is None:
            continue
        probe_path = path.child(field)
        errors += _validate_handler(probe, probe_path)
        errors += non_negative(probe, _PROBE_NUMBERS, probe_path)
        grace = probe.get("terminationGracePeriodSeconds")
        if grace is not None:
            grace_path = probe_path.child("terminationGracePeriodSeconds")
            if field == "readinessProbe":
                text = "must not be set for readinessProbes"
                errors.append(invalid(grace_path, grace, text))
            elif grace <= 0:
                errors.append(invalid(grace_path, grace, "must be greater than 0"))
        successes = probe.get("successThreshold") or 0
        if field != "readinessProbe" and successes != 1:
            errors.append(invalid(probe_path.child("successThreshold"), successes, "must be 1"))
    return errors


def _validate_handler(handler: JSONObject, path: Path) -> list[FieldError]:
    given = [field for field in _HANDLERS if handler.get(field) is not None]
    if not given:
        return [required(path, "must specify a handler type")]
    errors: list[FieldError] = []
    for position, field in enumerate(given):
        if position:
            text = "may not specify more than 1 handler type"
            errors.append(forbidden(path.child(field), text))
        else:
            errors += _HANDLER_CHECKS[field](handler[field], path.child(field))
    return errors


def _validate_exec(action: JSONObject, path: Path) -> list[FieldError]:
    return need(action, ("command",), path)


def _validate_http_get(action: JSONObject, path: Path) -> list[FieldError]:
    errors = need(action, ("path",), path)
    errors += port_number_or_name(action.get("port"), path.child("port"))
    errors += one_of(action, "scheme", ("HTTP", "HTTPS"), path, optional=True)
    for item_path, header in items(action, "httpHeaders", path):
        name = header.get("name") or ""
        errors += problems(item_path.child("name"), name, formats.http_header_name(name))
    return errors


def _validate_tcp_socket(action: JSONObject, path: Path) -> list[FieldError]:
    return port_number_or_name(action.get("port"), path.child("port"))


def _validate_grpc(action: JSONObject, path: Path) -> list[FieldError]:
    return port_number(action.get("port") or 0, path.child("port"))


def _validate_sleep(action: JSONObject, path: Path) -> list[FieldError]:
    return non_negative(action, ("seconds",), path)


_HANDLER_CHECKS: dict[str, Callable[[JSONObject, Path], list[FieldError]]] = {
    "exec": _validate_exec,
    "grpc": _validate_grpc,
    "httpGet": _validate_http_get,
    "sleep": _validate_sleep,
    "tcpSocket": _validate_tcp_socket,
}
