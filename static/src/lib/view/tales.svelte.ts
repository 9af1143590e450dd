/**
 * The stories that are not one Pod's: a rolling update, a lost Node. Chooses which is told and keeps it for a
 * moment after it is over. Enters: the replica and virtual time. Leaves: the tale, and what is broken.
 */
import { outages, running } from "../cluster/faults.ts";
import { lossTale, lossesOf, presentStep, returnTale } from "../cluster/node-failure.ts";
import { findRollout, isDone, rolloutOf, rolloutTale, type Rollout } from "../cluster/rollout.ts";
import type { Tale } from "../cluster/tale.ts";
import type { NodeView } from "../live/protocol.ts";
import type { ClusterReplica } from "../live/replica.svelte.ts";
import type { VirtualClock } from "../live/virtual-clock.svelte.ts";

/** How long (wall ms) a story that is over stays. */
const LINGER_MS = 6000;
/** A Node that has only just joined (virtual ms) is not lost: nobody has heard from it yet. */
const JOINING_MS = 20_000;

export class Tales {
  readonly #replica: ClusterReplica;
  readonly #clock: VirtualClock;
  /** Faults that are not over, the oldest first. */
  readonly faults = $derived.by(() => running(this.#replica.faults));
  /** What is wrong with parts of the control plane. */
  readonly outages = $derived(outages(this.faults));
  /** UID of the Deployment whose rollout is told. */
  #rolling = $state.raw<string | null>(null);
  /** UID of the Node whose loss is told. */
  #lost = $state.raw<string | null>(null);
  /** The step of that story that was reached; once the Node is back, how far it had come. */
  #reached = $state.raw(0);
  readonly rollout: Rollout | undefined = $derived.by(() => {
    const { workloads, pods } = this.#replica;
    const deployment = this.#rolling === null ? undefined : workloads.get(this.#rolling);
    return deployment && rolloutOf(deployment, workloads, pods);
  });
  /** The Node whose loss, or return, is told. */
  readonly lostNode = $derived.by(() =>
    this.#lost === null ? undefined : this.#replica.nodes.get(this.#lost),
  );
  readonly current: Tale | null = $derived.by(() => {
    const node = this.lostNode;
    if (!node) return this.rollout ? rolloutTale(this.rollout) : null;
    const world = this.#world(this.#clock.coarse);
    return isLost(node) ? lossTale(node, world) : returnTale(node, world, this.#reached);
  });
  /** Names of the Nodes that the cluster has given up. */
  readonly lost: ReadonlySet<string> = $derived.by(
    () => new Set([...this.#replica.nodes.values()].filter((node) => !node.ready).map((node) => node.name)),
  );
  /** Names of the Nodes whose kubelet does not talk, whether or not anybody has noticed. */
  readonly silent: ReadonlySet<string> = $derived.by(
    () => new Set([...this.#replica.nodes.values()].filter(isLost).map((node) => node.name)),
  );
  #overAt: number | null = null;
  /** UIDs of lost Nodes whose loss has been told to its end. */
  #told = new Set<string>();

  constructor(replica: ClusterReplica, clock: VirtualClock) {
    this.#replica = replica;
    this.#clock = clock;
  }

  refresh(wall: number): void {
    this.#refreshLoss();
    this.#refreshRollout();
    if (!this.current?.over) this.#overAt = null;
    else this.#overAt ??= wall;
    if (this.#overAt !== null && wall - this.#overAt >= LINGER_MS) this.#end();
  }

  #world(now: number) {
    const { pods, workloads } = this.#replica;
    return { pods, workloads, now };
  }

  /** The picture is another: whatever was told is of no account. */
  forget(): void {
    this.#lost = null;
    this.#rolling = null;
    this.#overAt = null;
    this.#reached = 0;
    this.#told.clear();
  }

  #end(): void {
    const node = this.lostNode;
    if (node && isLost(node)) this.#told.add(node.uid);
    this.#lost = null;
    this.#rolling = null;
    this.#overAt = null;
  }

  #refreshLoss(): void {
    const { nodes } = this.#replica;
    for (const uid of this.#told) {
      const node = nodes.get(uid);
      if (node && isLost(node)) continue;
      this.#told.delete(uid);
      if (node) this.#lost ??= uid;
    }
    const told = this.lostNode;
    if (told && isLost(told)) {
      const step = presentStep(told, lossesOf(told, this.#world(0)));
      if (step !== this.#reached) this.#reached = step;
      return;
    }
    const isNews = (node: NodeView): boolean =>
      isLost(node) && !this.#told.has(node.uid) && this.#clock.coarse - node.created > JOINING_MS;
    const found = [...nodes.values()].find(isNews);
    if (found) this.#lost = found.uid;
    else if (this.#lost !== null && !told) this.#lost = null;
  }

  #refreshRollout(): void {
    const { workloads, pods } = this.#replica;
    const found = findRollout(workloads, pods);
    if (found && found.deployment.uid !== this.#rolling && (!this.rollout || isDone(this.rollout))) {
      this.#rolling = found.deployment.uid;
    }
    if (this.#rolling !== null && !this.rollout) this.#rolling = null;
  }
}

const isLost = (node: NodeView): boolean => node.silent || !node.ready;
