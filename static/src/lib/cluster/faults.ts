/** Faults that run, as the stream tells of them: how long still, what they do to the control plane. */
import type { FaultView } from "../live/protocol.ts";
import { elapsed } from "./amounts.ts";

/** Faults that are there and not over, the oldest first. */
export const running = (faults: ReadonlyMap<string, FaultView>): FaultView[] =>
  [...faults.values()]
    .filter((fault) => fault.phase !== "Healed")
    .sort((a, b) => a.created - b.created || (a.name < b.name ? -1 : 1));

/** `1 m 30 s left`, or who must heal it. */
export function timeLeft(fault: FaultView, now: number): string {
  if (fault.phase === "Pending")
    return fault.since > now ? `in ${elapsed(fault.since - now)}` : "about to strike";
  return fault.until === null ? "until it is healed" : `${elapsed(Math.max(0, fault.until - now))} left`;
}

/** What is struck, without the word for its kind. */
export function struck({ target, nodes }: FaultView): string {
  const name = target.replace(/^(?:node|pod)\/(?:default\/)?/, "");
  return nodes.length > 1 ? `${name} (${nodes.length})` : name;
}

export type Component = "kube-apiserver" | "kube-controller-manager" | "kube-scheduler" | "etcd";

const STRIKES = new Map<string, { component: Component; words: string }>([
  ["ApiServerDown", { component: "kube-apiserver", words: "stopped: nobody can read or change anything" }],
  [
    "ControllerManagerDown",
    { component: "kube-controller-manager", words: "stopped: nothing is made or mended" },
  ],
  ["SchedulerDown", { component: "kube-scheduler", words: "stopped: new Pods wait" }],
  ["EtcdSlow", { component: "etcd", words: "slow to write: all is seen late" }],
]);

/** What is wrong with each part of the control plane, in words. */
export function outages(faults: readonly FaultView[]): ReadonlyMap<Component, string> {
  const out = new Map<Component, string>();
  for (const { type, phase } of faults) {
    const strike = phase === "Active" ? STRIKES.get(type) : undefined;
    if (strike) out.set(strike.component, strike.words);
  }
  return out;
}
