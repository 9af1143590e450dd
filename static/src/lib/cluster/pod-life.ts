/**
 * How each container of a Pod stands: its word, what it waits for, how long still. Enters: the Pod's view, what is
 * known of its inside (nothing for a Pod that is not drawn open), virtual now. Leaves: what is drawn.
 */
import type { ContainerView, PodView, State } from "../live/protocol.ts";
import { containersInOrder, type OrderedContainer } from "./containers.ts";
import type { Inside, InsideContainer } from "./inside.ts";
import { containerLook } from "./looks.ts";

/** What stands between a container and the one before it in order. */
export type Gate = "open" | "closed" | "failed";

export interface ContainerLife {
  view: ContainerView;
  order: number;
  state: State;
  /** A few words on its state. */
  word: string;
  /** The same where there is little room. */
  brief: string;
  /** What the countdown leads to, and how long (virtual ms) still; null without one. */
  countdown: { to: string; ms: number } | null;
  /** Null where nothing stands before it. */
  gate: Gate | null;
  inside: InsideContainer | undefined;
}

/** Containers in the order in which they start, with the gates between them. */
export function podLife(pod: PodView, inside: Inside | null, now: number): ContainerLife[] {
  const containers = containersInOrder(pod);
  return containers.map((container, index) => {
    const known = inside?.containers.get(container.view.name);
    const before = gatekeeper(containers, index);
    return {
      ...container,
      ...withBrief(containerState(pod, container.view, before, known, now)),
      gate: before && isFirstOfItsOrder(containers, index) ? gateOf(before.view, container.view) : null,
      inside: known,
    };
  });
}

const isFirstOfItsOrder = (containers: readonly OrderedContainer[], index: number): boolean =>
  containers[index]?.order !== containers[index - 1]?.order;

/** The init container or sidecar right before; debug containers wait for nobody. */
function gatekeeper(containers: readonly OrderedContainer[], index: number): OrderedContainer | undefined {
  const { order, view } = containers[index] ?? {};
  if (order === undefined || view?.role === "ephemeral") return undefined;
  return containers.findLast((one) => one.order === order - 1);
}

/** Whether what starts after a container may start. */
export function lets(view: ContainerView): boolean {
  return view.role === "sidecar" ? view.started : view.state === "terminated" && view.exitCode === 0;
}

function gateOf(before: ContainerView, view: ContainerView): Gate {
  if (lets(before) || view.state !== "waiting" || view.restarts > 0) return "open";
  return containerLook(before).state === "failing" ? "failed" : "closed";
}

function containerState(
  pod: PodView,
  view: ContainerView,
  before: OrderedContainer | undefined,
  inside: InsideContainer | undefined,
  now: number,
): Pick<ContainerLife, "state" | "word" | "countdown"> {
  const { state, word } = containerLook(view);
  const retryAt = view.retryAt ?? (view.state === "waiting" ? (inside?.retryAt ?? null) : null);
  if (retryAt !== null && retryAt > now && state !== "running") {
    return { state, word, countdown: { to: "next try", ms: retryAt - now } };
  }
  if (view.state === "running" && inside?.killAt != null) {
    const countdown = { to: "SIGKILL", ms: Math.max(0, inside.killAt - now) };
    return { state: "terminating", word: "Stopping", countdown };
  }
  if (view.state === "running" && pod.deleted !== null) {
    const apps = pod.containers.some(({ role, state: at }) => role === "app" && at === "running");
    const waits = view.role === "sidecar" && apps;
    return { state: "terminating", word: waits ? "Stops after the app" : "Stopping", countdown: null };
  }
  if (view.state === "waiting" && before && gateOf(before.view, view) !== "open") {
    return { state, word: `after ${before.view.name}`, countdown: null };
  }
  return { state, word, countdown: null };
}

const BRIEF: Record<string, string> = { Completed: "Done", "Stops after the app": "Stops last" };

function withBrief<T extends { word: string; countdown: ContainerLife["countdown"] }>(
  state: T,
): T & { brief: string } {
  const { word, countdown } = state;
  if (countdown) return { ...state, brief: countdown.to === "SIGKILL" ? "kill" : "try" };
  return { ...state, brief: BRIEF[word] ?? word };
}

/** When the whole Pod's wait ends: the soonest next try, or the end of its grace; null when it waits for no time. */
export function podCountdown(pod: PodView, now: number): number | null {
  if (pod.deleted !== null) return pod.deleted > now ? pod.deleted - now : null;
  if (pod.state !== "failing") return null;
  const ends = pod.containers.flatMap(({ retryAt }) => (retryAt !== null && retryAt > now ? [retryAt] : []));
  return ends.length > 0 ? Math.min(...ends) - now : null;
}

/** How it ended the time before, "" when it did not. */
export function lastWords({ lastReason, lastExitCode }: ContainerView): string {
  if (lastExitCode === null) return "";
  return `before: ${lastReason || "ended"} ${lastExitCode}`;
}

/** A countdown as it is read: whole seconds, rounded up, so that it ends at 1. */
export function countdownText(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1000));
  return seconds < 100
    ? `${seconds} s`
    : `${Math.floor(seconds / 60)} m ${String(seconds % 60).padStart(2, "0")} s`;
}
