/**
 * What a selection touches: its owners and what it owns, its Node, the Services that select it.
 * Enters: the replica's views and a reference. Leaves: names and UIDs of all that stays bright in focus.
 */
import type { PodView, WorkloadView } from "../live/protocol.ts";
import type { Called, Cluster } from "./objects.ts";
import { selects } from "./services.ts";

export interface Touched {
  /** UIDs. */
  pods: ReadonlySet<string>;
  /** Names. */
  nodes: ReadonlySet<string>;
  /** UIDs. */
  services: ReadonlySet<string>;
}

/** Null when there is nothing of that name to focus on. */
export function touchedBy(world: Cluster, ref: Called): Touched | null {
  const pods = podsOf(world, ref);
  if (!pods) return null;
  const uids = new Set(pods.map((pod) => pod.uid));
  const nodes = new Set(pods.map((pod) => pod.node).filter(Boolean));
  if (ref.kind === "Node") nodes.add(ref.name);
  const services = [...world.services.values()].filter(
    (service) => isNamed(service, ref, "Service") || pods.some((pod) => selects(service, pod)),
  );
  return { pods: uids, nodes, services: new Set(services.map((service) => service.uid)) };
}

function podsOf(world: Cluster, ref: Called): PodView[] | null {
  const all = [...world.pods.values()];
  if (ref.kind === "Pod") return siblings(all, ref);
  if (ref.kind === "Node") {
    const known = [...world.nodes.values()].some((node) => node.name === ref.name);
    return known ? all.filter((pod) => pod.node === ref.name) : null;
  }
  if (ref.kind === "Service") {
    const service = [...world.services.values()].find((one) => isNamed(one, ref, "Service"));
    return service ? all.filter((pod) => selects(service, pod)) : null;
  }
  const workload = [...world.workloads.values()].find((one) => isNamed(one, ref, one.kind));
  if (!workload) return null;
  const owned = ownedBy(world.workloads, workload.uid);
  return all.filter((pod) => owned.has(pod.ownerUid));
}

/** The Pod and those that its owner keeps beside it. */
function siblings(all: readonly PodView[], ref: Called): PodView[] | null {
  const pod = all.find((one) => isNamed(one, ref, "Pod"));
  if (!pod) return null;
  return pod.ownerUid === "" ? [pod] : all.filter((one) => one.ownerUid === pod.ownerUid);
}

/** UIDs of a workload and of all workloads below it: a Deployment's ReplicaSets, a CronJob's Jobs. */
function ownedBy(workloads: ReadonlyMap<string, WorkloadView>, uid: string): Set<string> {
  const owned = new Set([uid]);
  for (let grown = true; grown;) {
    const before = owned.size;
    for (const one of workloads.values()) if (owned.has(one.ownerUid)) owned.add(one.uid);
    grown = owned.size > before;
  }
  return owned;
}

const isNamed = (view: { namespace: string; name: string }, ref: Called, kind: string): boolean =>
  ref.kind === kind && view.name === ref.name && view.namespace === ref.namespace;
