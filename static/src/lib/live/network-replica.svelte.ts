import type { FlowView, NetworkView, Requests, RequestView } from "./protocol.ts";

/** Requests that are kept; the oldest go first. */
const KEPT = 300;
/** Flows that are kept; those that have been still longest go first. */
const MOST_FLOWS = 1500;

/** The browser's copy of the pod network's traffic: the newest requests by id, flows by their key. */
export class NetworkReplica {
  network = $state.raw<NetworkView | null>(null);
  requests = $state.raw<ReadonlyMap<number, RequestView>>(new Map());
  flows = $state.raw<ReadonlyMap<string, FlowView>>(new Map());

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
