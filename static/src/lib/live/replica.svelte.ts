import type {
  Delta,
  FaultView,
  GuardView,
  JourneyView,
  NodeView,
  PodView,
  QueueView,
  ServiceView,
  Snapshot,
  WorkloadView,
} from "./protocol.ts";

type ByUid<T> = ReadonlyMap<string, T>;

/** The browser's one copy of the cluster: whole views by UID, replaced frame by frame, never mutated. */
export class ClusterReplica {
  revision = $state.raw(0);
  /** False until the first snapshot. */
  filled = $state.raw(false);
  nodes = $state.raw<ByUid<NodeView>>(new Map());
  pods = $state.raw<ByUid<PodView>>(new Map());
  services = $state.raw<ByUid<ServiceView>>(new Map());
  workloads = $state.raw<ByUid<WorkloadView>>(new Map());
  /** By the Pod's UID. */
  journeys = $state.raw<ByUid<JourneyView>>(new Map());
  faults = $state.raw<ByUid<FaultView>>(new Map());
  /** Autoscalers, disruption budgets and quotas. */
  guards = $state.raw<ByUid<GuardView>>(new Map());
  namespaces = $state.raw<readonly string[]>([]);
  /** The scheduler's queue; null when it is not known. */
  queue = $state.raw<QueueView | null>(null);

  applySnapshot(frame: Snapshot): void {
    this.revision = frame.revision;
    this.nodes = merged(new Map<string, NodeView>(), frame.nodes, uidOf, []);
    this.pods = merged(new Map<string, PodView>(), frame.pods, uidOf, []);
    this.services = merged(new Map<string, ServiceView>(), frame.services, uidOf, []);
    this.workloads = merged(new Map<string, WorkloadView>(), frame.workloads, uidOf, []);
    this.journeys = merged(new Map<string, JourneyView>(), frame.journeys, podUidOf, []);
    this.faults = merged(new Map<string, FaultView>(), frame.faults, uidOf, []);
    this.guards = merged(new Map<string, GuardView>(), frame.guards, uidOf, []);
    this.namespaces = frame.namespaces;
    this.queue = frame.queue;
    this.filled = true;
  }

  /** Becomes what another copy is; both hold the same views, which nobody changes. */
  takeOver(other: ClusterReplica): void {
    this.revision = other.revision;
    this.filled = other.filled;
    this.nodes = other.nodes;
    this.pods = other.pods;
    this.services = other.services;
    this.workloads = other.workloads;
    this.journeys = other.journeys;
    this.faults = other.faults;
    this.namespaces = other.namespaces;
    this.queue = other.queue;
  }

  applyDelta(frame: Delta): void {
    this.revision = frame.revision;
    this.nodes = merged(this.nodes, frame.nodes, uidOf, frame.removed);
    this.pods = merged(this.pods, frame.pods, uidOf, frame.removed);
    this.services = merged(this.services, frame.services, uidOf, frame.removed);
    this.workloads = merged(this.workloads, frame.workloads, uidOf, frame.removed);
    this.journeys = merged(this.journeys, frame.journeys, podUidOf, frame.removed);
    this.faults = merged(this.faults, frame.faults, uidOf, frame.removed);
    this.guards = merged(this.guards, frame.guards, uidOf, frame.removed);
    if (frame.namespaces) this.namespaces = frame.namespaces;
    if (frame.queue) this.queue = frame.queue;
  }
}

const uidOf = (view: { uid: string }): string => view.uid;
const podUidOf = (view: JourneyView): string => view.podUid;

/** The same map when nothing in it changes, so that nothing that depends on it is computed again. */
function merged<T>(
  old: ByUid<T>,
  changed: readonly T[],
  key: (view: T) => string,
  removed: readonly string[],
): ByUid<T> {
  const gone = removed.filter((uid) => old.has(uid));
  if (changed.length === 0 && gone.length === 0) return old;
  const next = new Map(old);
  for (const uid of gone) next.delete(uid);
  for (const view of changed) next.set(key(view), view);
  return next;
}
