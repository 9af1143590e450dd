"""Asking a running server for an explanation."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

TIMEOUT_SECONDS = 10


class ExplainError(Exception):
    """There is no explanation to print."""


def ask(server: str, path: str, token: str) -> dict[str, Any]:
    """What a server answers.

    Raises:
        ExplainError: It cannot be reached, or refuses.
    """
    url = f"{server.rstrip('/')}{path}"
    if not url.startswith(("http://", "https://")):
        raise ExplainError(f"{server} is no http URL")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        with urlopen(Request(url, headers=headers), timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310  # checked above
            found: dict[str, Any] = json.load(answer)
    except HTTPError as error:
        raise ExplainError(_refusal(error)) from error
    except (URLError, OSError) as error:
        reason = getattr(error, "reason", error)
        raise ExplainError(f"{server} cannot be reached: {reason}") from error
    return found


def _refusal(error: HTTPError) -> str:
    try:
        message = json.load(error).get("message")
    except ValueError:
        message = None
    return message or f"the server answered {error.code}"
