"""What part of a container's log is asked for: ``PodLogOptions`` without the container's name.

Made by the API server out of a request's query, passed through the cluster to the kubelet that has
the container.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogOptions:
    """Which lines, and how they are printed.

    Attributes:
        follow: Go on with what is printed from now on.
        previous: The instance before the present one.
        timestamps: Put an RFC 3339 time with nanoseconds before each line.
        tail_lines: Only this many of the newest lines; ``None`` for all.
        since_ms: Only lines printed at or after this virtual time; ``None`` for all.
        limit_bytes: End after this many bytes; ``None`` for no bound.

    Models:
        staging/src/k8s.io/api/core/v1/types.go PodLogOptions
    """

    follow: bool = False
    previous: bool = False
    timestamps: bool = False
    tail_lines: int | None = None
    since_ms: int | None = None
    limit_bytes: int | None = None
