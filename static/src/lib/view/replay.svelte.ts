/**
 * Playing from a moment of the past towards now. Enters: where to begin, and a speed. Leaves: the world whenever
 * something has happened in it, with the facts that happened; quiet stretches are cut short.
 */
import type { Moment, PastView } from "../live/history.ts";
import type { FactView } from "../live/protocol.ts";
import { keyOf, type HistoryClient, type Refusal } from "../live/past.ts";

export const REPLAY_SPEEDS = ["0.1", "0.25", "0.5", "1", "2", "5", "10", "60"];

export interface ReplayScreen {
  show(view: PastView, fresh: readonly FactView[]): void;
  /** A speed, or null when time stands still. */
  setClock(at: number, speed: string | null): void;
  /** The newest moment is reached. */
  end(): void;
  fail(refusal: Refusal): void;
}

const BEAT_MS = 120;
/** Nobody waits longer than this (wall ms) for something to happen. */
const PATIENCE_MS = 1500;
/** Where a quiet stretch is cut, this much (wall ms) of it remains before the next fact. */
const LEAD_MS = 300;
const PAGE = 500;

export class Replay {
  playing = $state.raw(false);
  speed = $state.raw("1");
  readonly #client: HistoryClient;
  readonly #screen: ReplayScreen;
  #run = 0;
  #at = 0;

  constructor(client: HistoryClient, screen: ReplayScreen) {
    this.#client = client;
    this.#screen = screen;
  }

  start(from: Moment): void {
    this.playing = true;
    this.#run += 1;
    void this.#play(from, this.#run);
  }

  stop(): void {
    if (!this.playing) return;
    this.playing = false;
    this.#run += 1;
    this.#screen.setClock(this.#at, null);
  }

  faster(by: 1 | -1): void {
    const at = REPLAY_SPEEDS.indexOf(this.speed) + by;
    this.speed = REPLAY_SPEEDS[Math.min(Math.max(at, 0), REPLAY_SPEEDS.length - 1)] ?? "1";
  }

  async #play(from: Moment, run: number): Promise<void> {
    let queue: readonly FactView[] = [];
    let last = keyOf(from);
    let wall = performance.now();
    this.#at = from.at;
    while (run === this.#run) {
      if (queue.length === 0) {
        const { told, refusal } = await this.#client.facts(last, PAGE);
        if (run !== this.#run) return;
        if (refusal) return this.#screen.fail(refusal);
        queue = told.facts;
        if (queue.length === 0) return this.#finish();
      }
      const now = performance.now();
      this.#at = advance(this.#at, now - wall, Number(this.speed), queue[0]?.at ?? this.#at);
      wall = now;
      const due = queue.filter((fact) => fact.at <= this.#at);
      const newest = due.at(-1);
      if (newest) {
        queue = queue.slice(due.length);
        last = `seq:${newest.seq}`;
        const { told, refusal } = await this.#client.world(last);
        if (run !== this.#run) return;
        if (refusal) return this.#screen.fail(refusal);
        this.#screen.show(told, due);
      }
      this.#screen.setClock(this.#at, this.speed);
      await new Promise((resolve) => setTimeout(resolve, BEAT_MS));
    }
  }

  #finish(): void {
    this.playing = false;
    this.#screen.end();
  }
}

/** Virtual time after so much wall time, where nothing happens before `next`. */
export function advance(at: number, wall: number, speed: number, next: number): number {
  const reached = at + wall * speed;
  return next - reached > PATIENCE_MS * speed ? next - LEAD_MS * speed : reached;
}
