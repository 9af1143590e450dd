/** What the page asks about the past of its room; each answer is the thing asked for, or why there is none. */
import type { Api } from "./api.ts";
import type { Comparison, FactsPage, GoneView, Moment, PastView, Timeline } from "./history.ts";
import { statusMessage } from "./status.ts";

export interface Refusal {
  complaint: string;
  /** The moment is no longer kept. */
  expired: boolean;
}
export type Told<T> = { told: T; refusal?: never } | { told?: never; refusal: Refusal };

export type StepSize = "fact" | "step" | "second";
export type Direction = "next" | "previous";

const EXPIRED = 410;
const UNREACHABLE: Refusal = {
  complaint: "The server cannot be reached: the past cannot be read.",
  expired: false,
};

/** How a moment is named in questions and addresses. */
export const keyOf = ({ seq, revision }: Moment): string => (seq > 0 ? `seq:${seq}` : String(revision));

export class HistoryClient {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  world(at: string): Promise<Told<PastView>> {
    return this.#ask("", { at });
  }

  step(at: string, by: StepSize, direction: Direction): Promise<Told<Moment>> {
    return this.#ask("/step", { at, by, direction });
  }

  timeline(from: string, to: string, buckets: number): Promise<Told<Timeline>> {
    return this.#ask("/timeline", { from, to, buckets: String(buckets) });
  }

  /** What happened after a moment, oldest first. */
  facts(from: string, limit: number): Promise<Told<FactsPage>> {
    return this.#ask("/facts", { from, limit: String(limit) });
  }

  compare(from: string, to: string): Promise<Told<Comparison>> {
    return this.#ask("/compare", { from, to });
  }

  gone(kind: string, namespace: string, name: string): Promise<Told<GoneView>> {
    return this.#ask("/gone", { kind, namespace, name });
  }

  async #ask<T>(path: string, wanted: Record<string, string>): Promise<Told<T>> {
    const given = Object.entries(wanted).filter(([, value]) => value !== "");
    const query = new URLSearchParams(given).toString();
    try {
      const answer = await this.#api.request("GET", `/history${path}${query ? `?${query}` : ""}`);
      if (answer.ok) return { told: answer.body as T };
      const complaint = statusMessage(answer.body) || `The server answered ${answer.status}.`;
      return { refusal: { complaint, expired: answer.status === EXPIRED } };
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return { refusal: UNREACHABLE };
    }
  }
}
