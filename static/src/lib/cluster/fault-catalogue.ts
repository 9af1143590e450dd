/**
 * What can break, in words. Which faults there are is read from the API's schema, so that a newer server's are
 * offered too; those that this page does not know are offered by their name.
 */
import { at, items, text, tree } from "../live/json.ts";

export type Struck = "node" | "pod" | "container" | "cluster";

export interface FaultKind {
  type: string;
  title: string;
  /** What happens then. */
  watch: string;
  /** What it can be aimed at. */
  strikes: readonly Struck[];
  /** Fields of the spec that say how bad it is, with what they begin with. */
  fields: readonly FaultField[];
}

export interface FaultField {
  name: "delay" | "jitter" | "percent" | "probe" | "exitCode" | "repeat";
  label: string;
  /** As the form shows it. */
  initial: string;
  choices?: readonly string[];
}

const percent = (label: string, initial: string): FaultField => ({ name: "percent", label, initial });
const node: readonly Struck[] = ["node"];
const pod: readonly Struck[] = ["pod", "container"];
const both: readonly Struck[] = ["node", "pod"];
const plane: readonly Struck[] = ["cluster"];

type Words = Omit<FaultKind, "type" | "fields"> & { fields?: readonly FaultField[] };

const KNOWN: Readonly<Record<string, Words>> = {
  NodeDown: {
    title: "The Node loses power",
    watch: "silence, NotReady after about 50 s, its Pods replaced after five minutes.",
    strikes: node,
  },
  KubeletDown: {
    title: "Only its kubelet stops",
    watch: "the same on paper, but its containers keep running.",
    strikes: node,
  },
  RuntimeDown: {
    title: "Its container runtime stops",
    watch: "the Node turns NotReady; no container can be started or stopped.",
    strikes: node,
  },
  NodePartition: {
    title: "The network cuts the Node off",
    watch: "its containers run on, but neither the API server nor other Nodes hear it.",
    strikes: node,
  },
  NodeShutdown: {
    title: "The Node shuts down in good order",
    watch: "NotReady at once; its Pods get time to end, are Failed (Terminated) and replaced elsewhere.",
    strikes: node,
  },
  DiskPressure: {
    title: "The Node's disk fills up",
    watch: "the DiskPressure condition, a taint, and evictions.",
    strikes: node,
  },
  MemoryPressure: {
    title: "The Node runs out of memory",
    watch: "the MemoryPressure condition, a taint, and evictions by QoS class.",
    strikes: node,
  },
  PIDPressure: {
    title: "The Node runs out of process IDs",
    watch: "the PIDPressure condition, a taint, and evictions.",
    strikes: node,
  },
  ContainerCrash: {
    title: "The container crashes",
    watch: "a restart; with more of them, CrashLoopBackOff with growing pauses.",
    strikes: pod,
    fields: [
      { name: "exitCode", label: "Exit code", initial: "1" },
      { name: "repeat", label: "Times", initial: "1" },
    ],
  },
  ContainerOOM: {
    title: "The container is killed for its memory",
    watch: "OOMKilled, exit code 137, a restart.",
    strikes: pod,
    fields: [{ name: "repeat", label: "Times", initial: "1" }],
  },
  ImagePullFailure: {
    title: "Images cannot be pulled",
    watch: "ErrImagePull, then ImagePullBackOff, for containers that start from now on.",
    strikes: both,
  },
  ProbeFailure: {
    title: "A probe fails",
    watch: "Liveness: the container restarts. Readiness: the Service leaves the Pod out.",
    strikes: pod,
    fields: [
      { name: "probe", label: "Probe", initial: "Readiness", choices: ["Readiness", "Liveness", "Startup"] },
      percent("Percent", "100"),
    ],
  },
  Latency: {
    title: "The network is slow",
    watch: "requests that take longer, and probes that time out.",
    strikes: node,
    fields: [
      { name: "delay", label: "Delay", initial: "200ms" },
      { name: "jitter", label: "Jitter", initial: "50ms" },
    ],
  },
  PacketLoss: {
    title: "The network loses packets",
    watch: "requests that are sent again, and some that fail.",
    strikes: node,
    fields: [percent("Percent lost", "30")],
  },
  ApiServerDown: {
    title: "The API server stops",
    watch: "what runs keeps running; nothing can be changed until it is back.",
    strikes: plane,
  },
  SchedulerDown: {
    title: "The scheduler stops",
    watch: "new Pods stay Pending without a reason; running ones are not touched.",
    strikes: plane,
  },
  ControllerManagerDown: {
    title: "The controller manager stops",
    watch: "nothing is made, mended or rolled; a lost Node goes unnoticed. Afterwards all is caught up with.",
    strikes: plane,
  },
  EtcdSlow: {
    title: "etcd is slow to write",
    watch: "every change is seen late; writes above 7 s are refused.",
    strikes: plane,
    fields: [
      { name: "delay", label: "Delay", initial: "5s" },
      { name: "jitter", label: "Jitter", initial: "3s" },
    ],
  },
};

const ORDER = Object.keys(KNOWN);
const rank = ({ type }: FaultKind): number => (ORDER.includes(type) ? ORDER.indexOf(type) : ORDER.length);

/** The fault types of the API's OpenAPI document for the simulator's group; those that strike Nodes first. */
export function faultKinds(document: unknown): FaultKind[] {
  const spec = at(document, "components", "schemas", "dev.podarium.sim.v1alpha1.FaultSpec");
  return items(at(spec, "properties", "type", "enum"))
    .map((value) => kindOf(text(value)))
    .sort((a, b) => rank(a) - rank(b));
}

function kindOf(type: string): FaultKind {
  const known = Object.hasOwn(KNOWN, type) ? KNOWN[type] : undefined;
  const words = type.replaceAll(/([a-z])([A-Z])/g, "$1 $2");
  return known
    ? { type, fields: [], ...known }
    : { type, title: words, watch: "what changes.", strikes: ["node", "pod", "cluster"], fields: [] };
}

export interface FaultTarget {
  node?: string;
  namespace?: string;
  pod?: string;
  container?: string;
}

const NUMBERS = new Set(["percent", "exitCode", "repeat"]);

/** The Fault to create. */
export function faultObject(
  kind: FaultKind,
  target: FaultTarget,
  duration: string,
  values: Readonly<Record<string, string>> = {},
): unknown {
  const extra = kind.fields.map(({ name, initial }) => {
    const value = values[name] ?? initial;
    return [name, NUMBERS.has(name) ? Number(value) : value] as const;
  });
  const aimed = Object.keys(tree(target)).length > 0;
  const on = (target.pod ?? target.node ?? "cluster").slice(0, 40).replace(/[^a-z0-9]+$/, "");
  return {
    apiVersion: "sim.podarium.dev/v1alpha1",
    kind: "Fault",
    metadata: { generateName: `${kind.type.toLowerCase()}-${on}-` },
    spec: {
      type: kind.type,
      ...(aimed ? { target } : {}),
      ...(duration ? { duration } : {}),
      ...Object.fromEntries(extra),
    },
  };
}
