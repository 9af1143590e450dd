"""The gate in front of everything: which requests may come in, and from whom they are.

On loopback there are no tokens: whoever reaches the port is cluster admin, so the gate keeps foreign
web pages out. It refuses Host headers that are not this machine's (a hostile name that resolves to
127.0.0.1) and state-changing or socket requests that a page of another origin sent. With tokens,
each request must name a user: by ``Authorization: Bearer``, by the cookie that ``/?token=TOKEN``
sets, or by ``/as/TOKEN`` in front of the path or behind the room (``/rooms/NAME/as/TOKEN``), since
kubectl sends no token over plain http. Users are the same in all rooms; RBAC of each room judges them.
"""

from __future__ import annotations

import hmac
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit

import orjson

from webapp.apimachinery.status import Forbidden, StatusError, Unauthorized
from webapp.http.codec import USER_KEY, status_line
from webapp.http.kube_api import HEALTH_ROOTS, KubeAPI

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from webapp.apimachinery.wire import UserInfo

COOKIE = "podarium-token"
PREFIX_KEY = "podarium.prefix"
"""environ key: the ``/as/TOKEN`` prefix of the request, or ""."""
ROOMS = "/rooms/"
LOOPBACK_NAMES = frozenset({"127.0.0.1", "::1", "localhost"})
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITES = frozenset({"same-origin", "none"})
_BEARER = "bearer "


class Gate:
    """WSGI middleware around the whole application."""

    def __init__(
        self,
        application: Callable[..., Iterable[bytes]],
        *,
        tokens: Mapping[str, UserInfo],
        local_user: UserInfo,
        host_names: frozenset[str],
    ) -> None:
        """Set the rules.

        Args:
            application: What is behind the gate.
            tokens: Bearer token → who holds it; when there are none, everyone is ``local_user``.
            local_user: Who asks, on loopback.
            host_names: Accepted Host names; empty for any.
        """
        self._application = application
        self._tokens = tokens
        self._local_user = local_user
        self._host_names = host_names

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Let a request in, send it to log in, or refuse it."""
        try:
            self._check_host(environ)
            self._check_origin(environ)
        except StatusError as error:
            return _refuse(error, start_response)
        self._take_prefix(environ)
        user = self._user(environ)
        login = self._login(environ)
        if login is not None:
            headers = [
                ("Location", quote(environ["PATH_INFO"])),
                ("Set-Cookie", login),
                _EMPTY,
            ]
            start_response(status_line(303), headers)
            return ()
        if user is not None:
            environ[USER_KEY] = user
            return self._application(environ, start_response)
        if self._may_pass_unknown(environ):
            return self._application(environ, start_response)
        return _ask_for_token(environ, start_response)

    def _check_host(self, environ: dict[str, Any]) -> None:
        if self._host_names and _host_name(environ.get("HTTP_HOST", "")) not in self._host_names:
            raise Forbidden("this server does not answer to that Host name")

    def _check_origin(self, environ: dict[str, Any]) -> None:
        if environ["REQUEST_METHOD"] in _SAFE_METHODS and "HTTP_UPGRADE" not in environ:
            return
        origin = environ.get("HTTP_ORIGIN")
        foreign_origin = origin is not None and urlsplit(origin).netloc != environ.get("HTTP_HOST")
        site = environ.get("HTTP_SEC_FETCH_SITE", "none")
        if foreign_origin or site not in _OWN_SITES:
            raise Forbidden("pages of other origins may not change anything here")

    def _take_prefix(self, environ: dict[str, Any]) -> None:
        environ[PREFIX_KEY] = ""
        room, path = split_room(environ["PATH_INFO"])
        parts = path.split("/", 3)
        if len(parts) < 3 or parts[1] != "as":
            return
        environ[PREFIX_KEY] = f"/as/{quote(parts[2])}"
        prefix = f"{ROOMS}{room}" if room else ""
        environ["PATH_INFO"] = prefix + "/" + (parts[3] if len(parts) > 3 else "")
        environ["HTTP_AUTHORIZATION"] = f"Bearer {parts[2]}"

    def _user(self, environ: dict[str, Any]) -> UserInfo | None:
        authorization: str = environ.get("HTTP_AUTHORIZATION", "")
        if authorization:
            if authorization.lower().startswith(_BEARER):
                return self._holder(authorization[len(_BEARER) :].strip())
            return None
        if not self._tokens:
            return self._local_user
        try:
            morsel = SimpleCookie(environ.get("HTTP_COOKIE", "")).get(COOKIE)
        except CookieError:
            return None
        return self._holder(morsel.value) if morsel else None

    def _holder(self, token: str) -> UserInfo | None:
        for known, user in self._tokens.items():
            if hmac.compare_digest(known.encode(), token.encode()):
                return user
        return None

    def _may_pass_unknown(self, environ: dict[str, Any]) -> bool:
        """API paths go on: the API server knows service accounts' tokens, and refuses in its words."""
        _, path = split_room(environ["PATH_INFO"])
        if not KubeAPI.serves(path):
            return not self._tokens
        root = path.split("/", 2)[1]
        if root == "metrics":
            return not self._tokens
        return root in HEALTH_ROOTS or "HTTP_AUTHORIZATION" in environ or bool(self._tokens)

    def _login(self, environ: dict[str, Any]) -> str | None:
        """The cookie of a valid ``/?token=TOKEN``, or of the page below ``/as/TOKEN/``."""
        if split_room(environ["PATH_INFO"])[1] != "/" or environ["REQUEST_METHOD"] != "GET":
            return None
        prefix: str = environ[PREFIX_KEY]
        token = (
            environ["HTTP_AUTHORIZATION"][len(_BEARER) :]
            if prefix
            else parse_qs(environ.get("QUERY_STRING", "")).get("token", [""])[0]
        )
        if self._holder(token) is None:
            return None
        cookie: SimpleCookie = SimpleCookie({COOKIE: token})
        cookie[COOKIE]["httponly"] = True
        cookie[COOKIE]["samesite"] = "Strict"
        cookie[COOKIE]["path"] = "/"
        return cookie[COOKIE].OutputString()


_EMPTY = ("Content-Length", "0")

_LOGIN_PAGE = b"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Podarium</title></head>
<body><main><h1>Podarium</h1>
<p>This cluster asks for a token. The person who started it has one for you.</p>
<form action="" method="get"><label>Token <input name="token" type="password" autofocus required></label>
<button>Open</button></form></main></body></html>
"""


def split_room(path: str) -> tuple[str, str]:
    """Room and rest of a path: ``("ada", "/api")`` of ``/rooms/ada/api``, ``("", path)`` outside rooms.

    The rest of ``/rooms/ada`` itself is "".
    """
    if not path.startswith(ROOMS):
        return "", path
    room, slash, rest = path.removeprefix(ROOMS).partition("/")
    return (room, slash + rest) if room else ("", path)


def _ask_for_token(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if split_room(environ["PATH_INFO"])[1] != "/":
        return _refuse(Unauthorized(), start_response)
    headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", str(len(_LOGIN_PAGE))),
        (
            "Content-Security-Policy",
            "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
        ),
    ]
    start_response(status_line(401), headers)
    return (_LOGIN_PAGE,)


def _refuse(error: StatusError, start_response: Callable[..., Any]) -> Iterable[bytes]:
    body = orjson.dumps(error.status())
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response(status_line(error.code), headers)
    return (body,)


def _host_name(host: str) -> str:
    """The name in a Host header, without port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()
