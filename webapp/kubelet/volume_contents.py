"""What files of a ConfigMap, a Secret, the downward API or a projection say, as the API has it now.

Called by :class:`~webapp.kubelet.volumes.PodVolumes` for the whole volume each time; a missing object
that is optional gives no files.

Models:
    pkg/volume/projected/projected.go projectedVolumeMounter.collectData
    pkg/volume/downwardapi/downwardapi.go CollectData
    pkg/kubelet/token/token_manager.go Manager.GetServiceAccountToken
"""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING, NamedTuple

from webapp.api.resources import CONFIG_MAPS, SECRETS, SERVICE_ACCOUNTS
from webapp.apimachinery.status import NotFound, StatusError
from webapp.kubelet.environment import pod_field
from webapp.kubelet.resource_fields import resource_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from webapp.apimachinery.meta import JSONObject
    from webapp.client.rest import RESTClient
    from webapp.sim.loop import Simulation

FOLLOWING = ("configMap", "secret", "downwardAPI", "projected")
TOKEN_SECONDS = 3600
ROOT_CERTIFICATES = "kube-root-ca.crt"
"""A ConfigMap of every namespace; it is empty in a cluster that is only spoken to in the clear."""
CLUSTER_CERTIFICATE = (
    b"-----BEGIN CERTIFICATE-----\n"
    b"UG9kYXJpdW0gc3BlYWtzIHRvIGl0cyBBUEkgc2VydmVyIHdpdGhvdXQgZW5jcnlwdGlvbjsgdGhpcyBpcyBu\n"
    b"byBjZXJ0aWZpY2F0ZSwgb25seSBpdHMgcGxhY2Uu\n"
    b"-----END CERTIFICATE-----\n"
)
_MOST_TOKEN_AGE_MS = 24 * 3_600_000


class Content(NamedTuple):
    """One file of a volume that follows objects."""

    data: bytes
    mode: int


class PodFacts(NamedTuple):
    """What the downward API tells of a Pod.

    Attributes:
        pod: The Pod as it is now.
        pod_ip: Its address.
        host_ip: Its machine's.
        allocatable: What its Node has.
    """

    pod: JSONObject
    pod_ip: str
    host_ip: str
    allocatable: JSONObject


class VolumeContents:
    """Reads what files are to say."""

    def __init__(self, sim: Simulation, client: RESTClient, facts: Callable[[], PodFacts]) -> None:
        self._sim = sim
        self._client = client
        self._facts = facts
        self._tokens: dict[tuple[str, int], tuple[bytes, int]] = {}

    def read(self, source: JSONObject) -> dict[str, Content]:
        """Path → content of a volume's files."""
        found: dict[str, Content] = {}
        if "projected" in source:
            mode = source["projected"].get("defaultMode", 0o644)
            for part in source["projected"].get("sources") or ():
                found.update(self._part(part, mode))
            return found
        kind = next(kind for kind in FOLLOWING if kind in source)
        found.update(self._part(source, source[kind].get("defaultMode", 0o644)))
        return found

    def _part(self, source: JSONObject, mode: int) -> Iterator[tuple[str, Content]]:
        if "configMap" in source:
            part = source["configMap"]
            yield from _chosen(part, self._data(part.get("name", ""), secret=False), mode)
        elif "secret" in source:
            part = source["secret"]
            name = part.get("secretName") or part.get("name", "")
            yield from _chosen(part, self._data(name, secret=True), mode)
        elif "downwardAPI" in source:
            for item in source["downwardAPI"].get("items") or ():
                yield item["path"], Content(self._downward(item), item.get("mode", mode))
        elif "serviceAccountToken" in source:
            part = source["serviceAccountToken"]
            yield part.get("path", "token"), Content(self._token(part), mode)

    def _data(self, name: str, *, secret: bool) -> dict[str, bytes]:
        namespace = self._facts().pod["metadata"]["namespace"]
        try:
            obj = self._client.get(SECRETS if secret else CONFIG_MAPS, namespace, name)
        except NotFound:  # optional, or deleted while it is mounted
            return {}
        if secret:
            return {key: b64decode(value) for key, value in (obj.get("data") or {}).items()}
        found = {key: value.encode() for key, value in (obj.get("data") or {}).items()}
        found.update(
            {key: b64decode(value) for key, value in (obj.get("binaryData") or {}).items()}
        )
        if name == ROOT_CERTIFICATES and not found.get("ca.crt"):
            found["ca.crt"] = CLUSTER_CERTIFICATE
        return found

    def _downward(self, item: JSONObject) -> bytes:
        facts = self._facts()
        if "resourceFieldRef" in item:
            ref = item["resourceFieldRef"]
            return resource_value(facts.pod, "", ref, facts.allocatable).encode()
        path = item["fieldRef"]["fieldPath"]
        if path in ("metadata.labels", "metadata.annotations"):
            values = facts.pod["metadata"].get(path.partition(".")[2]) or {}
            return "\n".join(f'{key}="{value}"' for key, value in sorted(values.items())).encode()
        return pod_field(facts.pod, path, pod_ip=facts.pod_ip, host_ip=facts.host_ip).encode()

    def _token(self, part: JSONObject) -> bytes:
        """A signed token, asked for again once four fifths of its time are over."""
        audience = part.get("audience", "")
        seconds = int(part.get("expirationSeconds") or TOKEN_SECONDS)
        held = self._tokens.get((audience, seconds))
        if held is not None and self._sim.now_ms < held[1]:
            return held[0]
        pod = self._facts().pod
        metadata = pod["metadata"]
        account = pod["spec"].get("serviceAccountName") or "default"
        request: JSONObject = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {
                "audiences": [audience] if audience else [],
                "expirationSeconds": seconds,
                "boundObjectRef": {
                    "apiVersion": "v1",
                    "kind": "Pod",
                    "name": metadata["name"],
                    "uid": metadata["uid"],
                },
            },
        }
        try:
            answer = self._client.create(
                SERVICE_ACCOUNTS, metadata["namespace"], request, "token", account
            )
        except StatusError:  # the account or the Pod is gone: what was mounted stays
            return held[0] if held is not None else b""
        token = answer["status"]["token"].encode()
        age_ms = min(seconds * 800, _MOST_TOKEN_AGE_MS)
        self._tokens[audience, seconds] = (token, self._sim.now_ms + age_ms)
        return bytes(token)


def _chosen(part: JSONObject, data: dict[str, bytes], mode: int) -> Iterator[tuple[str, Content]]:
    """All keys, or those that ``items`` names with their paths."""
    items = part.get("items")
    if items is None:
        for key, value in sorted(data.items()):
            yield key, Content(value, mode)
        return
    for item in items:
        if item["key"] in data:
            yield item["path"], Content(data[item["key"]], item.get("mode", mode))
