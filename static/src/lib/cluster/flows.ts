/** Requests counted: how a Service's load spreads over its endpoints, and which ways carry how much. */
import type { FlowView } from "../live/protocol.ts";

/** A flow that has been still for so long (virtual ms) carries nothing now. */
const STILL_MS = 2500;

/** What one endpoint of a Service has got. */
export interface Share {
  endpointUid: string;
  /** Requests that it answered, and those that were meant for it and failed. */
  answered: number;
  failed: number;
  perSecond: number;
}

export const rateOf = (flow: FlowView, now: number): number =>
  now - flow.last > STILL_MS ? 0 : flow.perSecond;

/** `service` is `namespace/name`; flows name one of its ports too. */
export const isOfService = (flowService: string, service: string): boolean =>
  flowService === service || flowService.startsWith(`${service}:`);

export function balanceOf(flows: Iterable<FlowView>, service: string, now: number): Map<string, Share> {
  const shares = new Map<string, Share>();
  for (const flow of flows) {
    if (!flow.endpointUid || !isOfService(flow.service, service)) continue;
    const share = shares.get(flow.endpointUid) ?? {
      endpointUid: flow.endpointUid,
      answered: 0,
      failed: 0,
      perSecond: 0,
    };
    const good = flow.outcome === "answered" && flow.code < 500;
    shares.set(flow.endpointUid, {
      ...share,
      answered: share.answered + (good ? flow.count : 0),
      failed: share.failed + (good ? 0 : flow.count),
      perSecond: share.perSecond + rateOf(flow, now),
    });
  }
  return shares;
}

/** `412`, `2.5`. */
export const rateText = (perSecond: number): string =>
  perSecond >= 10 ? Math.round(perSecond).toLocaleString("en") : String(Math.round(perSecond * 10) / 10);

/** `1,204` or, where there is little room, `12.3k`. */
export const countText = (count: number): string =>
  count < 10_000
    ? count.toLocaleString("en")
    : count < 1e6
      ? `${(count / 1000).toFixed(1)}k`
      : `${(count / 1e6).toFixed(1)}M`;

/** Lines grow with the rate, slowly: 5 at a request a second, 14 at a thousand. */
export const widthFor = (perSecond: number): number =>
  Math.min(16, 5 + 3 * Math.log10(Math.max(1, perSecond)));
