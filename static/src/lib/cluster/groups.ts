/** Pods sorted into the boxes of another picture than the Nodes': by owner, zone or namespace. */
import type { NodeView, PodView, WorkloadView } from "../live/protocol.ts";

export const GROUPINGS = ["node", "owner", "zone", "namespace"] as const;
export type Grouping = (typeof GROUPINGS)[number];

export const isGrouping = (text: string): text is Grouping => (GROUPINGS as readonly string[]).includes(text);

export interface PodGroup {
  /** Unique; groups are sorted by it. */
  key: string;
  /** True for those that belong to none, who stand last. */
  rest: boolean;
  title: string;
  /** What kind of thing the title names. */
  kind: string;
  uids: string[];
}

interface World {
  nodes: ReadonlyMap<string, NodeView>;
  pods: ReadonlyMap<string, PodView>;
  workloads: ReadonlyMap<string, WorkloadView>;
}

const byKey = new Intl.Collator("en", { numeric: true });

/** The boxes in order of their names; every Pod is in one, also those without a Node. */
export function groupPods(world: World, by: Exclude<Grouping, "node">): PodGroup[] {
  const zones = new Map([...world.nodes.values()].map((node) => [node.name, node.zone]));
  const groups = new Map<string, PodGroup>();
  const into = (group: Omit<PodGroup, "uids">): PodGroup => {
    const found = groups.get(group.key) ?? { ...group, uids: [] };
    groups.set(group.key, found);
    return found;
  };
  if (by === "zone") for (const zone of zones.values()) into(zoneGroup(zone));
  for (const pod of world.pods.values()) {
    const group =
      by === "namespace"
        ? { key: pod.namespace, rest: false, title: pod.namespace, kind: "Namespace" }
        : by === "zone"
          ? pod.node
            ? zoneGroup(zones.get(pod.node) ?? "")
            : { key: "no Node", rest: true, title: "no Node yet", kind: "" }
          : ownerGroup(world.workloads, pod);
    into(group).uids.push(pod.uid);
  }
  return [...groups.values()].sort((a, b) => Number(a.rest) - Number(b.rest) || byKey.compare(a.key, b.key));
}

function zoneGroup(zone: string): Omit<PodGroup, "uids"> {
  return zone
    ? { key: zone, rest: false, title: zone, kind: "zone" }
    : { key: "no zone", rest: true, title: "Nodes without a zone", kind: "" };
}

/** The topmost owner: a Deployment rather than its ReplicaSet. */
function ownerGroup(workloads: ReadonlyMap<string, WorkloadView>, pod: PodView): Omit<PodGroup, "uids"> {
  let kind = pod.ownerKind;
  let name = pod.ownerName;
  const seen = new Set<string>();
  for (let one = workloads.get(pod.ownerUid); one && !seen.has(one.uid); one = workloads.get(one.ownerUid)) {
    seen.add(one.uid);
    ({ kind, name } = one);
  }
  if (!name) return { key: "no owner", rest: true, title: "made by hand", kind: "" };
  return { key: `${pod.namespace}/${name}/${kind}`, rest: false, title: name, kind };
}
