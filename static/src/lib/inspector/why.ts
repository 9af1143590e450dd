/** Why a Pod is where it is, as `GET /explain/pods/NS/NAME` tells it: its nine steps and the scheduler's attempts. */
import { parseScheduling, schedulingUntil, type SchedulingStory } from "../cluster/attempts.ts";
import { amount, at, items, text, tree } from "../live/json.ts";

export interface Step {
  number: number;
  title: string;
  actor: string;
  summary: string;
  at: number | null;
  until: number | null;
  failed: boolean;
}

export interface Why extends SchedulingStory {
  steps: Step[];
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
  return { steps, ...parseScheduling(body) };
}

/** What of it had happened at a moment of the past. */
export const whyUntil = (why: Why, at: number): Why => ({
  ...schedulingUntil(why, at),
  steps: why.steps.filter((step) => step.at !== null && step.at <= at),
});

const moment = (value: unknown): number | null => (typeof value === "number" ? value : null);
