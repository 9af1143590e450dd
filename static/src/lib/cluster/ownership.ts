/**
 * Who keeps whom alive: Deployment → ReplicaSet → Pod and the like, with what stands beside them, and the Pods
 * that nobody owns. Enters: the replica's views. Leaves: a forest of branches with their words.
 */
import type { GuardView, PodView, State, WorkloadView } from "../live/protocol.ts";
import { elapsed } from "./amounts.ts";
import type { Called, Cluster } from "./objects.ts";
import { splitName } from "./names.ts";
import { isSystem } from "./story.ts";

export interface Branch {
  id: string;
  /** Null for a heading, which is no object. */
  ref: Called | null;
  kind: string;
  /** The part of the name that tells it apart from its siblings, and what they share. */
  base: string;
  suffix: string;
  state: State;
  /** `v2`: the revision of a Deployment's ReplicaSet; the present one is solid. */
  tag: string;
  present: boolean;
  words: string;
  /** What it complains of. */
  complaint: string;
  /** Whether it is unfolded until somebody folds it. */
  open: boolean;
  children: Branch[];
}

export interface Forest extends Cluster {
  guards: ReadonlyMap<string, GuardView>;
}

/** Under one owner, Pods above this number are counted. */
const MOST_PODS = 100;
/** An owner of more Pods than this is folded at first. */
const OPEN_PODS = 12;

export function ownershipTree(world: Forest, now: number): Branch[] {
  const byOwner = grouped(world.pods.values());
  const sets = grouped(world.workloads.values());
  const grow = (view: WorkloadView): Branch => workloadBranch(view, { world, byOwner, sets, now, grow });
  const roots = [...world.workloads.values()].filter((view) => !world.workloads.has(view.ownerUid));
  const own = roots.filter((view) => !isSystem(view.namespace)).sort(byKindAndName);
  const system = roots.filter((view) => isSystem(view.namespace)).sort(byKindAndName);
  const bare = [...world.pods.values()].filter((pod) => pod.bare && !isSystem(pod.namespace));
  const quotas = [...world.guards.values()].filter((guard) => guard.kind === "ResourceQuota");
  return [
    ...own.map(grow),
    ...(bare.length > 0 ? [bareBranch(bare, now)] : []),
    ...quotas.map((guard) => guardBranch(guard)),
    ...system.map((view) => ({ ...grow(view), open: false })),
  ];
}

interface Growth {
  world: Forest;
  byOwner: ReadonlyMap<string, PodView[]>;
  sets: ReadonlyMap<string, WorkloadView[]>;
  now: number;
  grow: (view: WorkloadView) => Branch;
}

function workloadBranch(view: WorkloadView, growth: Growth): Branch {
  const { world, byOwner, sets, now, grow } = growth;
  const below = [...(sets.get(view.uid) ?? [])].sort(
    (a, b) => Number(b.rolloutRevision) - Number(a.rolloutRevision) || b.created - a.created,
  );
  const pods = byOwner.get(view.uid) ?? [];
  const owner = world.workloads.get(view.ownerUid);
  const guards = [...world.guards.values()].filter((guard) => guardsWorkload(guard, view, world, byOwner));
  const kept = [...pods].sort((a, b) => (a.name < b.name ? -1 : 1));
  const more = kept.length - MOST_PODS;
  return {
    id: view.uid,
    ref: called(view),
    kind: view.kind,
    base: view.kind === "ReplicaSet" && owner ? owner.name : view.name,
    suffix: view.kind === "ReplicaSet" && owner ? view.name.slice(owner.name.length + 1) : "",
    state: stateOf(view),
    tag: view.kind === "ReplicaSet" && view.rolloutRevision ? `v${view.rolloutRevision}` : "",
    present: owner?.rolloutRevision === view.rolloutRevision,
    words: workloadWords(view, now),
    complaint: view.message,
    open: pods.length <= OPEN_PODS && (view.kind !== "ReplicaSet" || pods.length > 0),
    children: [
      ...guards.map((guard) => guardBranch(guard, called(view))),
      ...below.map(grow),
      ...kept.slice(0, MOST_PODS).map((pod) => podBranch(pod, now)),
      ...(more > 0 ? [heading(`${view.uid} more`, `and ${more} more Pods`)] : []),
    ],
  };
}

/** True for the budget of its Pods, or the autoscaler that sets its number. */
function guardsWorkload(
  guard: GuardView,
  view: WorkloadView,
  world: Forest,
  byOwner: Growth["byOwner"],
): boolean {
  if (guard.namespace !== view.namespace || guard.kind === "ResourceQuota") return false;
  if (guard.kind === "HorizontalPodAutoscaler")
    return guard.targetKind === view.kind && guard.targetName === view.name;
  if (world.workloads.has(view.ownerUid)) return false;
  const uids = [
    view.uid,
    ...[...world.workloads.values()].filter((one) => one.ownerUid === view.uid).map((one) => one.uid),
  ];
  const [pod] = uids.flatMap((uid) => byOwner.get(uid) ?? []);
  return pod !== undefined && covers(guard, pod);
}

export const covers = (budget: GuardView, pod: PodView): boolean =>
  budget.kind === "PodDisruptionBudget" &&
  budget.namespace === pod.namespace &&
  Object.entries(budget.selector).every(([key, value]) => pod.labels[key] === value);

const leaf = {
  suffix: "",
  tag: "",
  present: false,
  complaint: "",
  open: false,
  children: [] as Branch[],
};

const heading = (id: string, words: string): Branch => ({
  ...leaf,
  id,
  ref: null,
  kind: "",
  base: words,
  state: "completed",
  words: "",
});

function bareBranch(pods: readonly PodView[], now: number): Branch {
  return {
    ...heading("nobody", "Nobody's"),
    words: "no controller will replace them",
    open: pods.length <= OPEN_PODS,
    children: [...pods]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .slice(0, MOST_PODS)
      .map((pod) => podBranch(pod, now)),
  };
}

function podBranch(pod: PodView, now: number): Branch {
  const { base, suffix } = splitName(pod);
  const stands = pod.replacesName ? `replaces ${pod.replacesName}` : "";
  const leaves = pod.evictedAt === null ? "" : `evicted in ${elapsed(Math.max(0, pod.evictedAt - now))}`;
  const status = pod.lost && pod.deleted === null ? "not heard" : pod.status;
  return {
    ...leaf,
    id: pod.uid,
    ref: { kind: "Pod", namespace: pod.namespace, name: pod.name },
    kind: "Pod",
    base,
    suffix,
    state: pod.lost && pod.deleted === null ? "unknown" : pod.state,
    words: [status, pod.node, pod.ip, leaves || stands].filter(Boolean).join(" · "),
  };
}

function guardBranch(guard: GuardView, beside?: Called): Branch {
  const { kind, name } = guard;
  const unready = kind === "HorizontalPodAutoscaler" && guard.desired > 0 && guard.current !== guard.desired;
  const blocked = kind === "PodDisruptionBudget" && guard.allowed === 0;
  return {
    ...leaf,
    id: beside ? `${guard.uid} ${beside.name}` : guard.uid,
    ref: called(guard),
    kind,
    base: name,
    state: blocked ? "waiting" : unready ? "progress" : "running",
    words: guardWords(guard),
    complaint: guard.message,
  };
}

export function guardWords(guard: GuardView): string {
  const { least, most, current, desired, allowed, measures } = guard;
  if (guard.kind === "HorizontalPodAutoscaler") {
    const wish = desired === current || desired === 0 ? `${current}` : `${current} → ${desired}`;
    return [`${wish} of ${least} to ${most}`, ...measures].join(" · ");
  }
  if (guard.kind === "PodDisruptionBudget") {
    const may = allowed === 0 ? "none may go" : `${allowed} may go`;
    return `${may} · ${current} of ${most} healthy, needs ${desired}`;
  }
  return measures.join(" · ");
}

/** Its number and how far it is. */
export function workloadWords(view: WorkloadView, now: number): string {
  const { kind, desired, ready, current, available, paused, image } = view;
  if (kind === "CronJob") {
    const next =
      view.nextRun === null ? "suspended" : `next run in ${elapsed(Math.max(0, view.nextRun - now))}`;
    return `${view.schedule} · ${next}${current > 0 ? ` · ${current} running` : ""}`;
  }
  if (kind === "Job")
    return `${available} of ${desired} completed${current > 0 ? ` · ${current} running` : ""}${paused ? " · suspended" : ""}`;
  const held = paused ? " · paused" : "";
  if (kind === "ReplicaSet" && desired === 0 && current === 0) return `kept, to go back to · ${image}`;
  if (kind === "ReplicaSet") return `${ready} of ${desired} ready · ${image}`;
  return `${ready} of ${desired} ready${held}`;
}

export function stateOf(view: WorkloadView): State {
  if (view.kind === "CronJob") return view.paused ? "waiting" : "running";
  if (view.kind === "Job") {
    if (view.available >= view.desired) return "completed";
    return view.message ? "failing" : "progress";
  }
  if (view.desired === 0 && view.current === 0) return "completed";
  if (view.ready >= view.desired) return "running";
  return view.message ? "failing" : "progress";
}

const called = ({ kind, namespace, name }: Called): Called => ({ kind, namespace, name });

const byKindAndName = (a: WorkloadView, b: WorkloadView): number =>
  a.namespace + a.kind + a.name < b.namespace + b.kind + b.name ? -1 : 1;

function grouped<T extends { ownerUid: string }>(views: Iterable<T>): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const view of views) {
    const group = groups.get(view.ownerUid);
    if (group) group.push(view);
    else groups.set(view.ownerUid, [view]);
  }
  return groups;
}

/** One line of the tree as it is unfolded. */
export interface Row {
  branch: Branch;
  level: number;
  expanded: boolean;
  at: number;
  of: number;
}

/** The lines that are to be seen, top to bottom. */
export function rowsOf(branches: readonly Branch[], isOpen: (branch: Branch) => boolean, level = 1): Row[] {
  return branches.flatMap((branch, index) => {
    const expanded = branch.children.length > 0 && isOpen(branch);
    const row = { branch, level, expanded, at: index + 1, of: branches.length };
    return [row, ...(expanded ? rowsOf(branch.children, isOpen, level + 1) : [])];
  });
}
