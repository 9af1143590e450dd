/** Asks again and again without asking too often: once at once, then at most once in so many wall milliseconds. */
export interface Pace {
  ask(): void;
  stop(): void;
}

export function paced(pauseMs: number, run: () => Promise<void>): Pace {
  let busy = false;
  let again = false;
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function go(): Promise<void> {
    busy = true;
    await run();
    if (stopped) return;
    timer = setTimeout(() => {
      busy = false;
      if (!again) return;
      again = false;
      void go();
    }, pauseMs);
  }

  return {
    ask() {
      if (busy) again = true;
      else if (!stopped) void go();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
