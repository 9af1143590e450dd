/** Why a Pod is where it is: the scheduler's attempts, as `GET /explain/pods/NS/NAME` tells them. */
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
  plugin: string;
  reason: string;
  scores: Score[];
  total: number;
}

export interface Attempt {
  number: number;
  at: number;
  chosen: string;
  message: string;
  verdicts: Verdict[];
}

export interface Step {
  number: number;
  title: string;
  actor: string;
  summary: string;
  at: number | null;
  until: number | null;
  failed: boolean;
}

export interface Why {
  steps: Step[];
  /** The newest first. */
  attempts: Attempt[];
}

export function parseWhy(body: unknown): Why {
  const steps = items(at(body, "journey", "steps")).map((value): Step => {
    const step = tree(value);
    return {
      number: amount(step["step"]),
      title: text(step["title"]),
      actor: text(step["actor"]),
      summary: text(step["summary"]),
      at: moment(step["at"]),
      until: moment(step["until"]),
      failed: step["failed"] === true,
    };
  });
  const attempts = items(at(body, "scheduling", "attempts")).map(attemptOf);
  return { steps, attempts: attempts.reverse() };
}

const moment = (value: unknown): number | null => (typeof value === "number" ? value : null);

function attemptOf(value: unknown): Attempt {
  const attempt = tree(value);
  return {
    number: amount(attempt["attempt"]),
    at: amount(attempt["at"]),
    chosen: text(attempt["chosen"]),
    message: text(attempt["message"]),
    verdicts: items(attempt["nodes"])
      .map(verdictOf)
      .sort((a, b) => Number(b.fits) - Number(a.fits) || b.total - a.total),
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
export const pluginsOf = (attempt: Attempt): string[] => [
  ...new Set(attempt.verdicts.flatMap((verdict) => verdict.scores.map((score) => score.plugin))),
];

const REMEDIES: readonly [RegExp, string][] = [
  [/^Insufficient (\S+)/, "Ask for less $1, remove Pods from a Node, or add a Node with more."],
  [/^Too many pods/, "Remove Pods from a Node, or add a Node."],
  [/untolerated taint/, "Give the Pod a toleration for the taint, or take the taint off a Node."],
  [/node affinity\/selector/, "Give a Node the labels that the Pod's nodeSelector or affinity asks for."],
  [/unschedulable/, "Uncordon the Node."],
  [/free ports/, "Let the Pod use another hostPort, or add a Node on which it is free."],
  [/didn't match the requested node name/, "Only the Node that spec.nodeName names can take it."],
];

/** What would make the Pod fit, one sentence a kind of refusal; nothing when it has found its Node. */
export function remediesFor(attempt: Attempt): string[] {
  if (attempt.chosen) return [];
  const reasons = attempt.verdicts.flatMap((verdict) => verdict.reason.split(", "));
  const sentences = reasons.flatMap((reason) => {
    const remedy = REMEDIES.find(([pattern]) => pattern.test(reason));
    const subject = remedy?.[0].exec(reason)?.[1] ?? "";
    return remedy ? [remedy[1].replace("$1", subject)] : [];
  });
  return [...new Set(sentences)];
}
