// Generated from webapp/live/frames.py by `python -m webapp.live.typescript`; do not edit.

export type State = "running" | "progress" | "waiting" | "failing" | "terminating" | "unknown" | "completed";
export type Role = "init" | "sidecar" | "app" | "ephemeral";
export type ContainerPhase = "waiting" | "running" | "terminated";
export type Outcome = "done" | "now" | "todo" | "failed";
export type Lane = "active" | "backoff" | "unschedulable" | "gated";

export interface ContainerView {
  name: string;
  role: Role;
  image: string;
  state: ContainerPhase;
  reason: string;
  ready: boolean;
  restarts: number;
  exitCode: number | null;
  since: number | null;
  mounts: string[];
  ports: number[];
  started: boolean;
  retryAt: number | null;
  lastReason: string;
  lastExitCode: number | null;
}

export interface VolumeView {
  name: string;
  type: string;
}

export interface PodView {
  uid: string;
  namespace: string;
  name: string;
  generateName: string;
  ownerKind: string;
  ownerName: string;
  ownerUid: string;
  node: string;
  ip: string;
  hostNetwork: boolean;
  status: string;
  state: State;
  ready: number;
  total: number;
  restarts: number;
  created: number;
  deleted: number | null;
  labels: Record<string, string>;
  containers: ContainerView[];
  volumes: VolumeView[];
  cpuMillis: number;
  memoryBytes: number;
  message: string;
  nominatedNode: string;
  step: number;
  qos: string;
  priority: number;
  sandbox: "container" | "vm" | "wasm";
  lost: boolean;
  evictedAt: number | null;
  bare: boolean;
  replaces: string;
  replacesName: string;
  resize: string;
  isStatic: boolean;
  reason: string;
  system: boolean;
  revision: number;
}

export interface NodeView {
  uid: string;
  name: string;
  ip: string;
  ready: boolean;
  status: string;
  unschedulable: boolean;
  taints: string[];
  labels: Record<string, string>;
  zone: string;
  cpuMillis: number;
  memoryBytes: number;
  maxPods: number;
  podCidr: string;
  kubeletVersion: string;
  containerRuntime: string;
  heartbeat: number | null;
  silent: boolean;
  graceEnds: number | null;
  notReadySince: number | null;
  created: number;
  revision: number;
}

export interface PortView {
  name: string;
  protocol: string;
  port: number;
  targetPort: string;
  nodePort: number;
}

export interface EndpointView {
  ip: string;
  podUid: string;
  podName: string;
  node: string;
  ready: boolean;
  serving: boolean;
  terminating: boolean;
}

export interface ServiceView {
  uid: string;
  namespace: string;
  name: string;
  type: string;
  clusterIp: string;
  externalIp: string;
  dns: string;
  ports: PortView[];
  selector: Record<string, string>;
  endpoints: EndpointView[];
  created: number;
  revision: number;
}

export interface WorkloadView {
  uid: string;
  kind: string;
  namespace: string;
  name: string;
  ownerUid: string;
  desired: number;
  current: number;
  updated: number;
  ready: number;
  available: number;
  rolloutRevision: string;
  strategy: string;
  maxSurge: number;
  maxUnavailable: number;
  schedule: string;
  nextRun: number | null;
  paused: boolean;
  image: string;
  message: string;
  created: number;
  revision: number;
}

export interface GuardView {
  uid: string;
  kind: string;
  namespace: string;
  name: string;
  targetKind: string;
  targetName: string;
  selector: Record<string, string>;
  least: number;
  most: number;
  current: number;
  desired: number;
  allowed: number;
  measures: string[];
  message: string;
  created: number;
  revision: number;
}

export interface FaultView {
  uid: string;
  name: string;
  type: string;
  target: string;
  nodes: string[];
  pods: string[];
  phase: string;
  since: number;
  until: number | null;
  does: string;
  watchFor: string;
  message: string;
  created: number;
  revision: number;
}

export interface StepView {
  step: number;
  name: string;
  actor: string;
  at: number | null;
  until: number | null;
  outcome: Outcome;
  summary: string;
}

export interface JourneyView {
  podUid: string;
  namespace: string;
  name: string;
  current: number;
  headline: string;
  refusedBy: string;
  steps: StepView[];
}

export interface ClockView {
  now: number;
  speed: string;
  paused: boolean;
  idle: boolean;
  lagMs: number;
}

export interface FactView {
  seq: number;
  at: number;
  cause: number;
  type: string;
  actor: string;
  kind: string;
  namespace: string;
  name: string;
  uid: string;
  data: Record<string, unknown>;
}

export interface QueuedPodView {
  podUid: string;
  lane: Lane;
  attempts: number;
  until: number | null;
  plugins: string[];
}

export interface QueueView {
  active: number;
  backoff: number;
  unschedulable: number;
  gated: number;
  pods: QueuedPodView[];
}

export interface Hello {
  productVersion: string;
  kubernetesVersion: string;
  room: string;
  seed: number;
  networkPlugin: string;
  apiPrefix: string;
  apiToken: string;
  readOnly: boolean;
  clock: ClockView;
}

export interface Snapshot {
  seq: number;
  revision: number;
  clock: ClockView;
  nodes: NodeView[];
  pods: PodView[];
  services: ServiceView[];
  workloads: WorkloadView[];
  journeys: JourneyView[];
  faults: FaultView[];
  guards: GuardView[];
  namespaces: string[];
  queue: QueueView | null;
}

export interface Delta {
  seq: number;
  revision: number;
  nodes: NodeView[];
  pods: PodView[];
  services: ServiceView[];
  workloads: WorkloadView[];
  journeys: JourneyView[];
  faults: FaultView[];
  guards: GuardView[];
  namespaces: string[] | null;
  removed: string[];
  queue: QueueView | null;
}

export interface Facts {
  facts: FactView[];
  dropped: number;
}

export interface PeerView {
  kind: string;
  uid: string;
  namespace: string;
  name: string;
  container: string;
  ip: string;
  port: number;
  node: string;
}

export interface HopView {
  kind: string;
  name: string;
  node: string;
  duration: number;
}

export interface LookupView {
  at: number;
  duration: number;
  name: string;
  server: string;
  endpoint: PeerView | null;
  questions: string[][];
  answers: string[];
  outcome: string;
  reason: string;
  policy: string;
  rule: string;
}

export interface RequestView {
  id: number;
  seq: number;
  client: PeerView;
  protocol: string;
  summary: string;
  lookup: LookupView | null;
  at: number | null;
  arrives: number | null;
  dialled: string;
  via: string;
  service: string;
  endpoint: PeerView | null;
  hops: HopView[];
  stoppedAt: number;
  reason: string;
  policy: string;
  rule: string;
  until: number | null;
  outcome: string;
  code: number;
  answer: string;
  took: number;
}

export interface FlowView {
  clientUid: string;
  client: string;
  clientNode: string;
  service: string;
  endpointUid: string;
  endpoint: string;
  endpointNode: string;
  outcome: string;
  code: number;
  reason: string;
  policy: string;
  count: number;
  perSecond: number;
  last: number;
}

export interface NetworkView {
  plugin: string;
  encapsulation: string;
  enforcesPolicies: boolean;
  pool: string;
  blockPrefix: number;
  remark: string;
}

export interface Requests {
  whole: boolean;
  network: NetworkView | null;
  requests: RequestView[];
  flows: FlowView[];
  dropped: number;
}

export interface Stopped {
  message: string;
  journal: string;
}
