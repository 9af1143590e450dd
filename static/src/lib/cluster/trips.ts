/** Facts that are hops, as trips between two places; the rest of the facts moves nothing. */
import type { FactView } from "../live/protocol.ts";
import { placeOf, type Place } from "./places.ts";

export type TripKind = "request" | "denied" | "store" | "watch";

export interface Trip {
  seq: number;
  kind: TripKind;
  from: Place;
  to: Place;
  durationMs: number;
}

const READS = new Set(["get", "list", "watch"]);
const api: Place = { kind: "api" };

export function tripOf(fact: FactView): Trip | null {
  const durationMs = typeof fact.data["durationMs"] === "number" ? fact.data["durationMs"] : 0;
  const base = { seq: fact.seq, durationMs };
  const place = placeOf(fact.actor);
  switch (fact.type) {
    case "RequestReceived": {
      if (!place || place.kind === "api" || place.kind === "proxy") return null;
      // Components read all the time; only what people ask for is worth a look.
      if (READS.has(String(fact.data["verb"])) && place.kind !== "client") return null;
      return { ...base, kind: "request", from: place, to: api };
    }
    case "ObjectStored":
      return { ...base, kind: "store", from: api, to: { kind: "etcd" } };
    case "WatchDelivered":
      if (!place || place.kind === "api" || place.kind === "client" || place.kind === "proxy") return null;
      return { ...base, kind: "watch", from: api, to: place };
    default:
      return null;
  }
}

/** At most `most` trips of a frame, no two of one kind on the same way: a crowd says no more than one. */
export function sampled(facts: readonly FactView[], most: number): Trip[] {
  const seen = new Set<string>();
  const trips: Trip[] = [];
  for (const fact of facts) {
    const trip = tripOf(fact);
    if (!trip) continue;
    const key = `${trip.kind} ${JSON.stringify(trip.from)} ${JSON.stringify(trip.to)}`;
    if (seen.has(key)) continue;
    seen.add(key);
    trips.push(trip);
  }
  return trips.slice(0, most);
}
