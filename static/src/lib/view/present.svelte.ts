/**
 * The cluster as it is now, while the page shows what it was: deltas go on arriving here, so that the way back
 * asks nobody.
 */
import { noMoments, reduceFacts, type Moments } from "../cluster/moments.ts";
import type { Moment } from "../live/history.ts";
import type { Facts } from "../live/protocol.ts";
import { ClusterReplica } from "../live/replica.svelte.ts";
import { VirtualClock } from "../live/virtual-clock.svelte.ts";

export class Present {
  readonly clock = new VirtualClock();
  readonly #shown: ClusterReplica;
  /** Null while the page shows it. */
  held = $state.raw<ClusterReplica | null>(null);
  readonly revision: number = $derived.by(() => (this.held ?? this.#shown).revision);
  /** When the room's first Node appeared, in virtual milliseconds. */
  readonly birth: number = $derived.by(() => {
    const births = [...(this.held ?? this.#shown).nodes.values()].map((node) => node.created);
    return births.length > 0 ? Math.min(...births) : this.clock.frame.now;
  });
  #moments: Moments = noMoments;

  constructor(shown: ClusterReplica) {
    this.#shown = shown;
  }

  /** Now, as a moment of the past; its facts are not counted here. */
  get moment(): Moment {
    return { revision: this.revision, at: this.clock.now(performance.now()), seq: 0 };
  }

  /** The picture is about to show something else. */
  hold(moments: Moments): void {
    if (this.held) return;
    this.held = new ClusterReplica();
    this.held.takeOver(this.#shown);
    this.#moments = moments;
  }

  learn(frame: Facts): void {
    this.#moments = reduceFacts(this.#moments, frame.facts);
  }

  /** Puts it back into the picture; null when it was never away. */
  release(): Moments | null {
    if (!this.held) return null;
    this.#shown.takeOver(this.held);
    this.held = null;
    return this.#moments;
  }
}
