/**
 * What the scheduler found out about one Pod in its last attempt, reduced from facts, and the phases in which that
 * is shown. Enters: facts of steps 5 and 6 in order. Leaves: a new `Scheduling` each time.
 */
import { amount, items, text } from "../live/json.ts";
import type { FactView } from "../live/protocol.ts";

/** Nodes that share the value of a label, with how many Pods count there and whether the Pod may join them. */
export interface Domain {
  value: string;
  count: number;
  allowed: boolean;
}

export interface Comparison {
  plugin: string;
  /** The Node label that was compared. */
  key: string;
  domains: readonly Domain[];
}

export interface Scheduling {
  attempt: number;
  /** Virtual time of the decision. */
  at: number;
  /** When the Pod was bound; null before. */
  boundAt: number | null;
  total: number;
  feasibleCount: number;
  feasible: readonly string[];
  /** Node → first reason that refused it. */
  refused: ReadonlyMap<string, string>;
  /** Pairs of reason and number of Nodes, the most frequent first. */
  reasons: readonly (readonly [string, number])[];
  /** Node → weighted sum of scores. */
  scores: ReadonlyMap<string, number>;
  chosen: string;
  comparisons: readonly Comparison[];
}

const blank: Scheduling = {
  attempt: 0,
  at: 0,
  boundAt: null,
  total: 0,
  feasibleCount: 0,
  feasible: [],
  refused: new Map(),
  reasons: [],
  scores: new Map(),
  chosen: "",
  comparisons: [],
};

/** What is known after a fact; null when the fact says nothing about scheduling. */
export function reduceScheduling(before: Scheduling | undefined, fact: FactView): Scheduling | null {
  const { data } = fact;
  const known = before ?? { ...blank, at: fact.at };
  switch (fact.type) {
    case "NodesFiltered":
      return {
        ...blank,
        attempt: amount(data["attempt"]),
        at: fact.at,
        total: amount(data["total"]),
        feasibleCount: amount(data["feasibleCount"]),
        feasible: items(data["feasible"]).map(text),
        refused: new Map(pairs(data["verdicts"]).map(([node, reason]) => [text(node), text(reason)])),
        reasons: pairs(data["refused"])
          .map(([reason, count]) => [text(reason), amount(count)] as const)
          .sort((a, b) => b[1] - a[1]),
      };
    case "NodesScored":
      return {
        ...known,
        scores: new Map(pairs(data["scores"]).map(([node, score]) => [text(node), amount(score)])),
      };
    case "NodeChosen":
      return { ...known, chosen: text(data["node"]) };
    case "DomainsCompared":
      return { ...known, comparisons: [...known.comparisons, comparisonOf(data)] };
    case "PodBound":
      return before ? { ...before, boundAt: fact.at } : null;
    default:
      return null;
  }
}

function comparisonOf(data: Record<string, unknown>): Comparison {
  return {
    plugin: text(data["plugin"]),
    key: text(data["topologyKey"]),
    domains: items(data["domains"]).map((triple) => {
      const [value, count, allowed] = items(triple);
      return { value: text(value), count: amount(count), allowed: allowed === true };
    }),
  };
}

/** A Pod for which others have to go. */
export interface Preemption {
  uid: string;
  namespace: string;
  name: string;
  at: number;
  node: string;
  /** `namespace/name` and priority, the most important first. */
  victims: readonly { key: string; priority: number }[];
  /** Why there and not on another Node. */
  rule: string;
}

export function preemptionOf(fact: FactView): Preemption {
  const { uid, namespace, name, at, data } = fact;
  return {
    uid,
    namespace,
    name,
    at,
    node: text(data["node"]),
    victims: pairs(data["victims"]).map(([key, priority]) => ({
      key: text(key),
      priority: amount(priority),
    })),
    rule: text(data["rule"]),
  };
}

const pairs = (value: unknown): [unknown, unknown][] =>
  items(value).map((pair) => [items(pair)[0], items(pair)[1]]);

/** The parts of one attempt, as they are shown one after the other. */
export type Phase = "filter" | "score" | "choose" | "bind" | "none" | "preempt";

export const PHASE_WORDS: Record<Phase, string> = {
  filter: "filter",
  score: "score",
  choose: "choose",
  bind: "bind",
  none: "no Node",
  preempt: "make room",
};

export function phasesOf(found: Scheduling, preempts: boolean): Phase[] {
  if (found.feasibleCount === 0) return ["filter", preempts ? "preempt" : "none"];
  return found.scores.size > 0 ? ["filter", "score", "choose", "bind"] : ["filter", "choose", "bind"];
}

/** How long (virtual ms) filtering and scoring are shown where time runs slowly enough to see it. */
export const PHASE_MS = 1;

/** The phase at a moment of virtual time. */
export function phaseAt(found: Scheduling, phases: readonly Phase[], now: number): Phase {
  if (found.boundAt !== null) return "bind";
  const passed = Math.max(0, Math.floor((now - found.at) / PHASE_MS));
  const open = phases.filter((phase) => phase !== "bind");
  return open[Math.min(passed, open.length - 1)] ?? "filter";
}

/** Why a Node was refused, in plain words: a few for a stamp, or one for a chip. */
export function plainReason(reason: string): { stamp: string; chip: string } {
  const resource = /^Insufficient (\S+)/.exec(reason)?.[1];
  if (resource) return { stamp: `not enough ${resource}`, chip: "no room" };
  const known = REASONS.find(([pattern]) => pattern.test(reason));
  return known ? { stamp: known[1], chip: known[2] } : { stamp: "does not fit", chip: "does not fit" };
}

const REASONS: readonly [RegExp, string, string][] = [
  [/Too many pods/, "no more Pods fit", "no room"],
  [/untolerated taint/, "its taint is not tolerated", "tainted"],
  [/unschedulable/, "cordoned", "cordoned"],
  [/requested node name/, "another Node was named", "not named"],
  [/satisfy existing pods anti-affinity/, "a Pod there keeps it away", "kept away"],
  [/pod anti-affinity/, "too near to its like", "too near"],
  [/pod affinity/, "not beside what it wants", "too far"],
  [/topology spread.*missing/, "lacks the spread's label", "no label"],
  [/topology spread/, "would be spread unevenly", "uneven"],
  [/node affinity|selector/, "lacks the labels it wants", "no match"],
  [/ports/, "host port is taken", "port taken"],
  [/volume node affinity/, "its volume is elsewhere", "volume"],
  [/max volume count/, "no more volumes fit", "volumes"],
  [/persistent ?volume/i, "its volume is not there", "volume"],
];

/** A fact names at most so many refused Nodes. */
const NAMED_NODES = 20;

/** How a Node fared up to a phase. */
export interface Standing {
  state: "running" | "failing" | "completed" | "unknown";
  icon: "star" | "ok" | "fail" | "term";
  /** Plain words for a stamp, and fewer for a chip. */
  words: string;
  chip: string;
  /** The scheduler's own reason. */
  reason: string;
  score: number | null;
  /** Share of the best score. */
  share: number;
  chosen: boolean;
}

/** What the attempt says of one Node as far as `phase`; null when it says nothing. */
export function standingOf(
  found: Scheduling | undefined,
  node: string,
  phase: Phase = "bind",
): Standing | null {
  if (!found) return null;
  const reason = found.refused.get(node);
  if (reason !== undefined) {
    const { stamp, chip } = plainReason(reason);
    const look = { state: "failing", icon: "fail" } as const;
    return { ...look, words: stamp, chip, reason, score: null, share: 0, chosen: false };
  }
  if (!found.scores.has(node) && !found.feasible.includes(node) && found.chosen !== node)
    return passedBy(found);
  const score = phase === "filter" ? null : (found.scores.get(node) ?? null);
  const points = score === null ? "" : ` · ${score}`;
  const best = Math.max(1, ...found.scores.values());
  const share = score === null ? 0 : score / best;
  if (found.chosen === node && (phase === "choose" || phase === "bind")) {
    const look = { state: "running", icon: "star" } as const;
    return {
      ...look,
      words: `chosen${points}`,
      chip: `chosen${points}`,
      reason: "",
      score,
      share,
      chosen: true,
    };
  }
  const look = { state: "completed", icon: "ok" } as const;
  const words = score === null ? "fits" : `fits${points}`;
  return { ...look, words, chip: `fits${points}`, reason: "", score, share, chosen: false };
}

/** Where all Nodes that were looked at are named, the others were not needed. */
function passedBy(found: Scheduling): Standing | null {
  const named = found.refused.size + found.feasible.length;
  const isWhole = found.feasible.length === found.feasibleCount && found.refused.size < NAMED_NODES;
  if (!isWhole || named >= found.total) return null;
  return {
    state: "unknown",
    icon: "term",
    words: "not looked at",
    chip: "not looked at",
    reason: "enough Nodes fitted before it",
    score: null,
    share: 0,
    chosen: false,
  };
}
