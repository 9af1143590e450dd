/**
 * A filter in words of one line: `ns=shop phase=Pending app=web tier` – a namespace, a phase or a drawn state, a
 * Node, labels with a value, labels that exist.
 */
import type { PodView } from "../live/protocol.ts";

export interface FilterTerms {
  /** "" for every namespace. */
  namespace: string;
  /** A Pod's phase or the state in which it is drawn, in lower case; "" for all. */
  phase: string;
  /** "" for every Node. */
  node: string;
  /** A label's key, and the value it must have; null when any will do. */
  labels: { key: string; value: string | null }[];
}

type Filtered = Pick<PodView, "namespace" | "labels" | "node" | "state" | "status" | "containers">;

const KEYS: Readonly<Record<string, "namespace" | "phase" | "node">> = {
  ns: "namespace",
  namespace: "namespace",
  phase: "phase",
  state: "phase",
  node: "node",
};

export function parseFilter(text: string): FilterTerms {
  const terms: FilterTerms = { namespace: "", phase: "", node: "", labels: [] };
  for (const word of text.split(/[\s,]+/).filter(Boolean)) {
    const [key = "", value] = word.split(/=(.*)/s);
    const known = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
    if (known && value) terms[known] = known === "phase" ? value.toLowerCase() : value;
    else if (key) terms.labels.push({ key, value: value ?? null });
  }
  return terms;
}

export const isEmpty = ({ namespace, phase, node, labels }: FilterTerms): boolean =>
  namespace === "" && phase === "" && node === "" && labels.length === 0;

export function matches({ namespace, phase, node, labels }: FilterTerms, pod: Filtered): boolean {
  if (namespace && pod.namespace !== namespace) return false;
  if (node && pod.node !== node) return false;
  if (phase && phase !== phaseOf(pod) && phase !== pod.state) return false;
  return labels.every(({ key, value }) => (value === null ? key in pod.labels : pod.labels[key] === value));
}

/** Whether a Pod is drawn at all: those of the cluster's own add-ons are when their namespace is asked for. */
export const isDrawn = ({ namespace }: FilterTerms, pod: Pick<PodView, "namespace" | "system">): boolean =>
  !pod.system || pod.namespace === namespace;

/** The Pod's phase in lower case, from what is drawn of its containers. */
export function phaseOf({ state, status, containers }: Filtered): string {
  if (state === "unknown") return "unknown";
  if (status === "Completed") return "succeeded";
  const apps = containers.filter((container) => container.role === "app");
  if (apps.length > 0 && apps.every((container) => container.state === "terminated")) {
    return apps.some((container) => container.exitCode !== 0) ? "failed" : "succeeded";
  }
  const begun = apps.some((container) => container.state !== "waiting" || container.restarts > 0);
  return begun ? "running" : "pending";
}

/** The filter in plain words. */
export function filterWords({ namespace, phase, node, labels }: FilterTerms): string {
  const parts = labels.map(({ key, value }) => (value === null ? `label ${key}` : `${key}=${value}`));
  return [
    ...(namespace ? [`Namespace ${namespace}`] : []),
    ...(phase ? [`${phase} Pods`] : []),
    ...(node ? [`Node ${node}`] : []),
    ...parts,
  ].join(", ");
}
