/** Memory and processor time of a container as they are drawn against their limits. */
import type { Use } from "./inside.ts";

export interface UseLook {
  text: string;
  title: string;
  /** Of the limit; null without one. */
  share: number | null;
  state: "running" | "waiting" | "failing";
}

const MEBI = 1024 ** 2;

/** `short` for where only a share fits. */
export function memoryLook(use: Use, short: boolean): UseLook {
  const { memoryBytes, memoryLimitBytes } = use;
  const used = bytesText(memoryBytes);
  if (!memoryLimitBytes) {
    return { text: `mem ${used}`, title: `memory ${used}, no limit`, share: null, state: "running" };
  }
  const share = memoryBytes / memoryLimitBytes;
  const percent = `${Math.round(share * 100)} %`;
  const limit = bytesText(memoryLimitBytes);
  return {
    text: short ? `mem ${percent}` : `mem ${used} of ${limit}`,
    title: `memory ${used} of ${limit}, ${percent} of its limit`,
    share,
    state: share >= 0.9 ? "failing" : share >= 0.75 ? "waiting" : "running",
  };
}

export function cpuLook(use: Use, short: boolean): UseLook {
  const { cpuMillis, cpuLimitMillis, throttledPercent } = use;
  const used = `${cpuMillis}m`;
  const slowed = throttledPercent > 0 ? `, throttled: ${throttledPercent} % of what it wants is refused` : "";
  if (!cpuLimitMillis) {
    return { text: `cpu ${used}`, title: `CPU ${used}, no limit${slowed}`, share: null, state: "running" };
  }
  const share = cpuMillis / cpuLimitMillis;
  const plain = short ? `cpu ${Math.round(share * 100)} %` : `cpu ${used} of ${cpuLimitMillis}m`;
  return {
    text: throttledPercent > 0 ? (short ? "throttled" : `throttled ${throttledPercent} %`) : plain,
    title: `CPU ${used} of ${cpuLimitMillis}m${slowed}`,
    share,
    state: throttledPercent > 0 ? "waiting" : "running",
  };
}

/** `512`, `3.4 Ki`, `50 Mi`, `1.2 Gi`. */
export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < MEBI) return `${rounded(bytes / 1024)} Ki`;
  if (bytes < 1024 * MEBI) return `${rounded(bytes / MEBI)} Mi`;
  return `${rounded(bytes / 1024 / MEBI)} Gi`;
}

const rounded = (value: number): string =>
  String(value >= 10 ? Math.round(value) : Math.round(value * 10) / 10);
