"""What goes over the live stream.

A browser gets ``hello``, then one ``snapshot``, then ``delta`` frames (whole views of what changed,
at most ten a second, numbered without gaps), ``facts`` (moments and hops for the animation), ``requests``
(the pod network's traffic, single and counted) and ``clock`` frames. Times are virtual milliseconds since the Unix epoch. Field names are camelCase on
the wire; ``static/src/lib/live/protocol.ts`` is generated from these classes.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

State = Literal["running", "progress", "waiting", "failing", "terminating", "unknown", "completed"]
Role = Literal["init", "sidecar", "app", "ephemeral"]
ContainerPhase = Literal["waiting", "running", "terminated"]
Sandbox = Literal["container", "vm", "wasm"]
Outcome = Literal["done", "now", "todo", "failed"]
Lane = Literal["active", "backoff", "unschedulable", "gated"]


class View(msgspec.Struct, rename="camel", kw_only=True):
    """Base of everything on the stream."""


class ContainerView(View):
    """One container of a Pod.

    ``reason`` is what kubectl shows for it (``ContainerCreating``, ``CrashLoopBackOff``,
    ``Completed`` …), ``mounts`` are texts ``volume:/path``, ``ports`` are container ports. ``started`` says
    that it runs and its startup probe, if any, has succeeded; ``retry_at`` is when its back-off ends, ``None``
    when it waits for none; ``last_reason`` and ``last_exit_code`` tell how it ended the time before ("" and
    ``None``: it did not).
    """

    name: str
    role: Role
    image: str
    state: ContainerPhase
    reason: str
    ready: bool
    restarts: int
    exit_code: int | None
    since: int | None
    mounts: list[str]
    ports: list[int]
    started: bool
    retry_at: int | None
    last_reason: str
    last_exit_code: int | None


class VolumeView(View):
    """One volume of a Pod; ``type`` is its source, for example ``emptyDir``."""

    name: str
    type: str


class PodView(View):
    """One Pod.

    ``status`` is the word in kubectl's STATUS column, ``state`` how it is drawn, ``ready`` and
    ``total`` the READY column, ``step`` the last of the nine steps that is done (0 to 9),
    ``message`` why it waits, if it does, ``nominated_node`` where room is made for it, ``sandbox`` what it runs in, by its RuntimeClass's handler. ``cpu_millis`` and ``memory_bytes`` are requests.
    ``lost`` says that its Node is not heard of or gone, ``evicted_at`` when taints end its stay there,
    ``bare`` that no controller would replace it; ``replaces`` and ``replaces_name`` are the Pod in whose
    place its controller made it. ``resize`` is how a resize stands (``InProgress``, ``Deferred``,
    ``Infeasible``, ``Error``, "" without one), ``is_static`` that the kubelet runs it from a file of its own, ``reason`` why it
    has failed as a whole (``Evicted``, ``DeadlineExceeded`` …).
    ``system`` says that it belongs to the cluster's own add-ons.
    """

    uid: str
    namespace: str
    name: str
    generate_name: str
    owner_kind: str
    owner_name: str
    owner_uid: str
    node: str
    ip: str
    host_network: bool
    status: str
    state: State
    ready: int
    total: int
    restarts: int
    created: int
    deleted: int | None
    labels: dict[str, str]
    containers: list[ContainerView]
    volumes: list[VolumeView]
    cpu_millis: int
    memory_bytes: int
    message: str
    nominated_node: str
    step: int
    qos: str
    priority: int
    sandbox: Sandbox
    lost: bool
    evicted_at: int | None
    bare: bool
    replaces: str
    replaces_name: str
    resize: str
    is_static: bool
    reason: str
    system: bool
    revision: int


class NodeView(View):
    """One Node; ``status`` as kubectl prints it (``Ready,SchedulingDisabled``); amounts are allocatable.

    ``heartbeat`` is when its Lease was renewed; unless ``silent``, renewals go on from there every ten
    seconds. ``grace_ends`` is when a silent Node becomes Unknown (at the next look of every five
    seconds), ``not_ready_since`` when it stopped being Ready.
    """

    uid: str
    name: str
    ip: str
    ready: bool
    status: str
    unschedulable: bool
    taints: list[str]
    labels: dict[str, str]
    zone: str
    cpu_millis: int
    memory_bytes: int
    max_pods: int
    pod_cidr: str
    kubelet_version: str
    container_runtime: str
    heartbeat: int | None
    silent: bool
    grace_ends: int | None
    not_ready_since: int | None
    created: int
    revision: int


class PortView(View):
    """One port of a Service; ``node_port`` is 0 when there is none."""

    name: str
    protocol: str
    port: int
    target_port: str
    node_port: int


class EndpointView(View):
    """One endpoint of a Service; ``pod_uid`` is "" when no Pod stands behind it.

    A terminating one that is still ``serving`` gets traffic when there is no ready one.
    """

    ip: str
    pod_uid: str
    pod_name: str
    node: str
    ready: bool
    serving: bool
    terminating: bool


class ServiceView(View):
    """One Service with its endpoints; ``cluster_ip`` is ``None`` in text for headless ones."""

    uid: str
    namespace: str
    name: str
    type: str
    cluster_ip: str
    external_ip: str
    dns: str
    ports: list[PortView]
    selector: dict[str, str]
    endpoints: list[EndpointView]
    created: int
    revision: int


class WorkloadView(View):
    """A Deployment, ReplicaSet, StatefulSet, DaemonSet, Job … with its counts.

    ``strategy`` is how it replaces Pods; ``max_surge`` and ``max_unavailable`` are its limits in Pods, 0 where
    it has none; ``rollout_revision`` is the number that ``kubectl rollout history`` shows. A CronJob's
    ``schedule`` is its cron line, ``next_run`` when its next Job is due.
    """

    uid: str
    kind: str
    namespace: str
    name: str
    owner_uid: str
    desired: int
    current: int
    updated: int
    ready: int
    available: int
    rollout_revision: str
    strategy: str
    max_surge: int
    max_unavailable: int
    schedule: str
    next_run: int | None
    paused: bool
    image: str
    message: str
    created: int
    revision: int


class GuardView(View):
    """A HorizontalPodAutoscaler, PodDisruptionBudget or ResourceQuota.

    Autoscalers name their ``target``, have replicas from ``least`` to ``most``, ``current`` and ``desired``, and
    ``measures`` as kubectl prints them. Budgets cover the Pods of ``selector``: of ``most``, ``current`` are
    healthy, ``least`` must be, ``allowed`` may go. Quotas have ``measures``, one text a resource.
    """

    uid: str
    kind: str
    namespace: str
    name: str
    target_kind: str
    target_name: str
    selector: dict[str, str]
    least: int
    most: int
    current: int
    desired: int
    allowed: int
    measures: list[str]
    message: str
    created: int
    revision: int


class FaultView(View):
    """One Fault: what is broken, where, since when and until when; virtual times.

    ``phase`` is Pending, Active or Healed; ``nodes`` and ``pods`` (``namespace/name``) are what it strikes;
    ``until`` is ``None`` when somebody must heal it; ``message`` says how it stands.
    """

    uid: str
    name: str
    type: str
    target: str
    nodes: list[str]
    pods: list[str]
    phase: str
    since: int
    until: int | None
    does: str
    watch_for: str
    message: str
    created: int
    revision: int


class StepView(View):
    """One of the nine steps of a Pod; ``at`` is ``None`` while it is still to come."""

    step: int
    name: str
    actor: str
    at: int | None
    until: int | None
    outcome: Outcome
    summary: str


class JourneyView(View):
    """A Pod's way through the nine steps; ``current`` is the step under way, 10 when all are done.

    ``refused_by`` is the gate that ended it: authentication, authorization, admission, validation or
    storage, "" otherwise.
    """

    pod_uid: str
    namespace: str
    name: str
    current: int
    headline: str
    refused_by: str
    steps: list[StepView]


class ClockView(View):
    """How virtual time runs; ``speed`` is a number's text or ``max``; ``lag_ms`` how far it trails."""

    now: int
    speed: str
    paused: bool
    idle: bool
    lag_ms: int


class FactView(View):
    """One fact. ``kind`` to ``uid`` name its subject ("" without one); ``data`` holds the rest."""

    seq: int
    at: int
    cause: int
    type: str
    actor: str
    kind: str
    namespace: str
    name: str
    uid: str
    data: dict[str, Any]


class QueuedPodView(View):
    """A Pod that waits for a Node; ``until`` is when its back-off ends, ``None`` in other lanes.

    ``plugins`` refused it last, or gate it.
    """

    pod_uid: str
    lane: Lane
    attempts: int
    until: int | None
    plugins: list[str]


class QueueView(View):
    """The scheduler's queue: Pods a lane, and the first of each lane, at most 20, in order."""

    active: int
    backoff: int
    unschedulable: int
    gated: int
    pods: list[QueuedPodView]


class Hello(View):
    """First frame of a connection; ``api_prefix`` is what API paths begin with ("" for the main room)."""

    product_version: str
    kubernetes_version: str
    room: str
    seed: int
    network_plugin: str
    api_prefix: str
    api_token: str
    read_only: bool
    clock: ClockView


class Snapshot(View):
    """Everything the picture needs at one revision; ``queue`` is not known of earlier moments."""

    seq: int
    revision: int
    clock: ClockView
    nodes: list[NodeView]
    pods: list[PodView]
    services: list[ServiceView]
    workloads: list[WorkloadView]
    journeys: list[JourneyView]
    faults: list[FaultView]
    guards: list[GuardView]
    namespaces: list[str]
    queue: QueueView | None


class Delta(View):
    """What changed since ``seq - 1``: whole views of changed objects, UIDs of those gone.

    ``namespaces`` and ``queue`` are whole if they changed, else ``None``.
    """

    seq: int
    revision: int
    nodes: list[NodeView]
    pods: list[PodView]
    services: list[ServiceView]
    workloads: list[WorkloadView]
    journeys: list[JourneyView]
    faults: list[FaultView]
    guards: list[GuardView]
    namespaces: list[str] | None
    removed: list[str]
    queue: QueueView | None


class Facts(View):
    """Facts in order; ``dropped`` counts those left out when too many happen at once."""

    facts: list[FactView]
    dropped: int


class PeerView(View):
    """One end of a request: ``kind`` is ``pod``, ``node``, ``outside`` or ``unknown``; port 0 if it is none."""

    kind: str
    uid: str
    namespace: str
    name: str
    container: str
    ip: str
    port: int
    node: str


class HopView(View):
    """One stretch of a request's way.

    ``kind`` is ``loopback``, ``egress``, ``rules``, ``wire``, ``ingress`` or ``server``; ``name`` what is drawn
    there, ``node`` where it ends, ``duration`` virtual milliseconds with fractions.
    """

    kind: str
    name: str
    node: str
    duration: float


class LookupView(View):
    """A name looked up before a request, or by itself.

    ``questions`` are pairs of full name and response code in order; ``outcome`` is ``answered``, ``noName``
    or ``timeout``, with ``reason``, ``policy`` and ``rule`` when the question was stopped on its way.
    """

    at: int
    duration: int
    name: str
    server: str
    endpoint: PeerView | None
    questions: list[list[str]]
    answers: list[str]
    outcome: str
    reason: str
    policy: str
    rule: str


class RequestView(View):
    """One request in the pod network, as far as it has come; sent whole whenever it has come further.

    ``at`` is when its traveller sets out along ``hops`` (``None`` while, or if only, its name is looked up),
    ``arrives`` when it is at the end of them. ``stopped_at`` is the index of the hop at whose end it is
    stopped (-1: it got through), ``reason`` why (``policy``, ``noEndpoints``, ``notListening``, ``noRoute``,
    ``nodeDown``, ``partition``, ``packetLoss``, ``noLocalEndpoints``), ``policy`` and ``rule`` whose doing.
    ``until`` is when the client had its answer or gave up, ``None`` before; ``outcome`` ("" before) is
    ``answered``, ``refused``, ``timeout``, ``unreachable``, ``reset`` or ``noName``. ``service`` is
    ``namespace/name:port``, ``via`` ``pod``, ``clusterIP``, ``nodePort``, ``loadBalancer``, ``externalIP``,
    ``localhost`` or ``outside``. ``seq`` is the number of its newest fact.
    """

    id: int
    seq: int
    client: PeerView
    protocol: str
    summary: str
    lookup: LookupView | None
    at: int | None
    arrives: int | None
    dialled: str
    via: str
    service: str
    endpoint: PeerView | None
    hops: list[HopView]
    stopped_at: int
    reason: str
    policy: str
    rule: str
    until: int | None
    outcome: str
    code: int
    answer: str
    took: int


class FlowView(View):
    """Requests alike, counted: same client, Service, endpoint and outcome.

    ``client`` is ``namespace/name`` of a Pod, a Node's name, or ``outside``; ``endpoint`` is ``ip:port`` of
    who answered or was meant, "" for nobody. ``count`` is the total of the run, ``per_second`` the rate over
    the last virtual second or so, ``last`` when the newest one ended. ``code`` is the HTTP status or 0.
    """

    client_uid: str
    client: str
    client_node: str
    service: str
    endpoint_uid: str
    endpoint: str
    endpoint_node: str
    outcome: str
    code: int
    reason: str
    policy: str
    count: int
    per_second: float
    last: int


class NetworkView(View):
    """The network plugin: what its name means for what is drawn.

    ``encapsulation`` is what carries packets from Node to Node (``route``, ``VXLAN``, ``IP-in-IP``, "" without a
    plugin), ``enforces_policies`` whether NetworkPolicies have any effect, ``pool`` the range that the plugin
    hands blocks out of ("" when it uses each Node's spec.podCIDR) with prefixes of ``block_prefix``, ``remark`` a
    sentence about all of that.
    """

    plugin: str
    encapsulation: str
    enforces_policies: bool
    pool: str
    block_prefix: int
    remark: str


class Requests(View):
    """The traffic of the pod network since the last such frame, at most ten frames a second.

    ``requests`` are samples (at most 200 a virtual second are told one by one), ``flows`` counts that
    changed and hold every request; ``whole`` says that these are all flows and replaces what was known, as
    after a snapshot; ``dropped`` counts requests left out of the samples since the last frame.
    ``network`` comes with whole frames only.
    """

    whole: bool
    network: NetworkView | None
    requests: list[RequestView]
    flows: list[FlowView]
    dropped: int


class Stopped(View):
    """The run has ended: by a fault of the simulator (``journal`` is where to download it), or with its room."""

    message: str
    journal: str
