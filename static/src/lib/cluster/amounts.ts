/** Times and amounts as people read them. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const GIBI = 1024 ** 3;

/** An age as kubectl prints it: `42s`, `5m`, `3h`, `2d`. */
export function age(milliseconds: number): string {
  const ms = Math.max(0, milliseconds);
  if (ms < 2 * MINUTE) return `${Math.floor(ms / SECOND)}s`;
  if (ms < 2 * HOUR) return `${Math.floor(ms / MINUTE)}m`;
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)}h`;
  return `${Math.floor(ms / DAY)}d`;
}

/** The run's time: `3.2 s`, `5 m 58 s`, `2 h 05 m`. */
export function elapsed(milliseconds: number): string {
  const ms = Math.max(0, milliseconds);
  if (ms < 100 * SECOND) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} m ${two(Math.floor((ms % MINUTE) / SECOND))} s`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ${two(Math.floor((ms % HOUR) / MINUTE))} m`;
  return `${Math.floor(ms / DAY)} d ${two(Math.floor((ms % DAY) / HOUR))} h`;
}

/** The time of day by the cluster's clock: `12:04:31`. */
export const clockTime = (at: number): string => new Date(at).toISOString().slice(11, 19);

/** How long something took: `8 ms`, `1.4 s`. */
export function span(milliseconds: number): string {
  return milliseconds < SECOND ? `${Math.round(milliseconds)} ms` : elapsed(milliseconds);
}

const two = (value: number): string => String(value).padStart(2, "0");

export const cores = (millis: number): string => trimmed(millis / 1000);
export const gibi = (bytes: number): string => trimmed(bytes / GIBI);

function trimmed(value: number): string {
  return String(value >= 10 ? Math.round(value) : Math.round(value * 10) / 10);
}

/** A speed as its button says it: `¼ speed`, `1× speed`. */
export function speedLabel(speed: string): string {
  if (speed === "max") return "max speed";
  const value = Number(speed);
  const fractions = new Map([
    [0.01, "1⁄100"],
    [0.1, "1⁄10"],
    [0.25, "¼"],
    [0.5, "½"],
  ]);
  return `${fractions.get(value) ?? `${value}×`} speed`;
}
