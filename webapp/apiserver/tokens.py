"""ServiceAccount tokens: signed JSON web tokens, bound to an account and perhaps to a Pod.

The token subresource issues them, authentication reads them. The cluster's key comes from a named
stream of the run, expiry is judged by virtual time.

Models:
    pkg/serviceaccount/claims.go Claims
    pkg/serviceaccount/jwt.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import jwt

from webapp.apimachinery.wire import UserInfo
from webapp.apiserver.config import SERVICE_ACCOUNT_ISSUER
from webapp.apiserver.storage import bucket_name, object_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.apimachinery.meta import JSONObject
    from webapp.apiserver.storage import Storage
    from webapp.sim.loop import Simulation
    from webapp.sim.rng import RandomStreams

_ALGORITHM = "HS256"
_ACCOUNTS = bucket_name("", "serviceaccounts")
_USER_PREFIX = "system:serviceaccount:"


class TokenAuthority:
    """Issues and reads the cluster's ServiceAccount tokens."""

    def __init__(self, streams: RandomStreams, sim: Simulation, storage: Storage) -> None:
        self._key = streams.stream("apiserver/token-key").hex(64)
        self._ids = streams.stream("apiserver/token-id")
        self._sim = sim
        self._storage = storage

    def issue(
        self,
        account: JSONObject,
        audiences: Sequence[str],
        lifetime_seconds: int,
        bound_object: JSONObject | None,
    ) -> tuple[str, int]:
        """A token for ``account``.

        Args:
            account: The ServiceAccount.
            audiences: Who may accept the token.
            lifetime_seconds: How long it is valid.
            bound_object: The ``boundObjectRef`` it dies with, or ``None``.

        Returns:
            The token, and its expiry in virtual milliseconds.
        """
        metadata = account["metadata"]
        now = self._sim.now_ms // 1000
        private: JSONObject = {
            "namespace": metadata["namespace"],
            "serviceaccount": {"name": metadata["name"], "uid": metadata["uid"]},
        }
        if bound_object:
            reference = {"name": bound_object.get("name", ""), "uid": bound_object.get("uid", "")}
            private[bound_object.get("kind", "").lower()] = reference
        claims: JSONObject = {
            "aud": list(audiences),
            "exp": now + lifetime_seconds,
            "iat": now,
            "iss": SERVICE_ACCOUNT_ISSUER,
            "jti": self._ids.uid(),
            "kubernetes.io": private,
            "nbf": now,
            "sub": account_user_name(metadata["namespace"], metadata["name"]),
        }
        return jwt.encode(claims, self._key, _ALGORITHM), (now + lifetime_seconds) * 1000

    def read(
        self, token: str, audiences: Sequence[str] = (SERVICE_ACCOUNT_ISSUER,)
    ) -> UserInfo | None:
        """Who a token speaks for, or ``None`` when it is not valid (any more)."""
        try:
            claims = jwt.decode(
                token,
                self._key,
                [_ALGORITHM],
                audience=list(audiences),
                issuer=SERVICE_ACCOUNT_ISSUER,
                # Expiry is judged by virtual time below; the library would read the wall clock.
                options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
        except jwt.InvalidTokenError:
            return None
        if claims["exp"] * 1000 <= self._sim.now_ms:
            return None
        private = claims["kubernetes.io"]
        namespace, account = private["namespace"], private["serviceaccount"]
        if not self._is_current(_ACCOUNTS, namespace, account):
            return None
        for kind in ("pod", "secret", "node"):
            bound = private.get(kind)
            if bound and not self._is_current(
                bucket_name("", kind + "s"), "" if kind == "node" else namespace, bound
            ):
                return None
        return account_user(namespace, account["name"], account["uid"])

    def _is_current(self, bucket: str, namespace: str, reference: JSONObject) -> bool:
        found = self._storage.get(bucket, object_key(namespace, reference["name"]))
        return found is not None and found["metadata"]["uid"] == reference["uid"]


def account_user_name(namespace: str, name: str) -> str:
    """The user name of a ServiceAccount."""
    return f"{_USER_PREFIX}{namespace}:{name}"


def split_account_user_name(user_name: str) -> tuple[str, str] | None:
    """(namespace, name) of the ServiceAccount that a user name means, or ``None``."""
    if not user_name.startswith(_USER_PREFIX):
        return None
    namespace, _, name = user_name[len(_USER_PREFIX) :].partition(":")
    return (namespace, name) if namespace and name and ":" not in name else None


def account_groups(namespace: str) -> tuple[str, ...]:
    """The groups that every ServiceAccount of a Namespace is in."""
    return ("system:serviceaccounts", f"system:serviceaccounts:{namespace}")


def account_user(namespace: str, name: str, uid: str) -> UserInfo:
    """A ServiceAccount as a user."""
    return UserInfo(account_user_name(namespace, name), account_groups(namespace), uid)
