import type { FlowView, NetworkView, Requests, RequestView } from "./protocol.ts";

/** Requests that are kept; the oldest go first. */
const KEPT = 300;
/** Flows that are kept; those that have been still longest go first. */
const MOST_FLOWS = 1500;

/** A rate is taken over so much virtual time, and not before so much has passed. */
const WINDOW_MS = 4000;
const LEAST_MS = 900;

/** The browser's copy of the pod network's traffic: the newest requests by id, flows by their key. */
export class NetworkReplica {
  network = $state.raw<NetworkView | null>(null);
  requests = $state.raw<ReadonlyMap<number, RequestView>>(new Map());
  flows = $state.raw<ReadonlyMap<string, FlowView>>(new Map());

  /** Totals at moments of late, oldest first. */
  #totals: { at: number; all: number; failing: number }[] = [];
  /** Requests a virtual second, and how many of them fail. */
  rate = $state.raw({ all: 0, failing: 0 });

  /** What has been counted since a few virtual seconds ago, by the second. */
  measure(now: number): void {
    let [all, failing] = [0, 0];
    for (const flow of this.flows.values()) {
      all += flow.count;
      if (flow.outcome !== "answered" || flow.code >= 500) failing += flow.count;
    }
    const kept = this.#totals.filter(({ at }) => at < now && now - at <= WINDOW_MS);
    const [first] = kept;
    this.#totals = [...kept, { at: now, all, failing }];
    if (!first || now - first.at < LEAST_MS || all < first.all) {
      if (kept.length === 0 && this.rate.all > 0) this.rate = { all: 0, failing: 0 };
      return;
    }
    const seconds = (now - first.at) / 1000;
    const next = {
      all: (all - first.all) / seconds,
      failing: Math.max(0, failing - first.failing) / seconds,
    };
    if (next.all !== this.rate.all || next.failing !== this.rate.failing) this.rate = next;
  }

  /** The requests that have come further. */
  apply(frame: Requests): readonly RequestView[] {
    if (frame.network) this.network = frame.network;
    if (frame.requests.length > 0 || frame.whole) {
      const next = new Map(frame.whole ? [] : this.requests);
      for (const view of frame.requests) {
        next.delete(view.id);
        next.set(view.id, view);
      }
      for (const id of [...next.keys()].slice(0, Math.max(0, next.size - KEPT))) next.delete(id);
      this.requests = next;
    }
    if (frame.flows.length > 0 || frame.whole) {
      const next = new Map(frame.whole ? [] : this.flows);
      for (const flow of frame.flows) {
        const key = flowKey(flow);
        next.delete(key);
        next.set(key, flow);
      }
      for (const key of [...next.keys()].slice(0, Math.max(0, next.size - MOST_FLOWS))) next.delete(key);
      this.flows = next;
    }
    return frame.requests;
  }
}

const flowKey = (flow: FlowView): string =>
  [
    flow.clientUid || flow.client,
    flow.service,
    flow.endpointUid || flow.endpoint,
    flow.outcome,
    flow.code,
    flow.reason,
    flow.policy,
  ].join(" ");
