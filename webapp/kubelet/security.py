"""Whose rights a container has: the security contexts of the Pod and of the container, put together. Pure.

Models:
    pkg/securitycontext/util.go DetermineEffectiveSecurityContext
    pkg/kubelet/kuberuntime/security_context_others.go verifyRunAsNonRoot
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from webapp.cri.programs.files.permissions import User
from webapp.cri.userlands import image_inside
from webapp.kubelet.config_error import ConfigError

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject


class Security(NamedTuple):
    """What of the security contexts shows inside a container.

    Attributes:
        user: Who runs its commands.
        chosen_uid: The user that the Pod asks for; ``None`` for the image's.
        non_root: Whether it must not be root.
        read_only_root: Whether its own files may not change.
        capabilities: Names added and dropped.
        privileged: Whether it may do everything.
    """

    user: User
    chosen_uid: int | None
    non_root: bool
    read_only_root: bool
    capabilities: tuple[tuple[str, ...], tuple[str, ...]]
    privileged: bool


def effective_security(pod: JSONObject, container: JSONObject) -> Security:
    """The container's own context over its Pod's."""
    of_pod = pod["spec"].get("securityContext") or {}
    merged = {**of_pod, **(container.get("securityContext") or {})}
    uid: int | None = merged.get("runAsUser")
    name = image_inside(container["image"]).user
    image_uid = int(name) if name.isdigit() else 0
    gid = merged.get("runAsGroup")
    groups = list(of_pod.get("supplementalGroups") or ())
    if of_pod.get("fsGroup") is not None:
        groups.append(of_pod["fsGroup"])
    capabilities = merged.get("capabilities") or {}
    user = User(
        image_uid if uid is None else uid,
        (image_uid if uid is None else 0) if gid is None else gid,
        tuple(sorted(set(groups))),
    )
    return Security(
        user,
        uid,
        bool(merged.get("runAsNonRoot")),
        bool(merged.get("readOnlyRootFilesystem")),
        (tuple(capabilities.get("add") or ()), tuple(capabilities.get("drop") or ())),
        bool(merged.get("privileged")),
    )


def check_user(pod: JSONObject, container: JSONObject, security: Security) -> None:
    """Hold ``runAsNonRoot`` against who would run the container.

    Raises:
        ConfigError: It would be root, or nobody can tell.
    """
    if not security.non_root:
        return
    metadata = pod["metadata"]
    where = (
        f'(pod: "{metadata["name"]}_{metadata["namespace"]}({metadata["uid"]})", '
        f"container: {container['name']})"
    )
    if security.chosen_uid is not None:
        if security.chosen_uid == 0:
            raise ConfigError(f"container's runAsUser breaks non-root policy {where}")
        return
    name = image_inside(container["image"]).user
    if name in ("", "0"):
        raise ConfigError(f"container has runAsNonRoot and image will run as root {where}")
    if not name.isdigit():
        raise ConfigError(
            f"container has runAsNonRoot and image has non-numeric user ({name}), "
            f"cannot verify user is non-root {where}"
        )
