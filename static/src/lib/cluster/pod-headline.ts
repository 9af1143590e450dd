/** One true sentence about what goes on inside a Pod; null when there is nothing beyond the nine steps to tell. */
import type { ContainerView, PodView } from "../live/protocol.ts";
import { lets } from "./pod-life.ts";
import { containersInOrder } from "./containers.ts";

export interface PodHeadline {
  text: string;
  bad: boolean;
}

/** What comes before anything else, whether or not the Pod is selected. */
export function failureHeadline(pod: PodView): PodHeadline | null {
  const { name, node, reason, message } = pod;
  if (pod.deleted !== null) return null;
  if (reason === "Evicted") return { text: `${name} was evicted from ${node}: ${message}`, bad: true };
  if (pod.state !== "failing") return null;
  const eaten = pod.containers.find((one) => !one.ready && isOutOfMemory(one));
  if (eaten) {
    return {
      text: `${name} ran out of memory: container ${eaten.name} passed its limit and was killed (137).`,
      bad: true,
    };
  }
  const stuck = pod.containers.find(
    (one) => one.role === "init" && one.restarts > 0 && !lets(one) && one.lastExitCode !== null,
  );
  return stuck
    ? {
        text: `${name} cannot start: init container ${stuck.name} ended with ${stuck.lastExitCode}, and nothing after it may begin.`,
        bad: true,
      }
    : null;
}

/** What is told of a Pod that somebody looks at. */
export function lifeHeadline(pod: PodView): PodHeadline | null {
  const { name } = pod;
  if (pod.deleted !== null) {
    const running = pod.containers.filter(({ state }) => state === "running").length;
    const text =
      running > 0
        ? `${name} is being stopped: SIGTERM first, SIGKILL for what still runs when its time is up.`
        : `${name} has stopped; its kubelet is clearing it away.`;
    return { text, bad: false };
  }
  if (pod.resize) return resizing(pod);
  if (pod.state === "waiting" && pod.node && pod.status === "Running") return notReady(pod);
  const gate = pod.state === "progress" ? closedGate(pod) : null;
  if (gate) return gate;
  const again = pod.containers.find((one) => one.restarts > 0 && one.ready && one.lastExitCode !== null);
  if (pod.state !== "running" || !again) return null;
  const why = `${again.lastReason || "ended"}, ${again.lastExitCode}`;
  const times = again.restarts === 1 ? "once" : `${again.restarts} times`;
  return {
    text: `${name} is running again: container ${again.name} was restarted ${times} (${why}).`,
    bad: false,
  };
}

const isOutOfMemory = (one: ContainerView): boolean =>
  one.reason === "OOMKilled" || (one.state === "waiting" && one.lastReason === "OOMKilled");

function resizing({ name, node, resize }: PodView): PodHeadline {
  if (resize === "Deferred")
    return { text: `The resize of ${name} is deferred: ${node} has no room for it now.`, bad: false };
  if (resize === "Infeasible")
    return { text: `The resize of ${name} is infeasible: ${node} could never give so much.`, bad: true };
  if (resize === "Error") return { text: `The resize of ${name} could not be carried out.`, bad: true };
  return { text: `${name} is being resized in place.`, bad: false };
}

function notReady({ name, containers }: PodView): PodHeadline | null {
  const running = containers.filter(
    ({ role, state, ready }) => role !== "init" && state === "running" && !ready,
  );
  const starting = running.find(({ started }) => !started);
  if (starting) {
    return {
      text: `${name} is starting: the startup probe of container ${starting.name} has not succeeded yet.`,
      bad: false,
    };
  }
  const unready = running.find(({ role }) => role !== "ephemeral");
  return unready
    ? {
        text: `${name} runs but is not ready: the readiness probe of container ${unready.name} does not succeed.`,
        bad: false,
      }
    : null;
}

/** While an init container runs, everybody else waits. */
function closedGate(pod: PodView): PodHeadline | null {
  const before = containersInOrder(pod).filter(({ view }) => view.role === "init" || view.role === "sidecar");
  const at = before.findIndex(({ view }) => view.state === "running" && !lets(view));
  const view = before[at]?.view;
  if (!view) return null;
  const what = view.role === "sidecar" ? "Sidecar" : "Init container";
  return {
    text: `${what} ${view.name} of ${pod.name} is at work: what comes after it waits.`,
    bad: false,
  };
}
