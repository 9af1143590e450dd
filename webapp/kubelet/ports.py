"""Ports that are told by number or by a declared name. Pure.

Models:
    pkg/probe/util.go ResolveContainerPort
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject


def port_number(port: int | str, spec: JSONObject) -> int:
    """A port of a container: a number, or the name of a declared port; 0 for an unknown name."""
    if isinstance(port, int):
        return port
    for declared in spec.get("ports") or ():
        if declared.get("name") == port:
            return int(declared["containerPort"])
    return int(port) if port.isdigit() else 0
