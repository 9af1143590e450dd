"""Why a container cannot be configured; it then waits with CreateContainerConfigError."""

from __future__ import annotations


class ConfigError(Exception):
    """A container cannot be configured; the message is the one that its status shows."""
