"""A container's configuration out of its spec: command, variables, ports.

Variables come from values, ConfigMaps, Secrets and the Pod's own fields; ``$(NAME)`` is filled in. A
missing ConfigMap or Secret is a :class:`ConfigError`, which the container shows as
CreateContainerConfigError.

Models:
    pkg/kubelet/kubelet_pods.go makeEnvironmentVariables
    third_party/forked/golang/expansion/expand.go Expand
"""

from __future__ import annotations

import re
from base64 import b64decode
from typing import TYPE_CHECKING, Protocol

from webapp.api.resources import CONFIG_MAPS, SECRETS
from webapp.apimachinery.quantity import cpu_millis, quantity_bytes
from webapp.apimachinery.status import NotFound
from webapp.cri.api import ContainerConfig, no_links, no_mounts
from webapp.kubelet.config_error import ConfigError
from webapp.kubelet.env_files import file_key
from webapp.kubelet.resource_fields import resource_value
from webapp.kubelet.security import check_user, effective_security

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.schema import GroupVersionResource
    from webapp.client.rest import RESTClient
    from webapp.cri.programs.files.filesystem import Mount

_REFERENCE = re.compile(r"\$(\$)?\(([A-Za-z_.-][A-Za-z0-9_.-]*)\)")


class Mounter(Protocol):
    """A Pod's volumes."""

    def mounts(self, container: JSONObject, env: dict[str, str], pod_ip: str) -> dict[str, Mount]:
        """A container's mounts: path → what is there."""

    def read_file(self, name: str, path: str) -> bytes | None:
        """A file of a volume; ``None`` when it is missing."""


def make_container_config(
    client: RESTClient,
    pod: JSONObject,
    container: JSONObject,
    *,
    role: str,
    attempt: int,
    pod_ip: str,
    host_ip: str,
    allocatable: Callable[[], JSONObject] = dict,
    volumes: Mounter | None = None,
    links: Callable[[], dict[str, str]] = no_links,
) -> ContainerConfig:
    """What the runtime needs to create a container.

    Raises:
        ConfigError: A ConfigMap, a Secret or a key of one is missing.
    """
    env: dict[str, str] = {}
    for source in container.get("envFrom") or ():
        _add_all(client, pod["metadata"]["namespace"], source, env)
    for entry in container.get("env") or ():
        source = entry.get("valueFrom") or {}
        value: str | None
        if "resourceFieldRef" in source:
            ref = source["resourceFieldRef"]
            value = resource_value(pod, container["name"], ref, allocatable())
        elif "fileKeyRef" in source:
            value = file_key(volumes, source["fileKeyRef"])
        else:
            value = _value_of(client, pod, entry, pod_ip=pod_ip, host_ip=host_ip)
        if value is not None:
            env[entry["name"]] = expand(value, env)
    security = effective_security(pod, container)
    check_user(pod, container, security)
    cpu_limit, memory_limit = resource_limits(pod["spec"], container.get("resources") or {})
    return ContainerConfig(
        name=container["name"],
        image=container["image"],
        command=tuple(expand(word, env) for word in container.get("command") or ()),
        args=tuple(expand(word, env) for word in container.get("args") or ()),
        env=env,
        ports=tuple(
            port["containerPort"]
            for port in container.get("ports") or ()
            if port.get("protocol", "TCP") == "TCP"
        ),
        role=role,
        attempt=attempt,
        message_path=container.get("terminationMessagePath", "/dev/termination-log"),
        message_from_log=container.get("terminationMessagePolicy") == "FallbackToLogsOnError",
        links=links,
        mount_paths=tuple(mount["mountPath"] for mount in container.get("volumeMounts") or ()),
        mounts=(lambda: volumes.mounts(container, env, pod_ip))
        if volumes is not None
        else no_mounts,
        read_only_root=security.read_only_root,
        working_dir=container.get("workingDir", ""),
        run_as_user=security.user.uid,
        run_as_group=security.user.gid,
        groups=security.user.groups,
        capabilities=security.capabilities,
        privileged=security.privileged,
        target=container.get("targetContainerName") or "",
        cpu_limit_millis=cpu_limit,
        memory_limit_bytes=memory_limit,
        stdin=bool(container.get("stdin")),
        tty=bool(container.get("tty")),
    )


def resource_limits(spec: JSONObject, resources: JSONObject) -> tuple[int, int]:
    """What a container may use: millicores and bytes, 0 for no limit; the Pod's own where it has none."""
    limits = resources.get("limits") or {}
    cpu = cpu_millis(limits.get("cpu", "0")) or pod_limit(spec, "cpu")
    return cpu, quantity_bytes(limits.get("memory", "0")) or pod_limit(spec, "memory")


def pod_limit(spec: JSONObject, resource: str) -> int:
    """What all containers of a Pod may use together, in millicores or bytes; 0 for no limit."""
    limits = (spec.get("resources") or {}).get("limits") or {}
    amount = limits.get(resource, "0")
    return cpu_millis(amount) if resource == "cpu" else quantity_bytes(amount)


def expand(text: str, env: dict[str, str]) -> str:
    """Fill in ``$(NAME)``; an unknown name stays as it is, ``$$(NAME)`` gives ``$(NAME)``."""
    if "$" not in text:
        return text
    return _REFERENCE.sub(
        lambda match: match[0][1:] if match[1] else env.get(match[2], match[0]), text
    )


def _value_of(
    client: RESTClient, pod: JSONObject, entry: JSONObject, *, pod_ip: str, host_ip: str
) -> str | None:
    source = entry.get("valueFrom")
    if not source:
        value: str = entry.get("value", "")
        return value
    if "fieldRef" in source:
        return pod_field(pod, source["fieldRef"]["fieldPath"], pod_ip=pod_ip, host_ip=host_ip)
    for kind, resource, word in (
        ("configMapKeyRef", CONFIG_MAPS, "configmap"),
        ("secretKeyRef", SECRETS, "secret"),
    ):
        if kind in source:
            ref = source[kind]
            optional = bool(ref.get("optional"))
            namespace = pod["metadata"]["namespace"]
            data = _data(client, resource, word, namespace, ref["name"], optional=optional)
            if data is None:
                return None
            if ref["key"] in data:
                return data[ref["key"]]
            if optional:
                return None
            title = "ConfigMap" if word == "configmap" else "Secret"
            raise ConfigError(
                f"couldn't find key {ref['key']} in {title} {namespace}/{ref['name']}"
            )
    return ""


def _add_all(client: RESTClient, namespace: str, source: JSONObject, env: dict[str, str]) -> None:
    for kind, resource, word in (
        ("configMapRef", CONFIG_MAPS, "configmap"),
        ("secretRef", SECRETS, "secret"),
    ):
        ref = source.get(kind)
        if ref is not None:
            optional = bool(ref.get("optional"))
            data = _data(client, resource, word, namespace, ref["name"], optional=optional)
            prefix = source.get("prefix", "")
            for key, value in sorted((data or {}).items()):
                env[prefix + key] = value


def _data(
    client: RESTClient,
    resource: GroupVersionResource,
    word: str,
    namespace: str,
    name: str,
    *,
    optional: bool,
) -> dict[str, str] | None:
    try:
        obj = client.get(resource, namespace, name)
    except NotFound as error:
        if optional:
            return None
        raise ConfigError(f'{word} "{name}" not found') from error
    data: dict[str, str] = obj.get("data") or {}
    if resource == SECRETS:
        return {key: b64decode(value).decode(errors="replace") for key, value in data.items()}
    return data


def pod_field(pod: JSONObject, path: str, *, pod_ip: str, host_ip: str) -> str:
    """What a field of the Pod says, for the downward API."""
    metadata, spec = pod["metadata"], pod["spec"]
    match = re.fullmatch(r"metadata\.(labels|annotations)\['(.+)'\]", path)
    if match:
        found: str = (metadata.get(match[1]) or {}).get(match[2], "")
        return found
    values = {
        "metadata.name": metadata["name"],
        "metadata.namespace": metadata["namespace"],
        "metadata.uid": metadata["uid"],
        "spec.nodeName": spec.get("nodeName", ""),
        "spec.serviceAccountName": spec.get("serviceAccountName", ""),
        "status.hostIP": host_ip,
        "status.hostIPs": host_ip,
        "status.podIP": pod_ip,
        "status.podIPs": pod_ip,
    }
    return str(values.get(path, ""))
