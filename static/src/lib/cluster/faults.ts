/** Faults that run in the cluster, read from the API's list of them. */
export interface RunningFault {
  name: string;
  type: string;
  /** The Node it strikes, "" when it strikes something else. */
  node: string;
  /** Virtual ms at which it began. */
  since: number;
  /** Virtual ms after which it heals by itself; null when somebody must heal it. */
  durationMs: number | null;
  phase: string;
}

export function parseFaults(body: unknown): RunningFault[] {
  const items = field(body, "items");
  return (Array.isArray(items) ? items : []).map((item) => {
    const spec = field(item, "spec");
    const metadata = field(item, "metadata");
    const status = field(item, "status");
    const created = Date.parse(
      text(field(status, "startTime")) || text(field(metadata, "creationTimestamp")),
    );
    return {
      name: text(field(metadata, "name")),
      type: text(field(spec, "type")),
      node: text(field(field(spec, "target"), "node")),
      since: Number.isFinite(created) ? created : 0,
      durationMs: durationOf(field(spec, "duration")),
      phase: text(field(status, "phase")),
    };
  });
}

/** True while the Node does not talk: a fault that has not begun, or is over, silences nobody. */
export const silences = (fault: RunningFault, node: string): boolean =>
  fault.node === node && fault.phase === "Active" && /^(NodeDown|KubeletDown)$/.test(fault.type);

export const isOver = (fault: RunningFault): boolean => /^(Healed)$/.test(fault.phase);

/** `1m30s`, or seconds as a number. */
export function durationOf(value: unknown): number | null {
  if (typeof value === "number") return value * 1000;
  const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  const parts = [...text(value).matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.length === 0) return null;
  return parts.reduce((sum, [, amount = "0", unit = "s"]) => sum + Number(amount) * (units[unit] ?? 0), 0);
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const field = (value: unknown, name: string): unknown =>
  value !== null && typeof value === "object" ? (value as Record<string, unknown>)[name] : undefined;
