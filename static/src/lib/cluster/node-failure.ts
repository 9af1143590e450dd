/**
 * A Node that nobody hears from any more: silence, NotReady, the taint, five minutes of patience, eviction,
 * replacement. Enters: the lost Node, its Pods and when its kubelet was last heard. Leaves: the steps and words.
 */
import type { NodeView, PodView, WorkloadView } from "../live/protocol.ts";
import { elapsed } from "./amounts.ts";
import { outcomeAt, type Tale } from "./tale.ts";

/** When the node controller gives a silent Node up, and how long Pods tolerate it by default. */
const GRACE_MS = 50_000;
const TOLERATION_MS = 300_000;

export interface Loss {
  node: NodeView;
  /** Virtual ms of the last heartbeat; null while unknown. */
  heard: number | null;
  /** Virtual ms at which the Node became NotReady; null while it has not, or while unknown. */
  lostAt: number | null;
}

interface World {
  pods: ReadonlyMap<string, PodView>;
  workloads: ReadonlyMap<string, WorkloadView>;
  now: number;
}

const isEvicting = (taint: string): boolean =>
  taint.endsWith(":NoExecute") && /unreachable|not-ready/.test(taint);

/** Kinds whose Pods a healthy Node takes over. */
const REPLACED = new Set(["ReplicaSet", "ReplicationController", "Job", "StatefulSet"]);

export function lossTale(loss: Loss, { pods, workloads, now }: World): Tale {
  const { node } = loss;
  const isEvicted = (pod: PodView): boolean =>
    pod.deleted !== null && (loss.lostAt === null || pod.deleted >= loss.lostAt + TOLERATION_MS);
  // A Pod that someone deleted earlier waits for its Node too, but is no part of this story.
  const here = [...pods.values()].filter(
    (pod) =>
      pod.node === node.name && pod.ownerKind !== "DaemonSet" && (pod.deleted === null || isEvicted(pod)),
  );
  const leaving = here.filter(isEvicted);
  const owners = new Set(here.map((pod) => pod.ownerUid).filter((uid) => replaces(workloads.get(uid))));
  const missing = [...owners].reduce((sum, uid) => sum + stillMissing(uid, node.name, pods, workloads), 0);
  const waiting = [...pods.values()].filter((pod) => owners.has(pod.ownerUid) && !pod.node).length;
  const tainted = node.taints.some(isEvicting);
  const step = presentStep({ node, tainted, here: here.length, leaving: leaving.length, missing, waiting });
  const silent = loss.heard === null ? "" : elapsed(now - loss.heard);
  const left = loss.lostAt === null ? "" : elapsed(Math.max(0, loss.lostAt + TOLERATION_MS - now));
  const over = step > STEPS.length;
  return {
    kind: "node",
    uid: node.uid,
    title: `${node.name} ${node.ready ? "is silent" : "is lost"}`,
    label: `What happens as ${node.name} is lost`,
    over,
    note: { subject: node.name, text: silent ? `last heard ${silent} ago` : "is not heard any more" },
    steps: STEPS.map(({ label, actor }, index) => ({
      label,
      actor:
        index === 0 && silent
          ? `for ${silent}`
          : index === 4 && step === 5 && left
            ? `${left} left`
            : index === 1 && node.ready && loss.heard !== null
              ? `${elapsed(Math.max(0, loss.heard + GRACE_MS - now))} left`
              : actor,
      outcome: outcomeAt(index + 1, step),
    })),
    headline: { ...words(node.name, step, here.length, silent), bad: step < 7 },
  };
}

const STEPS = [
  { label: "Silence", actor: "no heartbeat" },
  { label: "Grace", actor: "about 50 s" },
  { label: "NotReady", actor: "node controller" },
  { label: "Taint", actor: "NoExecute" },
  { label: "Tolerate", actor: "5 minutes" },
  { label: "Evict", actor: "taint manager" },
  { label: "Replace", actor: "ReplicaSets" },
  { label: "Schedule", actor: "scheduler" },
];

interface Counts {
  node: NodeView;
  tainted: boolean;
  here: number;
  leaving: number;
  missing: number;
  waiting: number;
}

function presentStep({ node, tainted, here, leaving, missing, waiting }: Counts): number {
  if (node.ready) return 2;
  if (!tainted) return 4;
  if (here === 0) return missing > 0 ? 7 : STEPS.length + 1;
  if (leaving === 0) return 5;
  if (leaving < here) return 6;
  if (missing > 0) return 7;
  return waiting > 0 ? 8 : STEPS.length + 1;
}

function words(name: string, step: number, pods: number, silent: string): { text: string; emphasis: string } {
  const count = pods === 1 ? "Pod" : `${pods} Pods`;
  const since = silent ? ` for ${silent}` : "";
  if (step <= 2) return { text: `${name} has been silent${since}; nobody knows it yet.`, emphasis: "silent" };
  if (step <= 4)
    return { text: `${name} is NotReady: its kubelet has not reported${since}.`, emphasis: "NotReady" };
  if (step === 5) {
    return pods === 0
      ? { text: `${name} is lost; no Pod was on it.`, emphasis: "lost" }
      : {
          text: `${name} is lost. Its ${count} may stay for five minutes: it could come back.`,
          emphasis: "lost",
        };
  }
  if (step === 6) return { text: `${name} has not come back: its Pods are evicted.`, emphasis: "evicted" };
  return {
    text: `${name} is gone. Its Pods are replaced, never moved: new names, new IPs.`,
    emphasis: "replaced",
  };
}

const replaces = (owner: WorkloadView | undefined): boolean =>
  owner !== undefined && REPLACED.has(owner.kind);

/** How many Pods the owner still has to make elsewhere; a StatefulSet waits for its Pod to be really gone. */
function stillMissing(uid: string, node: string, pods: World["pods"], workloads: World["workloads"]): number {
  const owner = workloads.get(uid);
  if (!owner || owner.kind === "StatefulSet") return 0;
  const elsewhere = [...pods.values()].filter((pod) => pod.ownerUid === uid && pod.node !== node);
  const alive = elsewhere.filter((pod) => pod.deleted === null).length;
  return Math.max(0, owner.desired - alive);
}

/** Last heartbeat and time of loss from a Node object and its Lease as the API serves them. */
export function heardFrom(body: unknown, lease: unknown): { heard: number | null; lostAt: number | null } {
  const conditions = field(field(body, "status"), "conditions");
  const ready = Array.isArray(conditions)
    ? conditions.find((condition) => field(condition, "type") === "Ready")
    : undefined;
  const renewed = time(field(field(lease, "spec"), "renewTime"));
  const reported = time(field(ready, "lastHeartbeatTime"));
  const heard = renewed === null ? reported : Math.max(renewed, reported ?? 0);
  return {
    heard,
    lostAt: field(ready, "status") === "True" ? null : time(field(ready, "lastTransitionTime")),
  };
}

function time(value: unknown): number | null {
  const at = Date.parse(String(value));
  return Number.isFinite(at) ? at : null;
}

const field = (value: unknown, name: string): unknown =>
  value !== null && typeof value === "object" ? (value as Record<string, unknown>)[name] : undefined;
