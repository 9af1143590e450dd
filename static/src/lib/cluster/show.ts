/**
 * A request being shown: how far its traveller is. Stages follow each other as the request's facts come in; a stage
 * that would pass unseen is drawn longer than it takes.
 */
import type { RequestView } from "../live/protocol.ts";
import { failedAtName } from "./requests.ts";
import { NAME, OVER, REPLY, stepOfHop } from "./request-story.ts";

/** `reply` brings the answer back; `stopped` stands where it was stopped; `over` is told to its end. */
export type Stage = "lookup" | "hop" | "reply" | "stopped" | "over";

export interface Show {
  readonly id: number;
  readonly request: RequestView;
  readonly stage: Stage;
  /** Index of the hop in stage `hop`. */
  readonly hop: number;
  /** 0 to 1 of the stage. */
  readonly share: number;
  /** Wall ms for which it has been stopped or over. */
  readonly rested: number;
}

/** Wall ms that a stretch takes at least. */
const LEAST: Record<string, number> = {
  egress: 800,
  rules: 550,
  wire: 950,
  ingress: 800,
  server: 250,
  loopback: 1100,
};
const LOOKUP_MS = 1500;
const REPLY_SHARE = 0.65;

export function begin(request: RequestView): Show {
  const stage: Stage = request.lookup ? "lookup" : "hop";
  return { id: request.id, request, stage, hop: 0, share: 0, rested: 0 };
}

/** Where it is at once: for those who want no motion, and for a step while time stands still. */
export function finished(request: RequestView, halfway: boolean): Show {
  const show = begin(request);
  if (failedAtName(request)) return { ...show, stage: "stopped", share: 1 };
  if (request.at === null)
    return { ...show, share: halfway ? 0.5 : 1, stage: request.lookup && halfway ? "lookup" : "over" };
  const last = request.hops.length - 1;
  if (request.stoppedAt >= 0) return { ...show, stage: "stopped", hop: request.stoppedAt, share: 1 };
  if (request.until === null)
    return { ...show, stage: "hop", hop: Math.max(0, Math.floor(last / 2)), share: 0.5 };
  return halfway
    ? { ...show, stage: "reply", hop: last, share: 0.5 }
    : { ...show, stage: "over", hop: last, share: 1 };
}

export const isResting = ({ stage }: Show): boolean => stage === "stopped" || stage === "over";

/** `rate`: virtual ms a wall ms; 0 at full speed. */
export function advance(show: Show, passed: number, rate: number): Show {
  if (isResting(show)) return { ...show, rested: show.rested + passed };
  const share = show.share + passed / lengthOf(show, rate);
  if (share < 1) return { ...show, share };
  return next({ ...show, share: 1 });
}

function lengthOf({ request, stage, hop }: Show, rate: number): number {
  const slow = (virtual: number): number => (rate > 0 ? virtual / rate : 0);
  if (stage === "lookup") return Math.max(LOOKUP_MS, slow(request.lookup?.duration ?? 0));
  const going = (one: { kind: string; duration: number }): number =>
    Math.max(LEAST[one.kind] ?? 500, slow(one.duration));
  if (stage === "reply")
    return REPLY_SHARE * request.hops.reduce((sum, one) => sum + going(one), 0) || LOOKUP_MS;
  const now = request.hops[hop];
  return now ? going(now) : 1;
}

/** The stage after one that is complete; the same while its facts are still to come. */
function next(show: Show): Show {
  const { request, stage, hop } = show;
  const to = (stage: Stage, hop: number): Show => ({ ...show, stage, hop, share: 0 });
  switch (stage) {
    case "lookup":
      if (failedAtName(request)) return to("stopped", 0);
      if (request.at !== null) return to("hop", 0);
      return request.until === null ? show : to("over", 0);
    case "hop":
      if (request.stoppedAt >= 0 && hop >= request.stoppedAt) return to("stopped", request.stoppedAt);
      if (hop + 1 < request.hops.length) return to("hop", hop + 1);
      if (request.until === null) return show;
      return request.outcome === "answered" ? to("reply", hop) : to("stopped", hop);
    case "reply":
      return to("over", hop);
    default:
      return show;
  }
}

/** The step of the rail that it is at. */
export function stepOf({ request, stage, hop }: Show): number {
  if (stage === "lookup") return NAME;
  if (stage === "reply") return REPLY;
  if (stage === "over" || stage === "stopped") return OVER;
  return stepOfHop(request.hops[hop]?.kind ?? "egress");
}
