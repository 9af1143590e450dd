"""A Pod's volumes: which of them cannot be mounted yet, and why.

ConfigMaps and Secrets that a volume needs must exist, claims must be bound; the projected volume with a service account's
token is always there. What they hold is in :mod:`webapp.kubelet.volumes`.

Models:
    pkg/volume/configmap/configmap.go configMapVolumeMounter.SetUpAt
    pkg/volume/secret/secret.go secretVolumeMounter.SetUpAt
    pkg/volume/hostpath/host_path.go hostPathMounter.SetUpAt
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import CONFIG_MAPS, PERSISTENT_VOLUME_CLAIMS, SECRETS
from webapp.apimachinery.status import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.schema import GroupVersionResource
    from webapp.client.rest import RESTClient
    from webapp.kubelet.host_files import HostFiles


def mount_problem(client: RESTClient, host: HostFiles, pod: JSONObject) -> str:
    """Upstream's words for the first volume that cannot be mounted; "" when all can."""
    namespace = pod["metadata"]["namespace"]
    for volume in pod["spec"].get("volumes") or ():
        if "hostPath" in volume:
            path = volume["hostPath"]
            problem = host.problem(path["path"], path.get("type") or "")
            if problem:
                return f'MountVolume.SetUp failed for volume "{volume["name"]}" : {problem}'
        for resource, word, name, keys in _needs(volume):
            try:
                found = client.get(resource, namespace, name)
            except NotFound:
                return f'MountVolume.SetUp failed for volume "{volume["name"]}" : {word} "{name}" not found'
            if resource == PERSISTENT_VOLUME_CLAIMS:
                phase = (found.get("status") or {}).get("phase", "")
                if phase != "Bound" or not found["spec"].get("volumeName"):
                    return _unbound(volume["name"], namespace, found)
            held = {**(found.get("data") or {}), **(found.get("binaryData") or {})}
            for key in keys:
                if key not in held:
                    return (
                        f'MountVolume.SetUp failed for volume "{volume["name"]}" : '
                        f"{word} references non-existent {'config' if word == 'configmap' else word} key: {key}"
                    )
    return ""


def _unbound(volume: str, namespace: str, claim: JSONObject) -> str:
    phase = (claim.get("status") or {}).get("phase", "")
    return (
        f"Unable to attach or mount volumes: unmounted volumes=[{volume}], unattached volumes=[], "
        f"failed to process volumes=[{volume}]: error processing PVC "
        f"{namespace}/{claim['metadata']['name']}: PVC {namespace}/{claim['metadata']['name']} has "
        f'non-bound phase ("{phase}") or empty pvc.Spec.VolumeName '
        f'("{claim["spec"].get("volumeName", "")}")'
    )


def _needs(
    volume: JSONObject,
) -> Iterator[tuple[GroupVersionResource, str, str, tuple[str, ...]]]:
    """What must exist: resource, upstream's word for it, name, and keys that it must have."""
    config_map, secret = volume.get("configMap"), volume.get("secret")
    if config_map and not config_map.get("optional"):
        yield CONFIG_MAPS, "configmap", config_map["name"], _keys(config_map)
    if secret and not secret.get("optional"):
        yield SECRETS, "secret", secret["secretName"], _keys(secret)
    if volume.get("persistentVolumeClaim"):
        claim = volume["persistentVolumeClaim"]["claimName"]
        yield PERSISTENT_VOLUME_CLAIMS, "persistentvolumeclaim", claim, ()
    if volume["name"].startswith("kube-api-access-"):
        return
    for source in (volume.get("projected") or {}).get("sources") or ():
        for kind, resource, word in (
            ("configMap", CONFIG_MAPS, "configmap"),
            ("secret", SECRETS, "secret"),
        ):
            part = source.get(kind)
            if part and not part.get("optional"):
                yield resource, word, part["name"], _keys(part)


def _keys(part: JSONObject) -> tuple[str, ...]:
    return tuple(item["key"] for item in part.get("items") or ())
