/**
 * Where the visitor's eye is led: whether all but what the selection touches is dimmed, whether the selection
 * follows the latest change, and in which boxes Pods stand.
 */
import type { Grouping } from "../cluster/groups.ts";
import { touchedBy, type Touched } from "../cluster/touched.ts";
import type { Delta, PodView, Snapshot } from "../live/protocol.ts";
import type { ClusterReplica } from "../live/replica.svelte.ts";
import { isSystem } from "../cluster/story.ts";
import type { ObjectRef, Selection } from "./selection.svelte.ts";

/** A change is looked at for so long (wall ms) before the next takes the focus. */
const LOOK_MS = 2500;

export class Attention {
  readonly #replica: ClusterReplica;
  readonly #selection: Selection;
  grouping = $state.raw<Grouping>("node");
  /** Dims what the selection does not touch. */
  dimming = $state.raw(false);
  /** The selection follows the latest change. */
  following = $state.raw(false);
  /** What is pointed at in a list beside the stage: it alone stays bright for so long. */
  pointed = $state.raw<ObjectRef | null>(null);
  readonly touched: Touched | null = $derived.by(() => {
    const selected = this.dimming || this.following ? this.#selection.ref : null;
    const ref = this.pointed ?? selected;
    return ref ? touchedBy(this.#replica, ref) : null;
  });
  /** The picture is not the one that everybody knows. */
  readonly on = $derived.by(
    () => this.following || (this.dimming && this.#selection.ref !== null) || this.grouping !== "node",
  );
  #latest: ObjectRef | null = null;
  #lookedAt = -Infinity;

  constructor(replica: ClusterReplica, selection: Selection) {
    this.#replica = replica;
    this.#selection = selection;
  }

  /** False for a Pod that is dimmed. */
  touches(pod: PodView): boolean {
    return this.touched?.pods.has(pod.uid) ?? true;
  }

  touchesNode(name: string): boolean {
    return this.touched?.nodes.has(name) ?? true;
  }

  /** Changes to what the room's own people made are worth a look; the newest wins. */
  notice(frame: Pick<Delta, "pods" | "nodes" | "workloads">): void {
    const pod = frame.pods.findLast((one) => !isSystem(one.namespace));
    const workload = frame.workloads.findLast((one) => !isSystem(one.namespace));
    const node = frame.nodes.findLast((one) => !one.ready);
    if (node) this.#latest = { kind: "Node", namespace: "", name: node.name };
    else if (pod) this.#latest = { kind: "Pod", namespace: pod.namespace, name: pod.name };
    else if (workload) {
      const { kind, namespace, name } = workload;
      this.#latest = { kind, namespace, name };
    }
  }

  /** As `notice`, for a picture that comes whole. */
  noticeAll(before: ClusterReplica, after: Snapshot): void {
    const changed = <T extends { uid: string; revision: number }>(
      known: ReadonlyMap<string, T>,
      views: readonly T[],
    ): T[] => views.filter((view) => known.get(view.uid)?.revision !== view.revision);
    this.notice({
      pods: changed(before.pods, after.pods),
      workloads: changed(before.workloads, after.workloads),
      nodes: changed(before.nodes, after.nodes),
    });
  }

  /** True when the selection has moved to another change. */
  follow(wall: number): boolean {
    if (!this.following || !this.#latest || wall - this.#lookedAt < LOOK_MS) return false;
    const { kind, namespace, name } = this.#latest;
    this.#latest = null;
    if (this.#selection.is(kind, namespace, name)) return false;
    this.#lookedAt = wall;
    this.#selection.select({ kind, namespace, name });
    return true;
  }
}
