"""A kubeconfig for this server."""

from __future__ import annotations

import yaml

CONTEXT = "podarium"


def make_kubeconfig(server: str, user: str = "admin", namespace: str = "default") -> str:
    """The YAML text of a kubeconfig with one context, for kubectl and client libraries.

    Args:
        server: URL of the API, without a slash at the end. Over plain http kubectl sends no token,
            so a token travels in the URL as the path prefix ``/as/TOKEN``.
        user: Name of the user entry.
        namespace: Default Namespace of the context.
    """
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CONTEXT, "cluster": {"server": server}}],
        "users": [{"name": user, "user": {}}],
        "contexts": [
            {"name": CONTEXT, "context": {"cluster": CONTEXT, "user": user, "namespace": namespace}}
        ],
        "current-context": CONTEXT,
    }
    return yaml.safe_dump(config, sort_keys=False)


def server_url(host: str, port: int, token: str = "") -> str:
    """URL of the API of a server, with the token's path prefix when there is one."""
    named = f"[{host}]" if ":" in host else host
    return f"http://{named}:{port}" + (f"/as/{token}" if token else "")


def room_url(server: str, room: str) -> str:
    """URL of a room of a server; the room main is the server itself."""
    base = server.rstrip("/")
    return base if room in {"", "main"} else f"{base}/rooms/{room}"
