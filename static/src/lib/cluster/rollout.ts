/**
 * A Deployment on its way to a new revision, read from the counts of its ReplicaSets.
 * Enters: workloads and Pods. Leaves: who goes up, who goes down, and the five steps of the story.
 */
import type { Outcome, PodView, WorkloadView } from "../live/protocol.ts";
import type { Headline } from "./headline.ts";
import { isSystem } from "./story.ts";
import type { Tale } from "./tale.ts";

/** How far a Deployment may leave its number of replicas while it rolls. */
export interface Strategy {
  surge: string;
  unavailable: string;
  /** The most Pods there may be, and the fewest that must be available. */
  most: number;
  least: number;
}

export interface Revision {
  uid: string;
  /** `v2`: the Deployment's revision. */
  tag: string;
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
  const made = newest.image === deployment.image;
  const own = [...pods.values()];
  const revision = (view: WorkloadView): Revision => {
    const mine = own.filter((pod) => pod.ownerUid === view.uid);
    return {
      uid: view.uid,
      tag: `v${view.rolloutRevision || "?"}`,
      pods: mine.length,
      ready: mine.filter((pod) => pod.state === "running").length,
    };
  };
  const fresh = made ? revision(newest) : undefined;
  const old = sets
    .slice(made ? 1 : 0)
    .map(revision)
    .filter((one) => one.pods > 0);
  if (made && sets.length === 1) return undefined;
  const culprit = own.find(
    (pod) => fresh !== undefined && pod.ownerUid === fresh.uid && pod.state === "failing",
  );
  return { deployment, fresh, old, culprit };
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

export function rolloutTale(rollout: Rollout, strategy: Strategy | null): Tale {
  const { deployment, fresh, old, culprit } = rollout;
  const over = isDone(rollout);
  const came: Outcome = culprit
    ? "failed"
    : !fresh
      ? "todo"
      : fresh.ready >= deployment.desired
        ? "done"
        : "now";
  const left: Outcome = old.length === 0 && fresh ? "done" : fresh && fresh.ready > 0 ? "now" : "todo";
  const tags = old.map((one) => one.tag).join(", ");
  return {
    kind: "rollout",
    uid: deployment.uid,
    title: `${over ? "Rolled out" : "Rolling out"} ${deployment.name}`,
    label: `The rolling update of ${deployment.name}`,
    over,
    steps: [
      { label: "New template", actor: "you", outcome: "done" },
      { label: "New ReplicaSet", actor: "Deployment", outcome: fresh ? "done" : "now" },
      {
        label: "Pods come",
        actor: strategy ? `at most ${strategy.most} in all` : "new ReplicaSet",
        outcome: came,
      },
      {
        label: "Pods go",
        actor: strategy ? `at least ${strategy.least} ready` : "old ReplicaSet",
        outcome: left,
      },
      {
        label: "Done",
        actor: over || !tags ? "old one kept at 0" : `${tags} kept at 0`,
        outcome: over ? "done" : "todo",
      },
    ],
    headline: headline(rollout, strategy, over),
  };
}

function headline(
  { deployment, fresh, old, culprit }: Rollout,
  strategy: Strategy | null,
  over: boolean,
): Headline {
  const { name, desired } = deployment;
  const kept = old.reduce((sum, one) => sum + one.ready, 0);
  const say = (text: string, emphasis: string, bad = false): Headline => ({ text, emphasis, bad });
  if (over) return say(`${name} is rolled out: all ${desired} Pods are ${fresh?.tag ?? "new"}.`, name);
  if (!fresh) return say(`${name} has a new template: a new ReplicaSet will make its Pods.`, "new template");
  if (culprit) {
    return say(
      `The new Pods of ${name} fail (${culprit.status}); ${kept} old ones keep running.`,
      "fail",
      true,
    );
  }
  if (deployment.paused) return say(`The rollout of ${name} is paused; both revisions run.`, "paused");
  const never = strategy ? `: never fewer than ${strategy.least} ready` : "";
  if (old.length === 0) return say(`The last new Pods of ${name} are getting ready.`, "getting ready");
  if (fresh.ready === 0)
    return say(`New Pods of ${name} come first; the old ones still serve.`, "come first");
  return say(`Old Pods of ${name} leave only after new ones are ready${never}.`, "only after");
}

/** The bounds from a Deployment object as the API serves it; null when it does not roll. */
export function strategyOf(body: unknown): Strategy | null {
  const spec = field(body, "spec");
  const rolling = field(field(spec, "strategy"), "rollingUpdate");
  const replicas = Number(field(spec, "replicas"));
  if (rolling === undefined || !Number.isFinite(replicas)) return null;
  const surge = field(rolling, "maxSurge");
  const unavailable = field(rolling, "maxUnavailable");
  const up = amount(surge, replicas, Math.ceil);
  const down = amount(unavailable, replicas, Math.floor);
  return {
    surge: String(surge),
    unavailable: String(unavailable),
    most: replicas + up,
    // Both zero would let nothing move: Kubernetes then allows one Pod fewer.
    least: replicas - (up === 0 && down === 0 ? 1 : down),
  };
}

function amount(value: unknown, of: number, round: (n: number) => number): number {
  const text = String(value);
  return text.endsWith("%") ? round((Number.parseFloat(text) / 100) * of) : Number(text) || 0;
}

const field = (value: unknown, name: string): unknown =>
  value !== null && typeof value === "object" ? (value as Record<string, unknown>)[name] : undefined;
