"""What an API server says when it cannot reach a kubelet: errors of its own calls, passed on as they are.

Models:
    staging/src/k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/status.go ErrorToAPIStatus
    pkg/registry/core/pod/strategy.go LogLocation
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.status import StatusError

if TYPE_CHECKING:
    from webapp.apimachinery.log_options import LogOptions
    from webapp.apimachinery.meta import JSONObject

KUBELET_PORT = 10250
NO_ROUTE = "connect: no route to host"
REFUSED = "connect: connection refused"
TIMEOUT = "i/o timeout"
NO_RUNTIME = (
    "rpc error: code = Unavailable desc = connection error: desc = "
    '"transport: Error while dialing: dial unix /run/containerd/containerd.sock: '
    'connect: connection refused"'
)


class PassedOnError(StatusError):
    """An error without a reason of the API's: kubectl shows it as ``Error from server: …``."""

    reason = ""


def dial_problem(address: str, problem: str) -> str:
    """Go's words for a connection to a kubelet that failed."""
    return f"dial tcp {address}:{KUBELET_PORT}: {problem}"


def log_failure(
    address: str, pod: JSONObject, container: str, options: LogOptions, problem: str
) -> PassedOnError:
    """A log that could not be fetched."""
    metadata = pod["metadata"]
    path = f"containerLogs/{metadata['namespace']}/{metadata['name']}/{container}"
    wanted = [
        text
        for is_wanted, text in (
            (options.follow, "follow=true"),
            (options.limit_bytes is not None, f"limitBytes={options.limit_bytes}"),
            (options.previous, "previous=true"),
            (options.tail_lines is not None, f"tailLines={options.tail_lines}"),
            (options.timestamps, "timestamps=true"),
        )
        if is_wanted
    ]
    query = f"?{'&'.join(wanted)}" if wanted else ""
    url = f"https://{address}:{KUBELET_PORT}/{path}{query}"
    return PassedOnError(f'Get "{url}": {dial_problem(address, problem)}')


def stream_failure(address: str, problem: str) -> PassedOnError:
    """A stream that could not be opened."""
    return PassedOnError(f"error dialing backend: {dial_problem(address, problem)}")
