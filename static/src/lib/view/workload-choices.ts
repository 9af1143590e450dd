/** What can be done to the rollout of a workload. Enters: the session and a view. Leaves: deeds with their words. */
import type { WorkloadView } from "../live/protocol.ts";
import { previousSet, RolloutDeeds } from "./rollout-deeds.ts";
import type { Session } from "./session.svelte.ts";

export interface RolloutChoice {
  id: string;
  icon: "loop" | "pause" | "play" | "up";
  words: string;
  detail: string;
  run(): Promise<string>;
}

export function rolloutChoices(session: Session, view: WorkloadView): RolloutChoice[] {
  const deeds = new RolloutDeeds(session.api);
  const { workloads } = session.replica;
  if (view.kind === "ReplicaSet") {
    const owner = workloads.get(view.ownerUid);
    if (owner?.kind !== "Deployment" || owner.rolloutRevision === view.rolloutRevision) return [];
    return [back(deeds, owner, view)];
  }
  if (!["Deployment", "StatefulSet", "DaemonSet"].includes(view.kind)) return [];
  const restart: RolloutChoice = {
    id: "restart",
    icon: "loop",
    words: "Restart the rollout",
    detail: "new Pods of the same template, one after the other",
    run: () => deeds.restart(view, session.clock.now(performance.now())),
  };
  if (view.kind !== "Deployment") {
    const undo: RolloutChoice = {
      id: "undo",
      icon: "up",
      words: "Undo the rollout",
      detail: "back to the revision before",
      run: () => deeds.undo(view),
    };
    return [undo, restart];
  }
  const previous = previousSet(view, workloads);
  return [
    ...(previous ? [back(deeds, view, previous)] : []),
    {
      id: "pause",
      icon: view.paused ? "play" : "pause",
      words: view.paused ? "Resume the rollout" : "Pause the rollout",
      detail: view.paused ? "its template counts again" : "changes of its template wait",
      run: () => deeds.pause(view, !view.paused),
    },
    restart,
  ];
}

const back = (deeds: RolloutDeeds, deployment: WorkloadView, set: WorkloadView): RolloutChoice => ({
  id: "undo",
  icon: "up",
  words: `Roll back to v${set.rolloutRevision}`,
  detail: set.image,
  run: () => deeds.rollBack(deployment, set),
});
