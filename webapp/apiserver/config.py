"""What an API server is started with, and what the cluster plugs into it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from webapp.apimachinery.wire import UserInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webapp.apimachinery.log_options import LogOptions
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.proxied import ProxiedRequest, ProxyTarget
    from webapp.apimachinery.streams import ExecOptions, ExecSession, PortForwarder
    from webapp.apimachinery.wire import LogResponse

ANONYMOUS = UserInfo("system:anonymous", ("system:unauthenticated",))
SERVICE_ACCOUNT_ISSUER = "https://kubernetes.default.svc.cluster.local"


class NodeProxy(Protocol):
    """The way from the API server to the kubelets."""

    def container_log(
        self, node_name: str, pod: JSONObject, container: str, options: LogOptions
    ) -> LogResponse:
        """The log of a container of ``pod`` on a Node.

        Raises:
            StatusError: There is no such log.
        """

    def container_exec(
        self, node_name: str, pod: JSONObject, container: str, options: ExecOptions
    ) -> ExecSession:
        """A command begun in a container of ``pod`` on a Node, or, without words, the container itself.

        Raises:
            StatusError: It does not run, or the Node cannot be reached.
        """

    def port_forwarder(self, node_name: str, pod: JSONObject) -> PortForwarder:
        """The way to the ports of ``pod`` on a Node.

        Raises:
            StatusError: The Pod does not run there, or the Node cannot be reached.
        """

    def pass_on(self, target: ProxyTarget, sent: ProxiedRequest) -> tuple[int, str, bytes] | str:
        """Pass an HTTP request on: status, content type and body of the answer, or why there is none.

        Raises:
            StatusError: The Node cannot be reached.
        """


@dataclass(slots=True)
class APIServerConfig:
    """How an API server is set up.

    Attributes:
        anonymous: Whether requests without credentials go on, as ``anonymous_user``.
        anonymous_user: Who they are; a server that listens on loopback only may name an admin here.
        tokens: Bearer token → who holds it.
        service_cidrs: Ranges of ClusterIPs, the first one is primary; at most one a family.
        node_port_range: First and last NodePort, both inclusive.
        kept_revisions: How many of the newest revisions can be watched from.
        event_ttl_seconds: How long Events are kept.
        node_proxy: The way to the kubelets, ``None`` until the cluster has set it.
    """

    anonymous: bool = False
    anonymous_user: UserInfo = ANONYMOUS
    tokens: Mapping[str, UserInfo] = field(default_factory=dict)
    service_cidrs: tuple[str, ...] = ("10.96.0.0/12",)
    node_port_range: tuple[int, int] = (30000, 32767)
    kept_revisions: int = 100_000
    event_ttl_seconds: int = 3600
    node_proxy: NodeProxy | None = None
