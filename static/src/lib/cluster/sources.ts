/** Who could send traffic to a Service: Pods of its Namespace by their labels, and the outside where it can be reached. */
import type { PodView, ServiceView } from "../live/protocol.ts";
import { selects } from "./services.ts";

export interface Source {
  /** Labels of the Pods that send; null for the outside. */
  labels: Record<string, string> | null;
  words: string;
}

const MOST = 2;
const NOT_MEANT = /hash|pod-index|pod-name|revision|generation/;

export function sourcesFor(service: ServiceView, pods: Iterable<PodView>): Source[] {
  const found = new Map<string, Source>();
  const behind: Source[] = [];
  for (const pod of pods) {
    if (pod.namespace !== service.namespace || pod.state !== "running") continue;
    const label = Object.entries(pod.labels).find(([key]) => !NOT_MEANT.test(key));
    if (!label) continue;
    const source = { labels: Object.fromEntries([label]), words: `Pods labelled ${label.join("=")}` };
    if (selects(service, pod)) behind.push(source);
    else found.set(source.words, source);
  }
  const others = [...found.values()].slice(0, MOST);
  // Without anybody else, the Pods behind the Service call each other.
  const inside = others.length > 0 ? others : behind.slice(0, 1);
  const reachable =
    service.type === "NodePort" || service.type === "LoadBalancer" || service.externalIp !== "";
  return [...inside, ...(reachable ? [{ labels: null, words: "outside" }] : [])];
}
