/** What the control plane's cards say, in plain words. */
import type { NodeView, PodView, WorkloadView } from "../live/protocol.ts";
import type { Moments, Subject } from "./moments.ts";
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
