/** One true sentence about what matters now. */
import type { JourneyView, NodeView, PodView } from "../live/protocol.ts";
import { findView, type Called, type Cluster } from "./objects.ts";
import { failureHeadline, lifeHeadline } from "./pod-headline.ts";
import { isOnItsWay, isSystem } from "./story.ts";

export interface HeadlineInput {
  journey: JourneyView | undefined;
  pod: PodView | undefined;
  selected: boolean;
  /** Virtual now. */
  now: number;
  nodes: Iterable<NodeView>;
  pods: Iterable<PodView>;
}

/** How long (virtual ms) it is news that a Pod has become ready. */
const GOOD_NEWS_MS = 10_000;

const finishedAt = (journey: JourneyView): number => journey.steps[8]?.until ?? -Infinity;

/** The sentence, and the part of it that is happening now. */
export interface Headline {
  text: string;
  emphasis: string;
  bad: boolean;
}

export function headlineFor({ journey, pod, selected, now, nodes, pods }: HeadlineInput): Headline {
  const failure = pod ? failureHeadline(pod) : null;
  if (pod && failure) return { ...failure, emphasis: pod.name };
  const life = pod && selected ? lifeHeadline(pod) : null;
  if (pod && life) return { ...life, emphasis: pod.name };
  if (journey) {
    const bad = pod?.state === "failing" || journey.steps.some((step) => step.outcome === "failed");
    if (bad && pod?.state === "failing") return { text: failing(pod), emphasis: pod.name, bad };
    if (selected || bad || isOnItsWay(journey) || now - finishedAt(journey) < GOOD_NEWS_MS) {
      return { text: withoutPreemption(journey.headline), emphasis: journey.name, bad };
    }
  }
  return clusterHealth([...nodes], [...pods]);
}

/** What a selected object that is no Pod is up to; null when it is not drawn. */
export function selectionHeadline(cluster: Cluster, ref: Called): Headline | null {
  const view = ref.kind === "Pod" ? undefined : findView(cluster, ref);
  if (!view) return null;
  const said = (text: string, bad = false): Headline => ({ text, emphasis: ref.name, bad });
  if ("podCidr" in view) {
    const pods = [...cluster.pods.values()].filter((pod) => pod.node === view.name).length;
    const cordoned = view.unschedulable ? " It takes no new ones." : "";
    return view.ready
      ? said(`${view.name} is ready and has ${count(pods, "Pod")}.${cordoned}`)
      : said(`${view.name} is not ready; it had ${count(pods, "Pod")}.`, true);
  }
  if ("endpoints" in view) {
    const ready = view.endpoints.filter((endpoint) => endpoint.ready).length;
    return said(`Service ${view.name} leads to ${count(ready, "ready Pod")}.`);
  }
  if ("desired" in view)
    return said(`${view.kind} ${view.name} wants ${count(view.desired, "Pod")} and has ${view.ready} ready.`);
  return null;
}

/** The scheduler's message without its second half, which only repeats the first. */
function withoutPreemption(text: string): string {
  const [first = text, second] = text.split(/\. (?:no new claims to deallocate, )?preemption:/);
  return second === undefined ? text : `${first}.`;
}

function failing(pod: PodView): string {
  const culprit =
    pod.containers.find(({ reason }) => reason === pod.status.replace(/^Init:/, "")) ??
    pod.containers.find((container) => container.restarts > 0 && !container.ready);
  if (!culprit) return `${pod.name} has failed: ${pod.status}.`;
  const { name, image, restarts, exitCode } = culprit;
  if (/Image/.test(pod.status)) return `${pod.name} cannot get its image ${image}: ${pod.status}.`;
  if (restarts > 0) return `${pod.name} keeps failing: container ${name} was started ${restarts + 1} times.`;
  const code = exitCode === null ? "" : ` with exit code ${exitCode}`;
  return `${pod.name} fails: container ${name} ended${code} (${pod.status}).`;
}

function clusterHealth(nodes: readonly NodeView[], pods: readonly PodView[]): Headline {
  if (nodes.length === 0) return { text: "This cluster has no Nodes yet.", emphasis: "", bad: false };
  const lost = nodes.filter((node) => !node.ready);
  const own = pods.filter((pod) => !isSystem(pod.namespace));
  const running = own.filter((pod) => pod.state === "running").length;
  const waiting = own.filter((pod) => pod.state === "waiting" && !pod.node).length;
  const failed = own.filter((pod) => pod.state === "failing").length;
  const parts = [
    lost.length > 0
      ? `${lost.length} of ${count(nodes.length, "Node")} not ready`
      : `${count(nodes.length, "Node")} ready`,
    `${count(running, "Pod")} running`,
  ];
  if (waiting > 0) parts.push(`${waiting} waiting for a Node`);
  if (failed > 0) parts.push(`${failed} failing`);
  return { text: `${parts.join(", ")}.`, emphasis: "", bad: lost.length > 0 };
}

const count = (n: number, word: string): string => `${n} ${word}${n === 1 ? "" : "s"}`;
