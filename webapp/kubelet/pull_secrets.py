"""Which registries a Pod may pull from: the logins in its imagePullSecrets.

Models:
    pkg/credentialprovider/secrets/secrets.go MakeDockerKeyring
    pkg/kubelet/kubelet_pods.go getPullSecretsForPod
"""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING, NamedTuple

import orjson

from webapp.api.resources import SECRETS
from webapp.apimachinery.status import NotFound

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.client.rest import RESTClient

_KEYS = {
    "kubernetes.io/dockerconfigjson": ".dockerconfigjson",
    "kubernetes.io/dockercfg": ".dockercfg",
}


class PullSecrets(NamedTuple):
    """What a Pod's pull secrets hold.

    Attributes:
        registries: Hosts that there is a login for, sorted.
        missing: Names of secrets that do not exist, in order.
    """

    registries: tuple[str, ...]
    missing: tuple[str, ...]


NO_SECRETS = PullSecrets((), ())


def pull_secrets(client: RESTClient, pod: JSONObject) -> PullSecrets:
    """Read a Pod's pull secrets; what is no login is as good as missing to the registry."""
    references = pod["spec"].get("imagePullSecrets")
    if not references:
        return NO_SECRETS
    hosts: dict[str, None] = {}
    missing = []
    for reference in references:
        name = reference.get("name", "")
        try:
            secret = client.get(SECRETS, pod["metadata"]["namespace"], name)
        except NotFound:
            missing.append(name)
            continue
        hosts.update(dict.fromkeys(_hosts(secret)))
    return PullSecrets(tuple(sorted(hosts)), tuple(missing))


def _hosts(secret: JSONObject) -> list[str]:
    key = _KEYS.get(secret.get("type", ""), "")
    text = (secret.get("data") or {}).get(key, "")
    try:
        content = orjson.loads(b64decode(text))
    except ValueError:  # nothing that a registry would understand
        return []
    auths = content.get("auths", content) if isinstance(content, dict) else {}
    return [_host(url) for url, login in auths.items() if _is_login(login)]


def _is_login(login: object) -> bool:
    if not isinstance(login, dict):
        return False
    return bool(login.get("auth") or (login.get("username") and login.get("password")))


def _host(url: str) -> str:
    host = url.partition("://")[2] or url
    host = host.partition("/")[0]
    return "docker.io" if host in ("index.docker.io", "registry-1.docker.io") else host
