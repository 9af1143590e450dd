/**
 * The wall time by which the picture is arranged: stories linger and Pods wait by it. It stands still while virtual
 * time does, so that a paused picture stays as it is; a step lets as much of it pass as it takes to see what came.
 */
const STEP_MS = 1000;
/** A page that was hidden has not been looked at meanwhile. */
const MOST_MS = 1000;

export class PictureTime {
  now = 0;
  #wall: number | null = null;

  tick(wall: number, running: boolean): void {
    const passed = this.#wall === null ? 0 : Math.min(Math.max(wall - this.#wall, 0), MOST_MS);
    this.#wall = wall;
    if (running) this.now += passed;
  }

  step(): void {
    this.now += STEP_MS;
  }
}
