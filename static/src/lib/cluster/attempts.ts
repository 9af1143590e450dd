/**
 * The scheduler's attempts to place a Pod, in full, as `GET /explain/pods/NS/NAME` tells them: Node by Node, plugin
 * by plugin. Enters: its JSON. Leaves: attempts, and what would make the Pod fit.
 */
import { amount, at, items, text, tree } from "../live/json.ts";

export interface Score {
  plugin: string;
  raw: number;
  normalized: number;
  weight: number;
  weighted: number;
}

export interface Verdict {
  node: string;
  fits: boolean;
  /** The first filter that refused it, and its words; "" when none did. */
  plugin: string;
  reason: string;
  scores: Score[];
  total: number;
}

export interface Candidate {
  node: string;
  victims: { key: string; priority: number }[];
  /** Disruption budgets that would be violated. */
  violations: number;
}

export interface PreemptionStory {
  chosen: string;
  decidedBy: string;
  candidates: Candidate[];
  leftOut: number;
}

export interface Attempt {
  number: number;
  at: number;
  total: number;
  /** Nodes that were not needed any more. */
  notLookedAt: number;
  /** In the order in which they are asked; the first refusal ends it for a Node. */
  filters: string[];
  chosen: string;
  /** Nodes with the same best sum, among which chance decided; empty without a tie. */
  tieBreak: string[];
  message: string;
  verdicts: Verdict[];
  preemption: PreemptionStory | null;
}

export interface Remedy {
  change: string;
  /** Nodes on which the Pod would fit then; the first of `count`. */
  nodes: string[];
  count: number;
}

export interface SchedulingStory {
  /** The newest first. */
  attempts: Attempt[];
  /** Older attempts that are not kept any more. */
  dropped: number;
  wouldFit: Remedy[];
}

/** What the scheduler had tried by a moment of the past; what would help then is not known. */
export const schedulingUntil = <T extends SchedulingStory>(story: T, at: number): T => ({
  ...story,
  attempts: story.attempts.filter((attempt) => attempt.at <= at),
  wouldFit: [],
});

export function parseScheduling(body: unknown): SchedulingStory {
  const root = tree(at(body, "scheduling"));
  return {
    attempts: items(root["attempts"]).map(attemptOf).reverse(),
    dropped: amount(root["dropped"]),
    wouldFit: items(root["wouldFit"]).map((value) => {
      const remedy = tree(value);
      return {
        change: text(remedy["change"]),
        nodes: items(remedy["nodes"]).map(text),
        count: amount(remedy["count"]),
      };
    }),
  };
}

function attemptOf(value: unknown): Attempt {
  const attempt = tree(value);
  const verdicts = items(attempt["nodes"])
    .map(verdictOf)
    .sort((a, b) => Number(b.fits) - Number(a.fits) || b.total - a.total);
  return {
    number: amount(attempt["attempt"]),
    at: amount(attempt["at"]),
    total: amount(attempt["total"]) || verdicts.length,
    notLookedAt: amount(attempt["notLookedAt"]),
    filters: items(attempt["filters"]).map(text),
    chosen: text(attempt["chosen"]),
    tieBreak: items(attempt["tieBreak"]).map(text),
    message: text(attempt["message"]),
    verdicts,
    preemption: preemptionOf(attempt["preemption"]),
  };
}

function preemptionOf(value: unknown): PreemptionStory | null {
  const story = tree(value);
  if (!text(story["chosen"])) return null;
  return {
    chosen: text(story["chosen"]),
    decidedBy: text(story["decidedBy"]),
    leftOut: amount(story["candidatesLeftOut"]),
    candidates: items(story["candidates"]).map((one) => {
      const candidate = tree(one);
      const priorities = items(candidate["priorities"]);
      return {
        node: text(candidate["node"]),
        violations: amount(candidate["violations"]),
        victims: items(candidate["victims"]).map((key, index) => ({
          key: text(key),
          priority: amount(priorities[index]),
        })),
      };
    }),
  };
}

function verdictOf(value: unknown): Verdict {
  const node = tree(value);
  return {
    node: text(node["name"]),
    fits: node["fits"] === true,
    plugin: text(node["plugin"]),
    reason: text(node["reason"]),
    total: amount(node["total"]),
    scores: items(node["scores"]).map((one) => {
      const score = tree(one);
      return {
        plugin: text(score["plugin"]),
        raw: amount(score["raw"]),
        normalized: amount(score["normalized"]),
        weight: amount(score["weight"]),
        weighted: amount(score["weighted"]),
      };
    }),
  };
}

/** The plugins that scored in an attempt, in the order in which they come. */
export const scorersOf = (attempt: Attempt): string[] => [
  ...new Set(attempt.verdicts.flatMap((verdict) => verdict.scores.map((score) => score.plugin))),
];

export type Asked = "passed" | "refused" | "not asked";

/** What one filter said of a Node: once one refuses it, the others are not asked. */
export function askedOf(attempt: Attempt, verdict: Verdict, plugin: string): Asked {
  if (verdict.fits) return "passed";
  if (verdict.plugin.split(" ").includes(plugin)) return "refused";
  const refusedAt = attempt.filters.findIndex((name) => verdict.plugin.split(" ").includes(name));
  return refusedAt >= 0 && attempt.filters.indexOf(plugin) < refusedAt ? "passed" : "not asked";
}

/** The filters to show: those of the profile, and those that refused before any Node was looked at. */
export const filtersOf = (attempt: Attempt): string[] => [
  ...new Set([
    ...attempt.filters,
    ...attempt.verdicts.flatMap((verdict) => verdict.plugin.split(" ").filter(Boolean)),
  ]),
];

/** Verdicts of the Nodes in whose name, reason or plugin every word is found. */
export function matchingVerdicts(verdicts: readonly Verdict[], query: string): Verdict[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return verdicts.filter(({ node, reason, plugin }) => {
    const all = `${node} ${reason} ${plugin}`.toLowerCase();
    return words.every((word) => all.includes(word));
  });
}
