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
  /** The object it is about, as `Pod default/web`; "" when the fact names none. */
  about: string;
}

const READS = new Set(["get", "list", "watch"]);
const api: Place = { kind: "api" };

/** Time and housekeeping: written all the time, or about how the page is watched. */
const UNSEEN = new Set(["Clock", "Event", "Lease"]);

/** Who asked is known from the request that a fact comes from. */
export type Asker = (fact: FactView) => string;

export function tripsOf(fact: FactView, askerOf: Asker = () => ""): Trip[] {
  if (UNSEEN.has(fact.kind)) return [];
  const durationMs = typeof fact.data["durationMs"] === "number" ? fact.data["durationMs"] : 0;
  const base = { seq: fact.seq, durationMs, about: aboutOf(fact) };
  const place = placeOf(fact.actor);
  switch (fact.type) {
    case "RequestReceived":
      // Components read all the time; only what people ask for is worth a look.
      if (READS.has(String(fact.data["verb"])) && place?.kind !== "client") return [];
      return asked(place).map((from) => ({ ...base, kind: "request", from, to: api }));
    case "RequestDenied":
    case "SpecRejected":
      return asked(placeOf(askerOf(fact))).map((from) => ({ ...base, kind: "denied", from, to: api }));
    case "ObjectStored":
      return [
        ...asked(place).map((from): Trip => ({ ...base, kind: "request", from, to: api })),
        { ...base, kind: "store", from: api, to: { kind: "etcd" } },
      ];
    case "WatchDelivered":
      return asked(place)
        .filter((to) => to.kind !== "client")
        .map((to) => ({ ...base, kind: "watch", from: api, to }));
    default:
      return [];
  }
}

/** The place if it has a way of its own to the API server. */
const asked = (place: Place | null): Place[] =>
  place && place.kind !== "api" && place.kind !== "proxy" ? [place] : [];

const aboutOf = ({ kind, namespace, name }: FactView): string =>
  kind && name ? `${kind} ${namespace ? `${namespace}/` : ""}${name}` : kind;

const NAMES: Record<Place["kind"], string> = {
  api: "the API server",
  client: "the client",
  controllers: "the controllers",
  scheduler: "the scheduler",
  etcd: "etcd",
  kubelet: "the kubelet",
  proxy: "kube-proxy",
};
const nameOf = (place: Place): string =>
  "node" in place ? `${NAMES[place.kind]} of ${place.node}` : NAMES[place.kind];

/** What a traveller is, in words. */
export function tripWords({ kind, from, to }: Trip): string {
  const way = `from ${nameOf(from)} to ${nameOf(to)}`;
  if (kind === "denied") return `A request ${way}, refused`;
  if (kind === "watch") return `A change that is watched for, ${way}`;
  return kind === "store" ? `A write ${way}` : `A request ${way}`;
}

export const duration = (ms: number): string => (ms < 1000 ? `${ms} ms` : `${ms / 1000} s`);

export const tripKey = (trip: Trip): string =>
  `${trip.kind} ${JSON.stringify(trip.from)} ${JSON.stringify(trip.to)}`;

/** At most `most` trips of a frame, no two of one kind on the same way: a crowd says no more than one. */
export function sampled(facts: readonly FactView[], most: number): Trip[] {
  const byWay = new Map<string, Trip>();
  const bySeq = new Map(facts.map((fact) => [fact.seq, fact]));
  const askerOf: Asker = (fact) => {
    let origin = bySeq.get(fact.cause);
    for (let depth = 0; origin && origin.type !== "RequestReceived" && depth < 8; depth += 1) {
      origin = bySeq.get(origin.cause);
    }
    return origin?.type === "RequestReceived" ? origin.actor : "";
  };
  for (const trip of facts.flatMap((fact) => tripsOf(fact, askerOf))) {
    if (!byWay.has(tripKey(trip))) byWay.set(tripKey(trip), trip);
  }
  // A request that is refused makes one way, not two.
  for (const trip of [...byWay.values()].filter(({ kind }) => kind === "denied")) {
    byWay.delete(tripKey({ ...trip, kind: "request" }));
  }
  return [...byWay.values()].slice(0, most);
}
