/** What the timeline draws, read again while it is looked at and the run goes on. */
import type { Timeline } from "../live/history.ts";
import type { Session } from "../view/session.svelte.ts";
import type { Scale } from "./scale.ts";

/** How much of the run is seen, in virtual milliseconds; null is all of it. */
export const SPANS: readonly { words: string; ms: number | null }[] = [
  { words: "the whole run", ms: null },
  { words: "an hour", ms: 3_600_000 },
  { words: "10 minutes", ms: 600_000 },
  { words: "1 minute", ms: 60_000 },
  { words: "10 seconds", ms: 10_000 },
];
const BUCKETS = 160;

export class TimelineData {
  readonly #session: Session;
  timeline = $state.raw<Timeline | null>(null);
  failure = $state.raw("");
  span = $state.raw<number | null>(null);
  readonly scale: Scale = $derived.by(() => {
    const { timeline, span } = this;
    if (!timeline) return { from: 0, to: 0 };
    const { oldest, newest } = timeline.range;
    if (span === null) return { from: oldest.at, to: newest.at };
    const at = this.#session.past.moment?.at ?? newest.at;
    const to = at < newest.at - span ? Math.min(newest.at, at + span / 2) : newest.at;
    return { from: Math.max(oldest.at, to - span), to };
  });
  #reading = false;
  #known = "";

  constructor(session: Session) {
    this.#session = session;
  }

  /** Reads it when there is something new to read. */
  async refresh(): Promise<void> {
    const { present, past } = this.#session;
    const moment = this.span === null ? "" : past.key;
    const wanted = `${present.revision} ${this.span} ${moment} ${Math.floor(present.clock.coarse / 1000)}`;
    if (this.#reading || wanted === this.#known) return;
    this.#reading = true;
    const { from, to } = this.scale;
    const newest = this.timeline?.range.newest.at ?? 0;
    const part = this.span !== null && this.timeline !== null;
    const { told, refusal } = await past.client.timeline(
      part ? String(from) : "",
      part && to < newest ? String(to) : "",
      BUCKETS,
    );
    this.#reading = false;
    this.failure = refusal?.complaint ?? "";
    if (!told) return;
    this.#known = wanted;
    this.timeline = told;
  }
}
