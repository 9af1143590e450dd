/** A filter in words of one line: `ns=shop app=web tier` – a namespace, labels with a value, labels that exist. */
import type { PodView } from "../live/protocol.ts";

export interface FilterTerms {
  /** "" for every namespace. */
  namespace: string;
  /** A label's key, and the value it must have; null when any will do. */
  labels: { key: string; value: string | null }[];
}

export function parseFilter(text: string): FilterTerms {
  const terms: FilterTerms = { namespace: "", labels: [] };
  for (const word of text.split(/[\s,]+/).filter(Boolean)) {
    const [key = "", value] = word.split(/=(.*)/s);
    if ((key === "ns" || key === "namespace") && value) terms.namespace = value;
    else if (key) terms.labels.push({ key, value: value ?? null });
  }
  return terms;
}

export function matches(
  { namespace, labels }: FilterTerms,
  pod: Pick<PodView, "namespace" | "labels">,
): boolean {
  if (namespace && pod.namespace !== namespace) return false;
  return labels.every(({ key, value }) => (value === null ? key in pod.labels : pod.labels[key] === value));
}

/** The filter in plain words. */
export function filterWords({ namespace, labels }: FilterTerms): string {
  const parts = labels.map(({ key, value }) => (value === null ? `label ${key}` : `${key}=${value}`));
  return [...(namespace ? [`Namespace ${namespace}`] : []), ...parts].join(", ");
}
