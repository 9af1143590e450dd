/**
 * Finds what is drawn by name, kind, namespace or label. Enters: a few words and the replica's views.
 * Leaves: the best hits first, at most so many.
 */
import type { NodeView, PodView, ServiceView, WorkloadView } from "../live/protocol.ts";
import { isSystem } from "./story.ts";

export interface Hit {
  kind: string;
  namespace: string;
  name: string;
  /** What is worth knowing about it: its state, its address. */
  detail: string;
}

interface World {
  nodes: ReadonlyMap<string, NodeView>;
  pods: ReadonlyMap<string, PodView>;
  services: ReadonlyMap<string, ServiceView>;
  workloads: ReadonlyMap<string, WorkloadView>;
}

interface Candidate extends Hit {
  labels: string[];
  order: number;
}

export const MOST_HITS = 40;

/** Every word must be found somewhere; a name that begins with one comes first. */
export function searchObjects(query: string, world: World, most = MOST_HITS): Hit[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found: { candidate: Candidate; rank: number }[] = [];
  for (const candidate of candidates(world)) {
    const ranks = words.map((word) => rank(candidate, word));
    if (ranks.some((one) => one === null)) continue;
    found.push({ candidate, rank: ranks.reduce<number>((sum, one) => sum + (one ?? 0), 0) });
  }
  found.sort(
    (a, b) =>
      a.rank - b.rank ||
      a.candidate.order - b.candidate.order ||
      (a.candidate.name < b.candidate.name ? -1 : 1),
  );
  return found.slice(0, most).map(({ candidate: { kind, namespace, name, detail } }) => ({
    kind,
    namespace,
    name,
    detail,
  }));
}

/** How well a word fits, smaller is better; null when not at all. */
function rank({ kind, namespace, name, labels, detail }: Candidate, word: string): number | null {
  if (name === word) return 0;
  if (name.startsWith(word)) return 1;
  if (name.includes(word)) return 2;
  if (kind.toLowerCase().startsWith(word)) return 3;
  if (namespace === word || `ns=${namespace}` === word) return 3;
  if (labels.some((label) => label.toLowerCase().includes(word))) return 4;
  if (namespace.includes(word) || detail.toLowerCase().includes(word)) return 5;
  return null;
}

function* candidates({ nodes, pods, services, workloads }: World): Generator<Candidate> {
  for (const node of nodes.values()) {
    yield {
      kind: "Node",
      namespace: "",
      name: node.name,
      detail: `${node.status}, ${node.ip}`,
      labels: pairs(node.labels),
      order: 0,
    };
  }
  for (const service of services.values()) {
    const { namespace, name, clusterIp, selector } = service;
    yield {
      kind: "Service",
      namespace,
      name,
      detail: clusterIp,
      labels: pairs(selector),
      order: behind(1, namespace),
    };
  }
  for (const workload of workloads.values()) {
    const { kind, namespace, name, ready, desired } = workload;
    // A Deployment's ReplicaSets are reached from it, or by asking for them.
    const order = behind(kind === "ReplicaSet" ? 4 : 2, namespace);
    yield { kind, namespace, name, detail: `${ready} of ${desired} ready`, labels: [], order };
  }
  for (const pod of pods.values()) {
    const { namespace, name, status, node, ip, labels } = pod;
    const detail = [status, node && `on ${node}`, ip].filter(Boolean).join(", ");
    yield { kind: "Pod", namespace, name, detail, labels: pairs(labels), order: behind(3, namespace) };
  }
}

const pairs = (labels: Record<string, string>): string[] =>
  Object.entries(labels).map(([key, value]) => `${key}=${value}`);

const behind = (order: number, namespace: string): number => (isSystem(namespace) ? order + 10 : order);
