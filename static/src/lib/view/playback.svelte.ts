/** How the visitor moves virtual time: the cluster's clock is an object of its API, shared by all pages. */
import type { Api, ClockSpec } from "../live/api.ts";
import type { VirtualClock } from "../live/virtual-clock.svelte.ts";

export const SPEEDS = ["0.01", "0.1", "0.25", "0.5", "1", "2", "5", "10", "60", "1000", "max"];
const SLOW_MOTION = "0.1";

export class Playback {
  readonly #api: Api;
  readonly #clock: VirtualClock;
  readonly #tell: (notice: string) => void;
  #speedBefore = "1";

  constructor(api: Api, clock: VirtualClock, tell: (notice: string) => void) {
    this.#api = api;
    this.#clock = clock;
    this.#tell = tell;
  }

  togglePause(): Promise<void> {
    return this.change({ paused: !this.#clock.frame.paused });
  }

  faster(by: 1 | -1): Promise<void> {
    const at = SPEEDS.findIndex((speed) => rank(speed) >= rank(this.#clock.frame.speed));
    const next = SPEEDS[Math.min(Math.max((at < 0 ? 4 : at) + by, 0), SPEEDS.length - 1)];
    return next ? this.change({ speed: next }) : Promise.resolve();
  }

  toggleSlowMotion(): Promise<void> {
    const { speed } = this.#clock.frame;
    if (speed === SLOW_MOTION) return this.change({ speed: this.#speedBefore });
    this.#speedBefore = speed;
    return this.change({ speed: SLOW_MOTION });
  }

  async change(spec: ClockSpec): Promise<void> {
    try {
      const answer = await this.#api.patchClock(spec);
      if (!answer.ok) this.#tell(messageOf(answer.body) || `The clock was not changed (${answer.status}).`);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      this.#tell("The server cannot be reached; the clock was not changed.");
    }
  }
}

const rank = (speed: string): number => (speed === "max" ? Infinity : Number(speed));

/** What the API server says in a Status, "" in anything else. */
export function messageOf(body: unknown): string {
  const message = body !== null && typeof body === "object" && "message" in body ? body.message : "";
  return typeof message === "string" ? message : "";
}
