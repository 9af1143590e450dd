/** What the rail tells: a Pod's nine steps, a rolling update, or a Node that is lost. */
import type { Outcome } from "../live/protocol.ts";
import type { Headline } from "./headline.ts";

export interface TaleStep {
  label: string;
  actor: string;
  outcome: Outcome;
}

/** A story other than a Pod's nine steps. */
export interface Tale {
  kind: "rollout" | "node" | "request";
  /** UID of what it is about. */
  uid: string;
  /** Where it stands in the top bar. */
  title: string;
  /** Names the rail. */
  label: string;
  steps: TaleStep[];
  headline: Headline;
  /** What the controllers have found out. */
  note?: { subject: string; text: string };
  over: boolean;
}

/** Steps before `now` are done, those after it are to come. */
export function outcomeAt(step: number, now: number): Outcome {
  return step < now ? "done" : step === now ? "now" : "todo";
}
