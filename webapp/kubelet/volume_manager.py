"""A Pod's volumes: which of them cannot be mounted yet, and why.

ConfigMaps and Secrets that a volume needs must exist, claims must be bound; the projected volume with a service account's
token is always there. Contents are not modelled here.

Models:
    pkg/volume/configmap/configmap.go configMapVolumeMounter.SetUpAt
    pkg/volume/secret/secret.go secretVolumeMounter.SetUpAt
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


def mount_problem(client: RESTClient, pod: JSONObject) -> str:
    """Upstream's words for the first volume that cannot be mounted; "" when all can."""
    namespace = pod["metadata"]["namespace"]
    for volume in pod["spec"].get("volumes") or ():
        for resource, word, name in _needs(volume):
            try:
                found = client.get(resource, namespace, name)
            except NotFound:
                return f'MountVolume.SetUp failed for volume "{volume["name"]}" : {word} "{name}" not found'
            if resource == PERSISTENT_VOLUME_CLAIMS:
                phase = (found.get("status") or {}).get("phase", "")
                if phase != "Bound" or not found["spec"].get("volumeName"):
                    return _unbound(volume["name"], namespace, found)
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


def _needs(volume: JSONObject) -> Iterator[tuple[GroupVersionResource, str, str]]:
    config_map, secret = volume.get("configMap"), volume.get("secret")
    if config_map and not config_map.get("optional"):
        yield CONFIG_MAPS, "configmap", config_map["name"]
    if secret and not secret.get("optional"):
        yield SECRETS, "secret", secret["secretName"]
    if volume.get("persistentVolumeClaim"):
        claim = volume["persistentVolumeClaim"]["claimName"]
        yield PERSISTENT_VOLUME_CLAIMS, "persistentvolumeclaim", claim
    if volume["name"].startswith("kube-api-access-"):
        return
    for source in (volume.get("projected") or {}).get("sources") or ():
        for kind, resource, word in (
            ("configMap", CONFIG_MAPS, "configmap"),
            ("secret", SECRETS, "secret"),
        ):
            part = source.get(kind)
            if part and not part.get("optional"):
                yield resource, word, part["name"]
