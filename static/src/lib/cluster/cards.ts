/** What the control plane's cards say, in plain words. */
import type { NodeView, PodView, WorkloadView } from "../live/protocol.ts";
import type { Moments, Scheduling, Subject } from "./moments.ts";
import { isSystem } from "./story.ts";

const VERBS: Record<string, string> = {
  create: "create",
  update: "replace",
  patch: "apply",
  delete: "delete",
  deletecollection: "delete all",
};

/** `kubectl` and what it asks. */
export function clientCard(request: Moments["request"]): { title: string; text: string } {
  if (!request) return { title: "Client", text: "kubectl, or this page" };
  const verb = VERBS[request.verb] ?? request.verb;
  const what = request.kind || request.resource;
  return { title: `${request.actor} ${verb}`, text: request.name ? `${what} ${request.name}` : what };
}

/** The key under which an object lies in the store, without its common prefix. */
export function storedKey(stored: Subject & { resource: string }): string {
  return `/${[stored.resource, stored.namespace, stored.name].filter(Boolean).join("/")}`;
}

/** The workload that the Pod in the story belongs to at the top, else the youngest with something to do. */
export function toldWorkload(
  workloads: ReadonlyMap<string, WorkloadView>,
  story: PodView | undefined,
): WorkloadView | undefined {
  let owner = story ? workloads.get(story.ownerUid) : undefined;
  while (owner?.ownerUid && workloads.has(owner.ownerUid)) owner = workloads.get(owner.ownerUid);
  if (owner) return owner;
  const tops = [...workloads.values()].filter(
    (view) => !workloads.has(view.ownerUid) && !isSystem(view.namespace),
  );
  tops.sort((a, b) => Number(b.ready < b.desired) - Number(a.ready < a.desired) || b.created - a.created);
  return tops[0];
}

/** The scheduler's finding as a chip on a Node. */
export function verdictOn(
  scheduling: Scheduling | undefined,
  node: string,
): {
  state: "running" | "failing" | "completed";
  icon: "star" | "ok" | "fail";
  text: string;
  title: string;
} | null {
  if (!scheduling) return null;
  const reason = scheduling.refused.get(node);
  if (reason !== undefined)
    return { state: "failing", icon: "fail", text: shortReason(reason), title: reason };
  const score = scheduling.scores.get(node);
  const points = score === undefined ? "" : ` · ${score}`;
  if (scheduling.chosen === node) {
    return {
      state: "running",
      icon: "star",
      text: `chosen${points}`,
      title: `chosen by the scheduler${points}`,
    };
  }
  if (score === undefined && !scheduling.feasible.includes(node)) return null;
  return { state: "completed", icon: "ok", text: `fits${points}`, title: `fits${points}` };
}

/** A Node's own state as a chip. */
export function nodeChip(node: NodeView): {
  state: "running" | "waiting" | "failing";
  icon: "ok" | "pause" | "shield" | "bolt";
  text: string;
  title: string;
} {
  const title = [node.status, ...node.taints].join(", ");
  if (!node.ready) {
    return { state: "failing", icon: "bolt", text: node.status.split(",")[0] ?? "", title };
  }
  if (node.unschedulable) return { state: "waiting", icon: "pause", text: "cordoned", title };
  const taint = node.taints.find((one) => !one.startsWith("node.kubernetes.io/"));
  if (taint) return { state: "waiting", icon: "shield", text: "tainted", title };
  return { state: "running", icon: "ok", text: "Ready", title };
}

function shortReason(reason: string): string {
  if (/Insufficient|Too many pods/.test(reason)) return "no room";
  if (/taint/.test(reason)) return "tainted";
  if (/affinity|selector/.test(reason)) return "no match";
  if (/unschedulable/.test(reason)) return "cordoned";
  if (/ports/.test(reason)) return "port taken";
  return "does not fit";
}
