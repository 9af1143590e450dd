/** How a state is drawn: never by colour alone, always with its icon and its border's shape. */
import { podKindWords } from "./pod-notes.ts";
import type { ContainerView, PodView, State } from "../live/protocol.ts";

export type StateIcon = "ok" | "prog" | "wait" | "fail" | "term" | "unk" | "done";

const icons: Record<State, StateIcon> = {
  running: "ok",
  progress: "prog",
  waiting: "wait",
  failing: "fail",
  terminating: "term",
  unknown: "unk",
  completed: "done",
};

export const iconOf = (state: State): StateIcon => icons[state];

const FAILING = new Set(["Error", "OOMKilled", "CrashLoopBackOff", "ErrImagePull", "ImagePullBackOff"]);
const AT_WORK = new Set(["ContainerCreating", "PodInitializing"]);

/** How a container is drawn, and its word. */
export function containerLook(container: ContainerView): { state: State; word: string } {
  const { state, reason, exitCode, ready, role, started } = container;
  if (state === "terminated") {
    if (exitCode === 0) return { state: role === "init" ? "running" : "completed", word: "Completed" };
    return { state: "failing", word: `${reason || "Exit"} ${exitCode ?? "?"}` };
  }
  if (state === "running") {
    if (role === "init") return { state: "progress", word: "Running" };
    if (role === "ephemeral") return { state: "running", word: "Running" };
    if (ready) return { state: "running", word: "Ready" };
    // Its startup probe is over, or there is none: it runs, and its readiness probe says no.
    return started ? { state: "waiting", word: "Not ready" } : { state: "progress", word: "Starting" };
  }
  if (FAILING.has(reason) || reason.endsWith("Error"))
    return { state: "failing", word: shortStatus(reason, container.restarts) };
  if (AT_WORK.has(reason) || reason === "") return { state: "waiting", word: "Waiting" };
  return { state: "waiting", word: reason };
}

/** kubectl's STATUS word, shortened where the long form tells no more. */
export function shortStatus(status: string, restarts: number): string {
  if (status === "Init:CrashLoopBackOff") return restarts > 0 ? `Init loop ×${restarts}` : "Init loop";
  if (status === "CrashLoopBackOff") return restarts > 0 ? `CrashLoop ×${restarts}` : "CrashLoop";
  if (status === "ContainerCreating") return "Creating";
  if (status === "ImagePullBackOff") return "Pull failed";
  if (status === "PodInitializing") return "Initializing";
  return status;
}

/** Why a Pod has no Node, without the part about preemption, which repeats it. */
export function waitingReason(pod: PodView): string {
  return (
    pod.message.split(/\. (?:no new claims to deallocate, )?preemption:/)[0] || "waiting for the scheduler"
  );
}

/** The Pod in one sentence, for those who hear the page. */
export function podSentence(pod: PodView): string {
  const place = pod.node ? `on ${pod.node}` : "without a Node";
  const ip = pod.ip ? `, IP ${pod.ip}` : "";
  const why = pod.message ? `: ${pod.message}` : "";
  return `Pod ${pod.name}, ${pod.status}, ${pod.ready} of ${pod.total} containers ready, ${place}${ip}${podKindWords(pod)}${why}`;
}
