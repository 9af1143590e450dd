"""The closed vocabulary of facts: every observable moment as a dataclass, not changed once made.

A fact names its ``actor`` (who did it: ``kube-apiserver``, ``kube-scheduler``,
``kubelet/worker-1``, or the user agent of a client such as ``kubectl``) and its ``subject`` (the
object it is about, where there is one). Virtual time, order and cause are added by the recorder.
A fact with ``duration_ms`` is a hop or a span that began when it was recorded and ends that much
later; the page interpolates it. Each class is named in the past tense of what it reports.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class ObjectRef(NamedTuple):
    """Which object: kind, namespace ("" when cluster-scoped), name, and UID ("" when not yet known)."""

    kind: str
    namespace: str
    name: str
    uid: str = ""


@dataclass(slots=True, kw_only=True)
class Fact:
    """Something that happened.

    Attributes:
        actor: Who did it.
        subject: What it is about, or ``None``.
    """

    actor: str
    subject: ObjectRef | None = None


# --- steps 1 to 4: the manifest, the request, the gates -------------------------------------


@dataclass(slots=True, kw_only=True)
class ManifestParsed(Fact):
    """Step 1: a client turned a manifest into an object to send."""


@dataclass(slots=True, kw_only=True)
class RequestReceived(Fact):
    """Step 2: a request travelled from ``actor`` to the API server.

    Attributes:
        verb: create, get, list, watch, update, patch, delete, deletecollection.
        resource: ``plural`` or ``plural/subresource``.
        user: User name claimed or proven; "" until authenticated.
        duration_ms: Travel time.
    """

    verb: str
    resource: str
    user: str = ""
    duration_ms: int = 0


@dataclass(slots=True, kw_only=True)
class RequestAuthenticated(Fact):
    """Step 3: the API server knows who asks."""

    user: str
    groups: tuple[str, ...] = ()
    method: str = ""


@dataclass(slots=True, kw_only=True)
class RequestAuthorized(Fact):
    """Step 3: a rule allows the request; ``rule`` names binding and role."""

    user: str
    rule: str


@dataclass(slots=True, kw_only=True)
class RequestDenied(Fact):
    """Step 3: 401 or 403; the message is the one the client gets."""

    user: str
    message: str
    code: int


@dataclass(slots=True, kw_only=True)
class EvictionRefused(Fact):
    """A Pod may not go now: ``message`` names its disruption budget and what it needs."""

    message: str


@dataclass(slots=True, kw_only=True)
class RequestAdmitted(Fact):
    """Step 4: defaults and admission plugins filled in what the manifest left out.

    Attributes:
        changes: Pairs of (who filled it in, ``field.path = value``), in order.
    """

    changes: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True, kw_only=True)
class SpecValidated(Fact):
    """Step 4: the object obeys its schema and its kind's rules."""


@dataclass(slots=True, kw_only=True)
class SpecRejected(Fact):
    """Step 4: the request was refused; ``message`` is the one the client gets."""

    message: str
    code: int = 422


@dataclass(slots=True, kw_only=True)
class ObjectStored(Fact):
    """Step 4, and after: a revision was written.

    Attributes:
        revision: The store's revision.
        operation: ADDED, MODIFIED or DELETED.
        resource: Plural resource name.
    """

    revision: int
    operation: str
    resource: str


@dataclass(slots=True, kw_only=True)
class WatchDelivered(Fact):
    """A watch event travelled from the API server to ``actor``.

    Attributes:
        revision: Revision of the object delivered.
        operation: ADDED, MODIFIED or DELETED.
        duration_ms: Travel time that ended at the moment of this fact.
    """

    revision: int
    operation: str
    duration_ms: int


# --- steps 5 and 6: the scheduler -----------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class NodesFiltered(Fact):
    """Step 5: the Nodes were filtered.

    Attributes:
        attempt: 1 for the Pod's first scheduling attempt.
        total: Nodes in the cluster.
        feasible: Names of the Nodes left, at most 20, in scan order.
        feasible_count: How many are left.
        refused: Pairs of (reason, number of Nodes), sorted by reason.
        verdicts: Pairs of (Node name, first reason that refused it), at most 20.
    """

    attempt: int
    total: int
    feasible: tuple[str, ...]
    feasible_count: int
    refused: tuple[tuple[str, int], ...]
    verdicts: tuple[tuple[str, str], ...]


@dataclass(slots=True, kw_only=True)
class NodesScored(Fact):
    """Step 5: the Nodes left were scored; ``scores`` holds at most 20 (Node name, weighted sum), best first."""

    attempt: int
    scores: tuple[tuple[str, int], ...]


@dataclass(slots=True, kw_only=True)
class NodeChosen(Fact):
    """Step 5: the scheduler chose a Node and assumes the Pod there."""

    attempt: int
    node: str
    score: int


@dataclass(slots=True, kw_only=True)
class PodUnschedulable(Fact):
    """Step 5: no Node fits; ``message`` is the FailedScheduling text."""

    attempt: int
    message: str


@dataclass(slots=True, kw_only=True)
class PreemptionChosen(Fact):
    """Step 5: less important Pods are evicted to make room on ``node``.

    Attributes:
        node: Where.
        victims: Pairs of (``namespace/name``, priority), most important first.
        rule: Why there and not on another Node.
    """

    node: str
    victims: tuple[tuple[str, int], ...]
    rule: str


@dataclass(slots=True, kw_only=True)
class DomainsCompared(Fact):
    """Step 5: Pods were counted by the values of a Node label, as spread or affinity asks.

    Attributes:
        attempt: 1 for the Pod's first scheduling attempt.
        plugin: Who counted.
        topology_key: The Node label.
        domains: Triples of (value of the label, Pods that count there, whether the Pod may go there),
            at most 20, in order of the values.
    """

    attempt: int
    plugin: str
    topology_key: str
    domains: tuple[tuple[str, int, bool], ...]


@dataclass(slots=True, kw_only=True)
class PodBound(Fact):
    """Step 6: the binding was written; the Pod belongs to ``node``."""

    node: str


# --- steps 7 and 8: kubelet, runtime, network -----------------------------------------------


@dataclass(slots=True, kw_only=True)
class PodAccepted(Fact):
    """Step 7: the kubelet of ``node`` noticed the Pod and admitted it."""

    node: str


@dataclass(slots=True, kw_only=True)
class PodRejected(Fact):
    """Step 7: the kubelet of ``node`` refused the Pod."""

    node: str
    reason: str
    message: str


@dataclass(slots=True, kw_only=True)
class VolumesMounted(Fact):
    """Step 8: the Pod's volumes are ready for its containers."""

    node: str
    volumes: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class SandboxCreated(Fact):
    """Step 8: the runtime made the Pod's sandbox (its shared namespaces)."""

    node: str
    sandbox_id: str
    runtime_handler: str = ""


@dataclass(slots=True, kw_only=True)
class SandboxRemoved(Fact):
    """The runtime removed the Pod's sandbox, and its address was released."""

    node: str
    sandbox_id: str


@dataclass(slots=True, kw_only=True)
class AddressAssigned(Fact):
    """Step 8: the network plugin gave the sandbox its addresses."""

    node: str
    ip: str
    plugin: str


@dataclass(slots=True, kw_only=True)
class ImagePullStarted(Fact):
    """Step 8: an image is being pulled; the span is the expected time."""

    node: str
    container: str
    image: str
    size_bytes: int
    duration_ms: int


@dataclass(slots=True, kw_only=True)
class ImagePulled(Fact):
    """Step 8: the image is on the Node; ``already_present`` when nothing had to be fetched."""

    node: str
    container: str
    image: str
    already_present: bool = False


@dataclass(slots=True, kw_only=True)
class ImagePullFailed(Fact):
    """Step 8: the pull failed, with the reason the container shows."""

    node: str
    container: str
    image: str
    reason: str
    message: str


@dataclass(slots=True, kw_only=True)
class ContainerCreated(Fact):
    """Step 8: a container exists and has not been started yet; ``role`` is init, sidecar or app."""

    node: str
    container: str
    container_id: str
    role: str


@dataclass(slots=True, kw_only=True)
class ContainerStarted(Fact):
    """Step 8: a container's first process runs; ``role`` is init, sidecar or app."""

    node: str
    container: str
    container_id: str
    role: str
    restart_count: int = 0


@dataclass(slots=True, kw_only=True)
class ContainerStopping(Fact):
    """A container was asked to stop (SIGTERM) and has ``duration_ms`` of grace."""

    node: str
    container: str
    container_id: str
    duration_ms: int


@dataclass(slots=True, kw_only=True)
class ContainerExited(Fact):
    """A container's first process ended; ``reason`` is Completed, Error or OOMKilled."""

    node: str
    container: str
    container_id: str
    exit_code: int
    reason: str


@dataclass(slots=True, kw_only=True)
class ContainerBackedOff(Fact):
    """A restart waits ``duration_ms`` (CrashLoopBackOff)."""

    node: str
    container: str
    duration_ms: int


@dataclass(slots=True, kw_only=True)
class ProbeResultChanged(Fact):
    """A probe changed its verdict; ``probe`` is startup, liveness or readiness."""

    node: str
    container: str
    probe: str
    succeeded: bool
    message: str = ""


# --- step 9: status -------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class StatusReported(Fact):
    """Step 9: the kubelet wrote the Pod's status."""

    node: str
    phase: str


@dataclass(slots=True, kw_only=True)
class PodReady(Fact):
    """Step 9: every container runs and is ready; the Pod is Ready as a whole."""

    node: str


@dataclass(slots=True, kw_only=True)
class PodNotReady(Fact):
    """A Pod that was Ready is no longer."""

    node: str
    reason: str


@dataclass(slots=True, kw_only=True)
class PodRemoved(Fact):
    """The Pod object is gone from the store."""


# --- controllers, services, machines --------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class ControllerActed(Fact):
    """A controller made observed more like desired; ``summary`` says how in plain words."""

    summary: str


@dataclass(slots=True, kw_only=True)
class EndpointsChanged(Fact):
    """A Service's endpoints changed."""

    ready: int
    not_ready: int


@dataclass(slots=True, kw_only=True)
class RulesSynced(Fact):
    """kube-proxy on ``node`` turned Services and endpoints into data-plane rules."""

    node: str
    services: int
    endpoints: int


@dataclass(slots=True, kw_only=True)
class NodeRegistered(Fact):
    """A machine's kubelet registered or joined."""

    node: str


@dataclass(slots=True, kw_only=True)
class NodeReadinessChanged(Fact):
    """A Node became Ready or NotReady."""

    node: str
    ready: bool
    reason: str


@dataclass(slots=True, kw_only=True)
class ClockChanged(Fact):
    """Someone changed how virtual time runs."""

    speed: str
    paused: bool


# --- the pod network: every request of a program, hop by hop --------------------------------


class Peer(NamedTuple):
    """One end of a request.

    Attributes:
        kind: ``pod``, ``node`` (the machine itself, a host-network Pod's address included),
            ``outside`` (beyond the cluster), or ``unknown`` (nobody has the address).
        namespace, name, uid, container: Of the Pod, as far as there is one.
        ip, port: Its address; port 0 where it does not matter.
        node: Where it runs, "" outside.
    """

    kind: str
    namespace: str = ""
    name: str = ""
    uid: str = ""
    container: str = ""
    ip: str = ""
    port: int = 0
    node: str = ""


class Hop(NamedTuple):
    """One stretch of a request's way, in order of travel.

    Attributes:
        kind: ``loopback`` (inside the Pod), ``egress`` (out of the client's Pod, its egress policies),
            ``rules`` (kube-proxy's rules on a Node translate the address), ``wire`` (from Node to Node),
            ``ingress`` (into the endpoint's Pod, its ingress policies) or ``server`` (whoever listens).
        name: What is drawn there: a Service, the encapsulation (``VXLAN``, ``route`` …), a Pod.
        node: Where it ends.
        duration_ms: Virtual milliseconds, with fractions.
    """

    kind: str
    name: str
    node: str
    duration_ms: float


@dataclass(slots=True, kw_only=True)
class NameLookedUp(Fact):
    """A program asked a name server, for itself or for ``request``; ``subject`` is the client's Pod.

    Attributes:
        request: Id of the request that needs the address; 0 for a look-up of its own.
        client: Who asks.
        name: As the program wrote it.
        server: The address asked; a ClusterIP for cluster DNS.
        endpoint: The name server that was reached, or ``None``.
        questions: Pairs of (full name asked, ``NOERROR``, ``NXDOMAIN``, ``SERVFAIL`` or ``timeout``), in order.
        answers: What was found, in order: addresses.
        outcome: ``answered``, ``noName`` or ``timeout``.
        reason: Where and why it was stopped, as in :class:`NetworkRequestRouted`; "" otherwise.
        policy, rule: The NetworkPolicy that did not let it pass, or "".
        duration_ms: Until the program knows.
    """

    request: int
    client: Peer
    name: str
    server: str
    endpoint: Peer | None
    questions: tuple[tuple[str, str], ...]
    answers: tuple[str, ...]
    outcome: str
    reason: str = ""
    policy: str = ""
    rule: str = ""
    duration_ms: int = 0


@dataclass(slots=True, kw_only=True)
class NetworkRequestRouted(Fact):
    """A request set out: its whole way, up to the server or to where it is stopped.

    ``subject`` is the client's Pod, ``None`` from outside. The page moves a traveller along ``hops``
    from the moment of this fact on; the answer comes with :class:`NetworkRequestEnded`.

    Attributes:
        request: Id, rising, unique in the run.
        client: Who asks.
        protocol: TCP, UDP or ICMP.
        summary: ``GET http://web/``, ``tcp 10.0.1.7:6379`` …
        dialled: ``ip:port`` as the program dialled it.
        via: ``pod`` (an address itself), ``clusterIP``, ``nodePort``, ``loadBalancer``, ``externalIP``,
            ``localhost`` or ``outside``.
        service: ``namespace/name:port`` of the Service whose rules matched, or "".
        endpoint: Whom the rules chose, or who has the address; ``None`` when there is nobody.
        hops: The way, in order.
        stopped_at: Index in ``hops`` of the stretch at whose end it is stopped; -1 when it gets through.
        reason: Why it is stopped: ``policy``, ``noEndpoints``, ``notListening``, ``noRoute``, ``nodeDown``,
            ``partition``, ``packetLoss``, ``noLocalEndpoints``; "" when it gets through.
        policy: ``namespace/name`` of the NetworkPolicy that selects and does not allow; several are joined
            by a comma, since only all of them together deny.
        rule: ``ingress`` or ``egress``, or, when a request is let through, ``egress[0] of ns/name; …``.
        duration_ms: The hops together, rounded up.
    """

    request: int
    client: Peer
    protocol: str
    summary: str
    dialled: str
    via: str
    service: str
    endpoint: Peer | None
    hops: tuple[Hop, ...]
    stopped_at: int = -1
    reason: str = ""
    policy: str = ""
    rule: str = ""
    duration_ms: int = 0


@dataclass(slots=True, kw_only=True)
class NetworkRequestEnded(Fact):
    """The client has its answer, or gave up.

    Attributes:
        request: Id, as in :class:`NetworkRequestRouted`.
        outcome: What the client saw: ``answered``, ``refused``, ``timeout``, ``unreachable``, ``reset``
            or ``noName`` (then nothing was ever routed).
        code: HTTP status, 0 without one.
        summary: ``200 OK``, ``Connection refused`` …
        took_ms: From the first look-up to this moment.
    """

    request: int
    outcome: str
    code: int = 0
    summary: str = ""
    took_ms: int = 0
