/**
 * A Node that nobody hears from any more: silence, NotReady, the taint, five minutes of patience, eviction,
 * replacement, and perhaps its return. Enters: the lost Node and the Pods. Leaves: the steps and words.
 */
import type { NodeView, PodView, WorkloadView } from "../live/protocol.ts";
import { elapsed } from "./amounts.ts";
import type { Headline } from "./headline.ts";
import { outcomeAt, type Tale } from "./tale.ts";

/** How long Pods tolerate a lost Node unless they say otherwise. */
const TOLERATION_MS = 300_000;

export interface World {
  pods: ReadonlyMap<string, PodView>;
  workloads: ReadonlyMap<string, WorkloadView>;
  now: number;
}

/** What has become of the Pods of a lost Node. */
export interface Losses {
  /** Those that the story is about: not those of DaemonSets, nor those that somebody had deleted before. */
  here: readonly PodView[];
  /** Deleted by the taint manager; they stay until the Node returns. */
  evicted: readonly PodView[];
  /** No controller will replace them. */
  bare: readonly PodView[];
  /** Kept from starting again by a Pod that may still be running. */
  held: readonly PodView[];
  /** Virtual time at which the next Pod is evicted; null when none is to be. */
  nextEviction: number | null;
  /** How many Pods their controllers have still to make elsewhere, and how many still wait for a Node. */
  missing: number;
  waiting: number;
}

const isEvicting = (taint: string): boolean =>
  taint.endsWith(":NoExecute") && /unreachable|not-ready/.test(taint);

/** Kinds whose Pods a healthy Node takes over at once. */
const REPLACED = new Set(["ReplicaSet", "ReplicationController", "Job"]);
const STAYING = new Set(["DaemonSet", "Node"]);

export function lossesOf(node: NodeView, { pods, workloads }: World): Losses {
  const since = node.notReadySince;
  const isEvicted = (pod: PodView): boolean =>
    pod.deleted !== null && (since === null || pod.deleted >= since + TOLERATION_MS);
  const all = [...pods.values()];
  const here = all.filter(
    (pod) =>
      pod.node === node.name && !STAYING.has(pod.ownerKind) && (pod.deleted === null || isEvicted(pod)),
  );
  const owners = new Set(
    here
      .filter((pod) => REPLACED.has(workloads.get(pod.ownerUid)?.kind ?? ""))
      .map(({ ownerUid }) => ownerUid),
  );
  const evicted = here.filter(isEvicted);
  const times = here.map((pod) => pod.evictedAt).filter((at) => at !== null);
  return {
    here,
    evicted,
    bare: here.filter((pod) => pod.bare),
    held: evicted.filter((pod) => pod.ownerKind === "StatefulSet"),
    nextEviction: times.length > 0 ? Math.min(...times) : null,
    missing: [...owners].reduce((sum, uid) => sum + stillMissing(uid, node.name, all, workloads), 0),
    waiting: all.filter((pod) => owners.has(pod.ownerUid) && !pod.node).length,
  };
}

/** How many Pods the owner still has to make elsewhere. */
function stillMissing(
  uid: string,
  node: string,
  all: readonly PodView[],
  workloads: World["workloads"],
): number {
  const desired = workloads.get(uid)?.desired ?? 0;
  const alive = all.filter((pod) => pod.ownerUid === uid && pod.node !== node && pod.deleted === null);
  return Math.max(0, desired - alive.length);
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

export function lossTale(node: NodeView, world: World): Tale {
  const losses = lossesOf(node, world);
  const step = presentStep(node, losses);
  const { now } = world;
  const silent = heardAgo(node, now);
  return {
    kind: "node",
    uid: node.uid,
    title: `${node.name} ${node.ready ? "is silent" : "is lost"}`,
    label: `What happens as ${node.name} is lost`,
    over: step > STEPS.length,
    note: { subject: node.name, text: silent ? `last heard ${silent} ago` : "says that it cannot work" },
    steps: STEPS.map(({ label, actor }, index) => ({
      label,
      actor: countdown(index + 1, step, node, losses, now) || actor,
      outcome: outcomeAt(index + 1, step),
    })),
    headline: words(node, step, losses, silent),
  };
}

/** The Node is back: the same rail, walked as far as it came. */
export function returnTale(node: NodeView, world: World, reached: number): Tale {
  const leaving = [...world.pods.values()].filter((pod) => pod.node === node.name && pod.deleted !== null);
  const then =
    leaving.length > 0
      ? `It now ends the ${count(leaving.length)} it had been told to delete.`
      : reached < 6
        ? "It kept its Pods: nothing was replaced."
        : "Its old Pods are gone, their replacements stay.";
  return {
    kind: "node",
    uid: node.uid,
    title: `${node.name} is back`,
    label: `What happens as ${node.name} is lost`,
    over: true,
    steps: [
      ...STEPS.slice(0, reached).map((step) => ({ ...step, outcome: "done" as const })),
      { label: "Back", actor: "kubelet reports", outcome: "done" as const },
    ],
    headline: { text: `${node.name} is back. ${then}`, emphasis: "is back", bad: false },
  };
}

/** The step under way, 9 when all are done. */
export function presentStep(node: NodeView, losses: Losses): number {
  const { here, evicted, missing, waiting } = losses;
  if (node.ready) return 2;
  if (!node.taints.some(isEvicting)) return 4;
  if (here.length === 0) return missing > 0 ? 7 : STEPS.length + 1;
  if (evicted.length === 0) return 5;
  if (evicted.length < here.length) return 6;
  if (missing > 0) return 7;
  return waiting > 0 ? 8 : STEPS.length + 1;
}

/** What a step has to say about time; "" for none. */
function countdown(of: number, step: number, node: NodeView, losses: Losses, now: number): string {
  if (of === 1 && node.silent) return `for ${heardAgo(node, now)}`;
  if (of === 2 && node.graceEnds !== null) return `${elapsed(Math.max(0, node.graceEnds - now))} left`;
  const { nextEviction } = losses;
  if (of === 5 && step === 5 && nextEviction !== null)
    return `${elapsed(Math.max(0, nextEviction - now))} left`;
  return "";
}

/** How long ago the Node was last heard; "" while it reports. */
export const heardAgo = (node: NodeView, now: number): string =>
  node.silent && node.heartbeat !== null ? elapsed(now - node.heartbeat) : "";

function words(node: NodeView, step: number, losses: Losses, silent: string): Headline {
  const { name } = node;
  const { here, bare } = losses;
  const said = (text: string, emphasis: string, bad = true): Headline => ({ text, emphasis, bad });
  if (step <= 2)
    return said(`${name} has been silent for ${silent || "a moment"}; nobody knows it yet.`, "silent");
  if (step <= 4 && !silent) return said(`${name} is NotReady: it reports that it cannot work.`, "NotReady");
  if (step <= 4) return said(`${name} is NotReady: its kubelet has not reported for ${silent}.`, "NotReady");
  if (step === 5 && here.length === 0) return said(`${name} is lost; no Pod was on it.`, "lost");
  if (step === 5)
    return said(
      `${name} is lost. Its ${here.length === 1 ? "Pod" : count(here.length)} may stay for five minutes: it could come back.`,
      "lost",
    );
  if (step === 6) return said(`${name} has not come back: its Pods are evicted.`, "evicted");
  if (bare.length > 0 && bare.length === here.length)
    return said(
      `${name} is gone. No controller owned ${nameOrCount(bare)}: nobody makes a new one.`,
      "No controller",
    );
  const who = bare.length === 1 ? `the bare Pod ${bare[0]?.name ?? ""}` : `its ${bare.length} bare Pods`;
  const but = bare.length > 0 ? ` Nobody replaces ${who}.` : "";
  return said(
    `${name} is gone. Its Pods are replaced, never moved: new names, new IPs.${but}`,
    "replaced",
    false,
  );
}

const nameOrCount = (pods: readonly PodView[]): string =>
  pods.length === 1 ? (pods[0]?.name ?? "") : count(pods.length);
const count = (n: number): string => `${n} Pod${n === 1 ? "" : "s"}`;
