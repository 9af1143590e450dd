/**
 * A Deployment on its way to a new revision, read from the counts of its ReplicaSets.
 * Enters: workloads and Pods. Leaves: who goes up, who goes down, and the five steps of the story.
 */
import type { Outcome, PodView, WorkloadView } from "../live/protocol.ts";
import type { Headline } from "./headline.ts";
import { isSystem } from "./story.ts";
import type { Tale } from "./tale.ts";

/** How far a Deployment may leave its number of replicas while it rolls. */
export interface Limits {
  /** The most Pods there may be, and the fewest that must be available. */
  most: number;
  least: number;
}

export interface Revision {
  uid: string;
  name: string;
  /** `v2`: the Deployment's revision. */
  tag: string;
  image: string;
  pods: number;
  ready: number;
}

export interface Rollout {
  deployment: WorkloadView;
  /** The ReplicaSet of the present template; undefined until it exists. */
  fresh: Revision | undefined;
  /** ReplicaSets of earlier templates that still have Pods, newest first. */
  old: Revision[];
  /** A new Pod that fails, and so holds everything up. */
  culprit: PodView | undefined;
  /** It returns to a template that it has had before. */
  back: boolean;
  /** Nothing has moved for progressDeadlineSeconds. */
  stuck: boolean;
}

type Workloads = ReadonlyMap<string, WorkloadView>;
type Pods = ReadonlyMap<string, PodView>;

const number = (view: WorkloadView): number => Number(view.rolloutRevision);

/** The Deployment's rollout as it stands; undefined when there is nothing old and nothing new about it. */
export function rolloutOf(deployment: WorkloadView, workloads: Workloads, pods: Pods): Rollout | undefined {
  const sets = [...workloads.values()]
    .filter((view) => view.kind === "ReplicaSet" && view.ownerUid === deployment.uid)
    .sort((a, b) => number(b) - number(a));
  const [newest] = sets;
  if (!newest) return undefined;
  // The template's own set: the newest one, or the one that an undo returns to.
  const made =
    newest.image === deployment.image ? newest : sets.find((set) => set.image === deployment.image);
  const own = [...pods.values()];
  const revision = (view: WorkloadView): Revision => {
    const mine = own.filter((pod) => pod.ownerUid === view.uid);
    return {
      uid: view.uid,
      name: view.name,
      tag: `v${view.rolloutRevision || "?"}`,
      image: view.image,
      pods: mine.length,
      ready: mine.filter((pod) => pod.state === "running").length,
    };
  };
  if (made && sets.length === 1) return undefined;
  const fresh = made && revision(made);
  const old = sets
    .filter((set) => set !== made)
    .map(revision)
    .filter((one) => one.pods > 0);
  const culprit = own.find((pod) => pod.ownerUid === made?.uid && pod.state === "failing");
  const born = new Map(sets.map((set) => [set.uid, set.created]));
  const back = made !== undefined && old.some((one) => (born.get(one.uid) ?? 0) > made.created);
  const stuck = deployment.message.includes("timed out progressing");
  return { deployment, fresh, old, culprit, back, stuck };
}

export function limitsOf({ desired, maxSurge, maxUnavailable, strategy }: WorkloadView): Limits | null {
  if (strategy !== "RollingUpdate") return null;
  return { most: desired + maxSurge, least: Math.max(0, desired - maxUnavailable) };
}

/** Under way while Pods of an earlier template are there, or while the new ReplicaSet is still to come. */
export const isRolling = ({ fresh, old }: Rollout): boolean => old.length > 0 || fresh === undefined;

export const isDone = ({ deployment, fresh, old }: Rollout): boolean =>
  fresh !== undefined && old.length === 0 && fresh.ready >= deployment.desired;

/** The youngest Deployment of the room that is rolling. */
export function findRollout(workloads: Workloads, pods: Pods): Rollout | undefined {
  return [...workloads.values()]
    .filter((view) => view.kind === "Deployment" && !isSystem(view.namespace))
    .sort((a, b) => b.revision - a.revision)
    .map((deployment) => rolloutOf(deployment, workloads, pods))
    .find((rollout) => rollout !== undefined && isRolling(rollout));
}

export function rolloutTale(rollout: Rollout): Tale {
  const { deployment, fresh, old, culprit, back, stuck } = rollout;
  const over = isDone(rollout);
  const limits = limitsOf(deployment);
  const came: Outcome =
    culprit || stuck ? "failed" : !fresh ? "todo" : fresh.ready >= deployment.desired ? "done" : "now";
  const left: Outcome = old.length === 0 && fresh ? "done" : fresh && fresh.ready > 0 ? "now" : "todo";
  const tags = old.map((one) => one.tag).join(", ");
  const verb = back ? ["Rolled back", "Rolling back"] : ["Rolled out", "Rolling out"];
  return {
    kind: "rollout",
    uid: deployment.uid,
    title: `${over ? verb[0] : verb[1]} ${deployment.name}`,
    label: `The rolling update of ${deployment.name}`,
    over,
    steps: [
      { label: back ? "Old template" : "New template", actor: "you", outcome: "done" },
      {
        label: back ? "Old ReplicaSet" : "New ReplicaSet",
        actor: back ? "used again" : "Deployment",
        outcome: fresh ? "done" : "now",
      },
      {
        label: "Pods come",
        actor: limits ? `at most ${limits.most} in all` : "after the old are gone",
        outcome: came,
      },
      {
        label: "Pods go",
        actor: limits ? `at least ${limits.least} ready` : "all at once",
        outcome: left,
      },
      {
        label: "Done",
        actor: over || !tags ? "old one kept at 0" : `${tags} kept at 0`,
        outcome: over ? "done" : "todo",
      },
    ],
    headline: headline(rollout, limits, over),
  };
}

function headline(rollout: Rollout, limits: Limits | null, over: boolean): Headline {
  const { deployment, fresh, old, culprit, back, stuck } = rollout;
  const { name, desired } = deployment;
  const kept = old.reduce((sum, one) => sum + one.ready, 0);
  const say = (text: string, emphasis: string, bad = false): Headline => ({ text, emphasis, bad });
  if (over) return say(`${name} is rolled out: all ${desired} Pods are ${fresh?.tag ?? "new"}.`, name);
  if (deployment.paused)
    return say(
      `The rollout of ${name} is paused${old.length > 0 && fresh?.pods ? "; both revisions run" : ""}.`,
      "paused",
    );
  if (!fresh) return say(`${name} has a new template: a new ReplicaSet will make its Pods.`, "new template");
  if (stuck) {
    const why = culprit ? ` (${culprit.status})` : "";
    return say(`The rollout of ${name} is stuck${why}; ${kept} old Pods keep running.`, "stuck", true);
  }
  if (culprit) {
    return say(
      `The new Pods of ${name} fail (${culprit.status}); ${kept} old ones keep running.`,
      "fail",
      true,
    );
  }
  if (back && old.length > 0)
    return say(`${name} goes back to ${fresh.image}: its old ReplicaSet makes Pods again.`, "goes back");
  if (!limits && old.length > 0) return say(`${name} is recreated: all old Pods leave first.`, "recreated");
  const never = limits ? `: never fewer than ${limits.least} ready` : "";
  if (old.length === 0) return say(`The last new Pods of ${name} are getting ready.`, "getting ready");
  if (fresh.ready === 0)
    return say(`New Pods of ${name} come first; the old ones still serve.`, "come first");
  return say(`Old Pods of ${name} leave only after new ones are ready${never}.`, "only after");
}
