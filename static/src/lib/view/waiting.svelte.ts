/** The Pods that wait for a Node; those that are bound at once never go by way of the shelf. */
import { isSystem } from "../cluster/story.ts";
import type { ClusterReplica } from "../live/replica.svelte.ts";

/** A Pod that is bound sooner than this (wall ms) does not go by way of the shelf. */
const SHELF_AFTER_MS = 700;

export class Waiting {
  readonly #replica: ClusterReplica;
  /** UIDs, oldest first. */
  uids = $state.raw<readonly string[]>([]);
  #since = new Map<string, number>();

  constructor(replica: ClusterReplica) {
    this.#replica = replica;
  }

  /** Out of nowhere: those of a moment of the past have waited since they were made. */
  begin(wall: number, moment: number | null): void {
    const pods = [...this.#replica.pods.values()];
    this.#since = new Map(
      moment === null ? [] : pods.map((pod) => [pod.uid, wall - Math.max(0, moment - pod.created)]),
    );
  }

  refresh(wall: number): void {
    const unbound = [...this.#replica.pods.values()].filter(
      (pod) => !pod.node && pod.deleted === null && !isSystem(pod.namespace),
    );
    this.#since = new Map(unbound.map((pod) => [pod.uid, this.#since.get(pod.uid) ?? wall]));
    const uids = unbound
      .filter((pod) => pod.message || wall - (this.#since.get(pod.uid) ?? wall) >= SHELF_AFTER_MS)
      .sort((a, b) => a.created - b.created || (a.name < b.name ? -1 : 1))
      .map((pod) => pod.uid);
    if (uids.join() !== this.uids.join()) this.uids = uids;
  }
}
