"""Who asks: a trusted transport's word, a bearer token, or nobody.

A request enters, the user and the method that proved it leave; ``Unauthorized`` otherwise. Acting
as somebody else (``Impersonate-User``) is read here too and authorized like any other deed.

Models:
    pkg/kubeapiserver/authenticator/config.go
    staging/src/k8s.io/apiserver/pkg/endpoints/filters/impersonation.go WithImpersonation
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from webapp.apimachinery.status import BadRequest, Unauthorized
from webapp.apimachinery.wire import UserInfo
from webapp.apiserver.authorization import Attributes
from webapp.apiserver.config import ANONYMOUS
from webapp.apiserver.tokens import account_groups, split_account_user_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.apimachinery.wire import Request
    from webapp.apiserver.authorization import Authorizer
    from webapp.apiserver.config import APIServerConfig
    from webapp.apiserver.tokens import TokenAuthority

AUTHENTICATED_GROUP = "system:authenticated"
_ALONE = frozenset(("impersonate-group", "impersonate-uid"))
_BEARER = "bearer "


class Identity(NamedTuple):
    """Who asks, and how that is known."""

    user: UserInfo
    method: str


class Authenticator:
    """The chain of ways to know a user."""

    def __init__(self, config: APIServerConfig, tokens: TokenAuthority) -> None:
        self._config = config
        self._tokens = tokens
        self._trusted: dict[UserInfo, Identity] = {}

    def authenticate(self, request: Request) -> Identity:
        """Who sent ``request``.

        Raises:
            BadRequest: It wants to act as a group or uid without naming a user.
            Unauthorized: Nobody knows, or the token is not valid.
        """
        headers = request.headers
        if headers and "impersonate-user" not in headers and not _ALONE.isdisjoint(headers):
            raise BadRequest(
                "requested impersonation without impersonating a user: cannot impersonate groups, uid or extra alone"
            )
        if request.user is not None:
            return self._trusted_identity(request.user)
        authorization = request.headers.get("authorization", "")
        if authorization.lower().startswith(_BEARER):
            return self.authenticate_token(authorization[len(_BEARER) :].strip())
        if self._config.anonymous:
            return Identity(self._config.anonymous_user, "anonymous")
        raise Unauthorized

    def authenticate_token(self, token: str) -> Identity:
        """Who holds ``token``.

        Raises:
            Unauthorized: Nobody does.
        """
        holder = self._config.tokens.get(token)
        if holder is not None:
            return Identity(_authenticated(holder), "token")
        account = self._tokens.read(token)
        if account is None:
            raise Unauthorized
        return Identity(_authenticated(account), "service account token")

    def _trusted_identity(self, user: UserInfo) -> Identity:
        known = self._trusted.get(user)
        if known is None:
            whole = user if user.name == ANONYMOUS.name else _authenticated(user)
            known = self._trusted[user] = Identity(whole, "trusted transport")
        return known


def impersonated(request: Request, identity: Identity, authorizer: Authorizer) -> Identity:
    """The identity that ``request`` wants to act as; the given one when it wants none.

    Raises:
        Forbidden: The real user may not act so.
    """
    headers = request.headers
    name = headers.get("impersonate-user", "")
    groups = tuple(_split(headers.get("impersonate-group", "")))
    if not name:
        return identity
    account = split_account_user_name(name)
    wanted = [
        Attributes(
            "impersonate", "", "v1", "serviceaccounts", namespace=account[0], name=account[1]
        )
        if account
        else Attributes("impersonate", "", "v1", "users", name=name)
    ]
    wanted += [Attributes("impersonate", "", "v1", "groups", name=group) for group in groups]
    for attributes in wanted:
        authorizer.require(identity.user, attributes)
    if account and not groups:
        groups = account_groups(account[0])
    user = UserInfo(name, groups, headers.get("impersonate-uid", ""))
    if name != ANONYMOUS.name:
        user = _authenticated(user)
    elif not groups:
        user = ANONYMOUS
    return Identity(user, f"impersonated by {identity.user.name}")


def _authenticated(user: UserInfo) -> UserInfo:
    if AUTHENTICATED_GROUP in user.groups:
        return user
    return UserInfo(user.name, (*user.groups, AUTHENTICATED_GROUP), user.uid)


def _split(text: str) -> Iterator[str]:
    for part in text.split(","):
        if part.strip():
            yield part.strip()
