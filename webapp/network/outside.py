"""What lies outside the cluster: a few names and addresses that answer, so that egress can be shown.

Nothing real is ever asked. Names that are not listed do not exist; addresses that are not listed do not
answer. A person's own machine, which dials NodePorts and load balancers, has the address of
:data:`CLIENT_ADDRESS`.
"""

from __future__ import annotations

CLIENT_ADDRESS = "192.0.2.10"
"""Whoever dials the cluster from outside."""
RESOLVER_ADDRESS = "192.0.2.53"
"""The name server of machines, to which cluster DNS hands on what it does not know."""
LATENCY_MS = 24
"""There and back."""

NAMES: dict[str, str] = {
    "api.github.com": "140.82.121.6",
    "cloudflare.com": "104.16.132.229",
    "example.com": "93.184.215.14",
    "example.net": "93.184.215.15",
    "example.org": "93.184.215.16",
    "github.com": "140.82.121.4",
    "google.com": "142.250.74.46",
    "kubernetes.io": "15.197.167.90",
    "one.one.one.one": "1.1.1.1",
    "www.example.com": "93.184.215.14",
    "www.google.com": "142.250.74.36",
}
"""Name → address, sorted."""
HOSTS: dict[str, str] = {
    "8.8.8.8": "dns.google",
    **{address: name for name, address in reversed(NAMES.items())},
}
"""Addresses that answer, on ports 53, 80 and 443 → the name that they go by."""
PORTS = (53, 80, 443)


def page(ip: str) -> bytes:
    """What a host out there shows."""
    return f"<html><body><h1>{HOSTS[ip]}</h1><p>A simulated host outside the cluster.</p></body></html>\n".encode()
