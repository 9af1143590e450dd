/** The lanes of the scheduler's queue, in the words and icons by which they are shown. */
import type { Lane, QueuedPodView, QueueView } from "../live/protocol.ts";
import { span } from "./amounts.ts";

export interface LaneWords {
  lane: Lane;
  icon: "play" | "prog" | "fail" | "lock";
  state: "progress" | "waiting" | "failing" | "completed";
  /** What Pods in it wait for. */
  waits: string;
}

export const LANES: readonly LaneWords[] = [
  {
    lane: "active",
    icon: "play",
    state: "progress",
    waits: "the scheduler takes them next, most important first",
  },
  { lane: "backoff", icon: "prog", state: "waiting", waits: "they did not fit and rest before the next try" },
  { lane: "unschedulable", icon: "fail", state: "failing", waits: "until something changes that may help" },
  { lane: "gated", icon: "lock", state: "completed", waits: "their scheduling gates hold them back" },
];

/** `backoff` is written as people say it. */
export const laneName = (lane: Lane): string => (lane === "backoff" ? "back-off" : lane);

export const waitingCount = (queue: QueueView | null): number =>
  queue ? queue.active + queue.backoff + queue.unschedulable + queue.gated : 0;

export interface QueuedWords {
  lane: LaneWords;
  /** The lane, with the time left in it. */
  text: string;
  /** Who refused or gates the Pod, and how often it was tried. */
  title: string;
}

/** How a Pod waits at a moment of virtual time. */
export function queuedWords(queued: QueuedPodView, now: number): QueuedWords | null {
  const lane = LANES.find((one) => one.lane === queued.lane);
  if (!lane) return null;
  const name = laneName(queued.lane);
  const left = leftOf(queued, now);
  const tried = `tried ${queued.attempts} time${queued.attempts === 1 ? "" : "s"}`;
  const by = queued.plugins.length > 0 ? `; ${queued.plugins.join(", ")}` : "";
  return { lane, text: left ? `${name} ${left}` : name, title: `${name}: ${lane.waits}; ${tried}${by}` };
}

/** The time left in back-off, "" in other lanes. */
export const leftOf = ({ lane, until }: QueuedPodView, now: number): string =>
  lane === "backoff" && until !== null ? span(Math.max(0, until - now)) : "";
