"""What servers say when their port is taken, and how long they try."""

from __future__ import annotations

_NGINX_TRIES = 5
_NGINX_WAIT_MS = 500
_SOON_MS = 30


def port_complaint(image: str, port: int) -> tuple[tuple[str, ...], int]:
    """The lines of an image's server, and the milliseconds until it ends with 1.

    Args:
        image: The image's short name.
        port: The port that is taken.
    """
    name = image.rpartition("/")[2]
    if name.startswith("nginx"):
        failed = f"bind() to 0.0.0.0:{port} failed (98: Address already in use)"
        once = (
            f"{{time}} [emerg] 1#1: {failed}",
            f"nginx: [emerg] {failed}",
            "{time} [notice] 1#1: try again to bind() after 500ms",
        )
        end = (
            "{time} [emerg] 1#1: still could not bind()",
            "nginx: [emerg] still could not bind()",
        )
        return once * _NGINX_TRIES + end, _NGINX_TRIES * _NGINX_WAIT_MS
    known = {
        "httpd": (
            "(98)Address already in use: AH00072: make_sock: could not bind to address "
            f"0.0.0.0:{port}",
            "no listening sockets available, shutting down",
            "AH00015: Unable to open logs",
        ),
        "mysql": (
            "{time} 0 [ERROR] [MY-010262] [Server] Can't start server: Bind on TCP/IP port: "
            "Address already in use",
            "{time} 0 [ERROR] [MY-010119] [Server] Aborting",
        ),
        "postgres": (
            '{time} UTC [1] LOG:  could not bind IPv4 address "0.0.0.0": Address already in use',
            f"{{time}} UTC [1] HINT:  Is another postmaster already running on port {port}?",
            "{time} UTC [1] FATAL:  could not create any TCP/IP sockets",
        ),
        "redis": (
            "1:M {time} # Warning: Could not create server TCP listening socket "
            f"*:{port}: bind: Address already in use",
            f"1:M {{time}} # Failed listening on port {port} (tcp), aborting.",
        ),
    }
    return known.get(name, (f"listen tcp :{port}: bind: address already in use",)), _SOON_MS
