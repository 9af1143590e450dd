/**
 * What goes on inside one Pod at a moment, as `GET /inside/pods/NODE/UID` tells it. Enters: its JSON. Leaves: memory
 * and processor time by container, probes, ends of waits, and what was written last to each volume. Virtual times.
 */
import { amount, items, text, tree } from "../live/json.ts";

export type ProbeKind = "startup" | "liveness" | "readiness";

export interface Probe {
  kind: ProbeKind;
  /** What it asks, for example `GET :80/healthz`. */
  asks: string;
  periodMs: number;
  nextAt: number | null;
  /** Null until it has settled. */
  succeeds: boolean | null;
  /** A startup probe that has succeeded asks no more. */
  over: boolean;
  /** Equal results in a row; negative for failures. */
  run: number;
  threshold: number;
  message: string;
}

export interface Use {
  memoryBytes: number;
  /** 0 without a limit. */
  memoryLimitBytes: number;
  cpuMillis: number;
  cpuLimitMillis: number;
  throttledPercent: number;
  throttledMs: number;
  processes: number;
}

export interface InsideContainer {
  name: string;
  retryAt: number | null;
  killAt: number | null;
  /** Null while it does not run. */
  use: Use | null;
  /** TCP ports it answers on. */
  ports: readonly number[];
  probes: readonly Probe[];
}

export interface InsideVolume {
  name: string;
  medium: string;
  usedBytes: number;
  last: { path: string; size: number; by: string; at: number } | null;
}

export interface Inside {
  uid: string;
  at: number;
  containers: ReadonlyMap<string, InsideContainer>;
  volumes: ReadonlyMap<string, InsideVolume>;
}

export function parseInside(body: unknown): Inside | null {
  const root = tree(body);
  const uid = text(root["uid"]);
  if (!uid) return null;
  const containers = items(root["containers"]).map(parseContainer);
  const volumes = items(root["volumes"]).map(parseVolume);
  return {
    uid,
    at: amount(root["at"]),
    containers: new Map(containers.map((one) => [one.name, one])),
    volumes: new Map(volumes.map((one) => [one.name, one])),
  };
}

function parseContainer(value: unknown): InsideContainer {
  const one = tree(value);
  const use = "memoryBytes" in one;
  return {
    name: text(one["name"]),
    retryAt: time(one["retryAt"]),
    killAt: time(one["killAt"]),
    use: use
      ? {
          memoryBytes: amount(one["memoryBytes"]),
          memoryLimitBytes: amount(one["memoryLimitBytes"]),
          cpuMillis: amount(one["cpuMillis"]),
          cpuLimitMillis: amount(one["cpuLimitMillis"]),
          throttledPercent: amount(one["throttledPercent"]),
          throttledMs: amount(one["throttledMs"]),
          processes: amount(one["processes"]),
        }
      : null,
    ports: items(one["ports"]).map(amount),
    probes: items(one["probes"]).map(parseProbe),
  };
}

function parseProbe(value: unknown): Probe {
  const one = tree(value);
  const kind = text(one["kind"]);
  const succeeds = one["succeeds"];
  return {
    kind: kind === "startup" || kind === "liveness" ? kind : "readiness",
    asks: text(one["asks"]),
    periodMs: amount(one["periodMs"]),
    nextAt: time(one["nextAt"]),
    succeeds: typeof succeeds === "boolean" ? succeeds : null,
    over: one["over"] === true,
    run: amount(one["run"]),
    threshold: amount(one["threshold"]),
    message: text(one["message"]),
  };
}

function parseVolume(value: unknown): InsideVolume {
  const one = tree(value);
  const last = one["last"] === null ? null : tree(one["last"]);
  return {
    name: text(one["name"]),
    medium: text(one["medium"]),
    usedBytes: amount(one["usedBytes"]),
    last: last && {
      path: text(last["path"]),
      size: amount(last["size"]),
      by: text(last["by"]),
      at: amount(last["at"]),
    },
  };
}

const time = (value: unknown): number | null => (typeof value === "number" ? value : null);
