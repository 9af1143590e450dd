/** A Node's capacity, segmented by the Pods that have asked for it. */
import type { NodeView, PodView } from "../live/protocol.ts";
import { cores, gibi } from "./amounts.ts";

export interface Usage {
  parts: { key: string; share: number; fresh: boolean }[];
  text: string;
  /** Share of the capacity that `asking` wants and that no longer fits; 0 when it fits. */
  over: number;
}

const ENDED = new Set(["completed"]);

/** `story` is hatched as the newcomer on its Node; `asking` is a Pod that this Node was refused for. */
export function usageOf(
  node: NodeView,
  pods: readonly PodView[],
  resource: "cpuMillis" | "memoryBytes",
  story: string | null,
  asking: PodView | undefined,
): Usage {
  const capacity = Math.max(node[resource], 1);
  const counted = pods.filter((pod) => pod[resource] > 0 && !ENDED.has(pod.state) && pod.status !== "Failed");
  const inOrder = [...counted].sort(
    (a, b) => Number(a.uid === story) - Number(b.uid === story) || a.created - b.created,
  );
  const used = inOrder.reduce((sum, pod) => sum + pod[resource], 0);
  const wanted = asking?.[resource] ?? 0;
  const print = resource === "cpuMillis" ? cores : gibi;
  return {
    parts: inOrder.map((pod) => ({
      key: pod.uid,
      share: pod[resource] / capacity,
      fresh: pod.uid === story,
    })),
    text: `${print(used)} / ${print(capacity)}${resource === "memoryBytes" ? " Gi" : ""}`,
    over: wanted > 0 && used + wanted > capacity ? wanted / capacity : 0,
  };
}
