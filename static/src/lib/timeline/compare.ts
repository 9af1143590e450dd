/** What changed between two moments, in the order and words in which it is shown. Pure. */
import type { ChangeType, Comparison, FieldChange, ObjectChange } from "../live/history.ts";

export interface KindGroup {
  kind: string;
  changes: readonly ObjectChange[];
}

/** What people made comes before what the cluster keeps for itself. */
const ORDER = [
  "Node",
  "Namespace",
  "Deployment",
  "StatefulSet",
  "DaemonSet",
  "Job",
  "CronJob",
  "ReplicaSet",
  "Pod",
  "Service",
  "EndpointSlice",
];
const rank = (kind: string): number => (ORDER.includes(kind) ? ORDER.indexOf(kind) : ORDER.length);
const CHANGES: readonly ChangeType[] = ["created", "deleted", "changed"];

export function groupByKind(objects: readonly ObjectChange[]): KindGroup[] {
  const groups = new Map<string, ObjectChange[]>();
  for (const change of objects) groups.set(change.kind, [...(groups.get(change.kind) ?? []), change]);
  return [...groups]
    .sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b))
    .map(([kind, changes]) => ({
      kind,
      changes: [...changes].sort((a, b) => CHANGES.indexOf(a.change) - CHANGES.indexOf(b.change)),
    }));
}

/** `2 created, 1 changed`. */
export function tally(objects: readonly ObjectChange[]): string {
  const parts = CHANGES.map((change) => [objects.filter((one) => one.change === change).length, change])
    .filter(([count]) => count !== 0)
    .map(([count, change]) => `${count} ${change}`);
  return parts.join(", ") || "nothing has changed";
}

/** What is left out, in words; "" when nothing is. */
export function leftOut({ hidden, omitted }: Pick<Comparison, "hidden" | "omitted">): string {
  const parts = [];
  if (omitted > 0) parts.push(`${omitted} more changes are not listed.`);
  if (hidden > 0) parts.push(`${hidden} changes are of kinds that only cluster admins compare.`);
  return parts.join(" ");
}

const MOST = 160;

/** A value as one line. */
export function valueWords(value: unknown): string {
  if (value === null || value === undefined) return "–";
  const text = typeof value === "string" ? value || '""' : JSON.stringify(value);
  return text.length > MOST ? `${text.slice(0, MOST)} …` : text;
}

/** Wishes first, then what is reported, then names and labels. */
const PARTS = ["spec", "data", "status", "metadata"];
const part = ({ path }: FieldChange): number => {
  const at = PARTS.indexOf(/^\w+/.exec(path)?.[0] ?? "");
  return at < 0 ? 1 : at;
};
export const sortedFields = (fields: readonly FieldChange[]): FieldChange[] =>
  [...fields].sort((a, b) => part(a) - part(b));
