/**
 * The scheduler's pass over the Nodes as it is shown now: whose, and which of its phases. While time stands still at
 * the moment of a decision, the phases wait for the visitor one after the other; where time runs slowly they follow
 * virtual time; at full speed only their outcome is shown.
 */
import type { Moments } from "../cluster/moments.ts";
import { phaseAt, phasesOf, type Phase, type Preemption, type Scheduling } from "../cluster/scheduling.ts";
import { isOnItsWay } from "../cluster/story.ts";
import type { JourneyView, PodView } from "../live/protocol.ts";
import type { VirtualClock } from "../live/virtual-clock.svelte.ts";

/** Where time runs at most so fast, a phase lasts long enough (wall ms) to be seen. */
const SLOW = 0.1;

export interface PassHost {
  readonly clock: VirtualClock;
  readonly moments: Moments;
  readonly storyUid: string | null;
  readonly journey: JourneyView | undefined;
  readonly selectedPod: PodView | undefined;
  pod(uid: string): PodView | undefined;
}

export class Pass {
  readonly #host: PassHost;
  /** How far the decision that stands still has been shown. */
  #shown = $state.raw<{ key: string; phases: number }>({ key: "", phases: 0 });

  constructor(host: PassHost) {
    this.#host = host;
  }

  /** UID of the Pod whose decision is being made at the very moment at which time stands still. */
  readonly #standing: string | null = $derived.by(() => {
    const { clock, moments } = this.#host;
    const found = moments.decided === null ? undefined : moments.scheduling.get(moments.decided);
    return found && clock.frame.paused && found.at >= clock.frame.now && found.boundAt === null
      ? moments.decided
      : null;
  });
  readonly uid: string | null = $derived.by(() => this.#standing ?? this.#host.storyUid);
  readonly pod: PodView | undefined = $derived.by(() =>
    this.uid === null ? undefined : this.#host.pod(this.uid),
  );
  /** The attempt that is told; undefined when none is. */
  readonly found: Scheduling | undefined = $derived.by(() => {
    const { moments, journey, selectedPod } = this.#host;
    if (this.uid === null) return undefined;
    const telling = journey !== undefined && isOnItsWay(journey);
    const asked = selectedPod !== undefined || (this.pod?.node ?? "") === "";
    return this.#standing !== null || telling || asked ? moments.scheduling.get(this.uid) : undefined;
  });
  readonly preemption: Preemption | undefined = $derived.by(() =>
    this.uid === null || this.pod?.node ? undefined : this.#host.moments.preemptions.get(this.uid),
  );
  readonly phases: readonly Phase[] = $derived.by(() =>
    this.found ? phasesOf(this.found, this.preemption !== undefined) : [],
  );
  /** The phase that is shown; "bind" once all is said. */
  readonly phase: Phase = $derived.by(() => {
    const { clock } = this.#host;
    if (!this.found) return "bind";
    if (this.#standing !== null) return this.phases[this.#step] ?? "filter";
    if (this.found.feasibleCount > 0 && clock.rate() > SLOW) return "bind";
    return phaseAt(this.found, this.phases, clock.coarse);
  });
  /** The stamps are large, because the decision is being made or found no Node. */
  readonly large: boolean = $derived.by(
    () =>
      this.found !== undefined &&
      (this.phase !== "bind" || (this.found.feasibleCount === 0 && !this.pod?.node)),
  );
  /** Wall milliseconds that the pass takes to go over all Nodes. */
  readonly sweepMs: number = $derived.by(() => {
    const rate = this.#host.clock.rate();
    return rate > 0 && rate <= SLOW ? Math.min(1 / rate, 400) : 0;
  });

  readonly #key: string = $derived.by(() =>
    this.#standing === null ? "" : `${this.#standing}/${this.found?.attempt ?? 0}`,
  );
  readonly #step: number = $derived.by(() => (this.#shown.key === this.#key ? this.#shown.phases : 0));

  /** Shows the next phase of a decision that stands still; false when time itself has to go on. */
  advance(): boolean {
    const left = this.phases.filter((phase) => phase !== "bind");
    if (this.#standing === null || this.#step >= left.length - 1) return false;
    this.#shown = { key: this.#key, phases: this.#step + 1 };
    return true;
  }
}
