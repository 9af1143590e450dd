/**
 * A made-up room for tests and for looking at the page without a server: three Nodes, Pods in every state, and
 * one Pod going through the nine steps. Deterministic: the same moments every time.
 */
import type {
  ContainerView,
  Delta,
  FactView,
  Facts,
  Hello,
  JourneyView,
  NodeView,
  PodView,
  ServiceView,
  Snapshot,
  State,
  StepView,
  WorkloadView,
} from "./protocol.ts";

export const DEMO_START = Date.UTC(2026, 0, 5, 9, 0, 0);
const MINUTE = 60_000;
const GIBI = 1024 ** 3;
const STORY = "pod-web-x2k4p";

export interface DemoRoom {
  nodes: number;
  /** Further running Pods, spread over the Nodes. */
  extraPods: number;
  services: number;
  /** Pods that no Node can take. */
  waiting: number;
  story: boolean;
}

export const pictureRoom: DemoRoom = { nodes: 3, extraPods: 0, services: 1, waiting: 0, story: true };

/** A moment of the story: frames to apply when virtual time reaches `at`. */
export interface Moment {
  at: number;
  delta: Delta;
  facts: Facts;
}

export const demoHello: Hello = {
  productVersion: "0.1.0",
  kubernetesVersion: "v1.36.0",
  room: "main",
  seed: 0,
  networkPlugin: "calico",
  apiPrefix: "",
  apiToken: "",
  readOnly: false,
  clock: { now: DEMO_START, speed: "1", paused: false, idle: false, lagMs: 0 },
};

function container(part: Partial<ContainerView> & Pick<ContainerView, "name">): ContainerView {
  return {
    role: "app",
    image: `registry.example/${part.name}:1`,
    state: "running",
    reason: "",
    ready: true,
    restarts: 0,
    exitCode: null,
    started: true,
    retryAt: null,
    lastReason: "",
    lastExitCode: null,
    since: DEMO_START,
    mounts: [],
    ports: [],
    ...part,
  };
}

export function demoPod(part: Partial<PodView> & Pick<PodView, "name">): PodView {
  return {
    uid: `pod-${part.name}`,
    namespace: "default",
    generateName: "",
    ownerKind: "",
    ownerName: "",
    ownerUid: "",
    node: "",
    ip: "",
    hostNetwork: false,
    status: "Running",
    state: "running",
    ready: 1,
    total: 1,
    restarts: 0,
    created: DEMO_START - 2 * MINUTE,
    deleted: null,
    labels: {},
    containers: [container({ name: "app" })],
    volumes: [],
    cpuMillis: 500,
    memoryBytes: GIBI,
    message: "",
    nominatedNode: "",
    step: 9,
    qos: "Burstable",
    priority: 0,
    sandbox: "container",
    lost: false,
    evictedAt: null,
    bare: (part.ownerUid ?? "") === "",
    replaces: "",
    replacesName: "",
    resize: "",
    isStatic: false,
    reason: "",
    system: false,
    revision: 100,
    ...part,
  };
}

function demoNode(index: number): NodeView {
  return {
    uid: `node-${index}`,
    name: `worker-${index}`,
    ip: `10.0.0.${10 + index}`,
    ready: true,
    status: "Ready",
    unschedulable: false,
    taints: [],
    labels: {},
    zone: "",
    cpuMillis: 4000,
    memoryBytes: 16 * GIBI,
    maxPods: 110,
    podCidr: `10.244.${index}.0/24`,
    kubeletVersion: "v1.36.0",
    containerRuntime: "containerd://2.1",
    heartbeat: DEMO_START - 9 * MINUTE,
    silent: false,
    graceEnds: null,
    notReadySince: null,
    created: DEMO_START - 9 * MINUTE,
    revision: 10,
  };
}

/** Owner, suffix, Node, last number of the IP, state, status, containers, CPU and memory. */
type Row = [string, string, number, number, State, string, number, number, number];

const rows: Row[] = [
  ["web", "q8v2m", 1, 8, "running", "Running", 2, 500, 2],
  ["api", "7hzd9", 1, 9, "running", "Running", 1, 1000, 3],
  ["redis", "", 1, 4, "running", "Running", 1, 1000, 3],
  ["job", "k2x7c", 1, 5, "completed", "Completed", 1, 700, 1],
  ["dns", "m4p2w", 1, 2, "running", "Running", 1, 1200, 2],
  ["api", "5mz2q", 2, 9, "running", "Running", 1, 500, 2],
  ["mail", "9kfd4", 2, 11, "waiting", "ErrImagePull", 1, 500, 1],
  ["dns", "t7c3l", 2, 2, "running", "Running", 1, 300, 1],
  ["web", "f6t1n", 3, 6, "running", "Running", 2, 500, 4],
  ["api", "d3v8r", 3, 7, "failing", "CrashLoopBackOff", 1, 1000, 2],
  ["db", "", 3, 3, "running", "Running", 1, 500, 3],
  ["dns", "x9b5j", 3, 2, "running", "Running", 1, 0, 0],
];

function rowPod([owner, suffix, node, ip, state, status, total, cpu, memory]: Row): PodView {
  const name = suffix ? `${owner}-7d9c5b8f6-${suffix}` : `${owner}-0`;
  const ready = state === "running";
  return demoPod({
    name,
    generateName: suffix ? `${owner}-7d9c5b8f6-` : `${owner}-`,
    ownerKind: suffix ? "ReplicaSet" : "StatefulSet",
    ownerName: owner,
    ownerUid: owner === "web" ? "rs-web" : "",
    node: `worker-${node}`,
    ip: `10.244.${node}.${ip}`,
    state,
    status,
    ready: ready ? total : 0,
    total,
    restarts: state === "failing" ? 4 : 0,
    labels: { app: owner },
    created: DEMO_START - (owner === "dns" || !suffix ? 9 : 2) * MINUTE,
    containers: Array.from({ length: total }, (_, index) => container({ name: `c${index}`, ready })),
    cpuMillis: cpu,
    memoryBytes: memory * GIBI,
  });
}

const stepNames = [
  "define_manifest",
  "post_manifest",
  "authenticate_and_authorize",
  "validate_spec",
  "filter_nodes",
  "bind_pod",
  "notice_assignment",
  "start_containers",
  "report_status",
];
const actors = [
  "kubectl",
  "kubectl",
  "kube-apiserver",
  "kube-apiserver",
  "kube-scheduler",
  "kube-scheduler",
  "kubelet/worker-2",
  "kubelet/worker-2",
  "kubelet/worker-2",
];
const summaries = [
  "web.yaml parsed",
  "create pods",
  "kubernetes-admin may: cluster-admin",
  "9 values filled in",
  "2 of 3 Nodes fit",
  "bound to worker-2",
  "the kubelet of worker-2 accepts it",
  "init container migrate started",
  "phase Running reported",
];
const headlines = [
  "",
  "web-x2k4p is described in a manifest.",
  "web-x2k4p is on its way to the API server.",
  "May web-x2k4p be created? The API server checks who asks.",
  "Is web-x2k4p valid? Admission and schema decide.",
  "The scheduler looks for a Node for web-x2k4p.",
  "The scheduler assigns web-x2k4p to its Node.",
  "web-x2k4p has a Node; its kubelet is about to notice.",
  "The containers of web-x2k4p start in order.",
  "web-x2k4p runs; the kubelet reports when it is ready.",
  "web-x2k4p is running and ready.",
];
const STEP_AT = [0, 300, 500, 700, 1000, 1300, 1600, 2000, 6000];
const END = 7000;

function journeyAt(current: number): JourneyView {
  const steps = stepNames.map((name, index): StepView => {
    const number = index + 1;
    const outcome = number < current ? "done" : number === current ? "now" : "todo";
    const at = number <= current ? DEMO_START + (STEP_AT[index] ?? 0) : null;
    const until = number < current ? DEMO_START + (STEP_AT[index + 1] ?? END) : null;
    return {
      step: number,
      name,
      actor: actors[index] ?? "",
      at,
      until,
      outcome,
      summary: at === null ? "" : (summaries[index] ?? ""),
    };
  });
  return {
    podUid: STORY,
    namespace: "default",
    name: "web-x2k4p",
    current,
    headline: headlines[current] ?? "",
    refusedBy: "",
    steps,
  };
}

/** The story's Pod when so many of its three containers have got going. */
function storyPod(
  part: Partial<PodView>,
  init: "waiting" | "running" | "done",
  proxy: boolean,
  app: boolean,
): PodView {
  const waiting = { state: "waiting", reason: "PodInitializing", ready: false } as const;
  return demoPod({
    uid: STORY,
    name: "web-7d9c5b8f6-x2k4p",
    generateName: "web-7d9c5b8f6-",
    ownerKind: "ReplicaSet",
    ownerName: "web-7d9c5b8f6",
    ownerUid: "rs-web",
    created: DEMO_START + 700,
    labels: { app: "web" },
    ready: Number(proxy) + Number(app),
    total: 2,
    volumes: [{ name: "content", type: "emptyDir" }],
    containers: [
      container({
        name: "migrate",
        role: "init",
        mounts: ["content:/data"],
        ...(init === "done"
          ? { state: "terminated", reason: "Completed", exitCode: 0, ready: true }
          : init === "running"
            ? { ready: false }
            : waiting),
      }),
      container({
        name: "proxy",
        role: "sidecar",
        ...(proxy ? {} : init === "done" ? { ready: false } : waiting),
      }),
      container({ name: "web", mounts: ["content:/data"], ports: [8080], ...(app ? {} : waiting) }),
    ],
    state: "progress",
    status: "Pending",
    ...part,
  });
}

const webWorkload = (ready: number): WorkloadView => ({
  uid: "rs-web",
  kind: "Deployment",
  namespace: "default",
  name: "web",
  ownerUid: "",
  desired: 3,
  current: 3,
  updated: 3,
  ready,
  available: ready,
  rolloutRevision: "1",
  strategy: "RollingUpdate",
  maxSurge: 1,
  maxUnavailable: 0,
  schedule: "",
  nextRun: null,
  paused: false,
  image: "registry.example/web:1",
  message: "",
  created: DEMO_START - 2 * MINUTE,
  revision: 90,
});

function service(name: string, index: number, endpoints: ServiceView["endpoints"]): ServiceView {
  return {
    uid: `svc-${name}`,
    namespace: "default",
    name,
    type: "ClusterIP",
    clusterIp: `10.96.12.${7 + index}`,
    externalIp: "",
    dns: `${name}.default.svc.cluster.local`,
    ports: [{ name: "http", protocol: "TCP", port: 80, targetPort: "8080", nodePort: 0 }],
    selector: { app: name },
    endpoints,
    created: DEMO_START - 2 * MINUTE + index,
    revision: 95,
  };
}

function webService(extra: "none" | "pending" | "ready"): ServiceView {
  const point = (suffix: string, node: number, ip: number, ready: boolean) => ({
    ip: `10.244.${node}.${ip}`,
    podUid: suffix === "x2k4p" ? STORY : `pod-web-7d9c5b8f6-${suffix}`,
    podName: `web-7d9c5b8f6-${suffix}`,
    node: `worker-${node}`,
    ready,
    serving: true,
    terminating: false,
  });
  const points = [point("q8v2m", 1, 8, true), point("f6t1n", 3, 6, true)];
  return service("web", 0, extra === "none" ? points : [...points, point("x2k4p", 2, 17, extra === "ready")]);
}

/** The room before the story begins. */
export function demoSnapshot(room: DemoRoom): Snapshot {
  const nodes = Array.from({ length: room.nodes }, (_, index) => demoNode(index + 1));
  const extra = Array.from({ length: room.extraPods }, (_, index) => {
    const suffix = (index + 36 ** 4).toString(36).split("").reverse().join("");
    return demoPod({
      name: `load-6f5d8c7b9-${suffix}`,
      generateName: "load-6f5d8c7b9-",
      ownerKind: "ReplicaSet",
      node: `worker-${(index % room.nodes) + 1}`,
      ip: `10.244.${(index % room.nodes) + 1}.${20 + Math.floor(index / room.nodes)}`,
      cpuMillis: 20,
      memoryBytes: GIBI / 32,
    });
  });
  const waiting = Array.from({ length: room.waiting }, (_, index) =>
    demoPod({
      name: `gpu-${index}`,
      state: "waiting",
      status: "Pending",
      ready: 0,
      message:
        "0/3 nodes are available: 3 Insufficient nvidia.com/gpu. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
    }),
  );
  const own = room.story ? rows.filter((row) => row[2] <= room.nodes).map(rowPod) : [];
  const names = ["web", "api", "db", "mail", "redis", "cache", "search", "auth", "queue", "ads"];
  const services = names
    .slice(0, room.services)
    .map((name, index) => (index === 0 ? webService("none") : service(name, index, [])));
  return {
    seq: 1,
    revision: 1041,
    clock: demoHello.clock,
    nodes,
    pods: [...own, ...extra, ...waiting],
    services,
    workloads: room.story ? [webWorkload(2)] : [],
    journeys: [],
    faults: [],
    guards: [],
    namespaces: ["default", "kube-system"],
    queue: null,
  };
}

/** The story, moment by moment. */
export function demoMoments(): Moment[] {
  const bound = { node: "worker-2" };
  const addressed = { ...bound, ip: "10.244.2.17" };
  const initialising = { ...addressed, status: "Init:1/2" };
  const plan: [
    number,
    number,
    PodView | null,
    "none" | "pending" | "ready",
    [string, string, Record<string, unknown>][],
  ][] = [
    [0, 2, null, "none", [["ManifestParsed", "kubectl", {}]]],
    [
      300,
      3,
      null,
      "none",
      [["RequestReceived", "kubectl", { verb: "create", resource: "pods", durationMs: 200 }]],
    ],
    [500, 4, null, "none", [["RequestAuthorized", "kube-apiserver", {}]]],
    [
      700,
      5,
      storyPod({ state: "waiting" }, "waiting", false, false),
      "none",
      [
        ["ObjectStored", "kube-apiserver", { resource: "pods", revision: 1042, operation: "ADDED" }],
        ["WatchDelivered", "kube-scheduler", { revision: 1042, operation: "ADDED", durationMs: 5 }],
      ],
    ],
    [
      1000,
      6,
      null,
      "none",
      [
        [
          "NodesFiltered",
          "kube-scheduler",
          {
            attempt: 1,
            total: 3,
            feasibleCount: 2,
            feasible: ["worker-2", "worker-3"],
            refused: [["Insufficient cpu", 1]],
            verdicts: [["worker-1", "Insufficient cpu"]],
          },
        ],
        [
          "NodesScored",
          "kube-scheduler",
          {
            attempt: 1,
            scores: [
              ["worker-2", 87],
              ["worker-3", 64],
            ],
          },
        ],
        ["NodeChosen", "kube-scheduler", { attempt: 1, node: "worker-2", score: 87 }],
        ["RequestReceived", "kube-scheduler", { verb: "create", resource: "pods/binding", durationMs: 5 }],
      ],
    ],
    [
      1300,
      7,
      storyPod(bound, "waiting", false, false),
      "none",
      [
        ["PodBound", "kube-scheduler", { node: "worker-2" }],
        ["WatchDelivered", "kubelet/worker-2", { revision: 1043, operation: "MODIFIED", durationMs: 5 }],
      ],
    ],
    [
      1600,
      8,
      storyPod({ ...bound, status: "ContainerCreating" }, "waiting", false, false),
      "none",
      [["PodAccepted", "kubelet/worker-2", { node: "worker-2" }]],
    ],
    [
      2000,
      8,
      storyPod({ ...initialising, status: "Init:0/2" }, "running", false, false),
      "pending",
      [["RequestReceived", "kubelet/worker-2", { verb: "patch", resource: "pods/status", durationMs: 5 }]],
    ],
    [3000, 8, storyPod(initialising, "done", false, false), "pending", []],
    [5000, 8, storyPod({ ...addressed, status: "PodInitializing" }, "done", true, false), "pending", []],
    [
      6000,
      9,
      storyPod({ ...addressed, status: "Running" }, "done", true, true),
      "pending",
      [["RequestReceived", "kubelet/worker-2", { verb: "patch", resource: "pods/status", durationMs: 5 }]],
    ],
    [
      END,
      10,
      storyPod({ ...addressed, status: "Running", state: "running" }, "done", true, true),
      "ready",
      [["PodReady", "kubelet/worker-2", { node: "worker-2" }]],
    ],
  ];
  let seq = 0;
  return plan.map(([at, current, pod, endpoint, facts], index) => ({
    at: DEMO_START + at,
    delta: {
      seq: index + 2,
      revision: 1042 + index,
      nodes: [],
      pods: pod ? [pod] : [],
      services: [webService(endpoint)],
      workloads: [webWorkload(current === 10 ? 3 : 2)],
      journeys: [journeyAt(current)],
      faults: [],
      guards: [],
      namespaces: null,
      removed: [],
      queue: null,
    },
    facts: {
      dropped: 0,
      facts: facts.map(([type, actor, data]): FactView => {
        seq += 1;
        return {
          seq,
          at: DEMO_START + at,
          cause: 0,
          type,
          actor,
          kind: "Pod",
          namespace: "default",
          name: "web-x2k4p",
          uid: STORY,
          data,
        };
      }),
    },
  }));
}
