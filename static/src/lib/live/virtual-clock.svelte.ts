import type { ClockView } from "./protocol.ts";

/** How far the page runs ahead of the last clock frame before it waits for the next. */
const MAX_AHEAD_WALL_MS = 2000;

/** Virtual now between two clock frames: runs at the clock's speed, stands still when paused. */
export class VirtualClock {
  frame = $state.raw<ClockView>({ now: 0, speed: "1", paused: true, idle: true, lagMs: 0 });
  /** Virtual now in whole tenths of a second, for texts; `now()` is for movement. */
  coarse = $state.raw(0);
  readonly running = $derived(!this.frame.paused);
  #anchorWall = 0;
  #floor = 0;

  apply(frame: ClockView, wall: number): void {
    const jumpedBack = frame.now < this.frame.now;
    const shown = this.now(wall);
    // A little ahead of the server is no reason to step back: stand until it has caught up.
    this.#floor = jumpedBack || frame.paused ? frame.now : shown;
    this.frame = frame;
    this.#anchorWall = wall;
    this.tick(wall);
  }

  /** Virtual milliseconds a wall millisecond; at `max` only frames move time. */
  rate(): number {
    const { speed, paused } = this.frame;
    if (paused || speed === "max") return 0;
    const value = Number(speed);
    return Number.isFinite(value) ? value : 1;
  }

  /** Virtual now in milliseconds since the Unix epoch. */
  now(wall: number): number {
    const since = Math.min(Math.max(wall - this.#anchorWall, 0), MAX_AHEAD_WALL_MS);
    return Math.max(this.#floor, this.frame.now + since * this.rate());
  }

  /** The last frame as it would be sent now. */
  frameAt(wall: number): ClockView {
    return { ...this.frame, now: this.now(wall) };
  }

  /** Refreshes `coarse`; called once a frame. */
  tick(wall: number): void {
    const tenth = Math.floor(this.now(wall) / 100) * 100;
    if (tenth !== this.coarse) this.coarse = tenth;
  }
}
