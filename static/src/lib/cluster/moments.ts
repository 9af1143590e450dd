/**
 * What the control plane's cards tell, reduced from facts: who asked last, what was stored last, what the
 * scheduler found out about each Pod. Enters: facts in order. Leaves: a new `Moments` each time.
 */
import type { FactView } from "../live/protocol.ts";
import { placeOf } from "./places.ts";
import { preemptionOf, reduceScheduling, type Preemption, type Scheduling } from "./scheduling.ts";

export interface Subject {
  kind: string;
  namespace: string;
  name: string;
}

export interface Moments {
  request: (Subject & { actor: string; verb: string; resource: string }) | null;
  stored: (Subject & { resource: string; revision: number }) | null;
  controller: string;
  /** By the Pod's UID. */
  scheduling: ReadonlyMap<string, Scheduling>;
  /** UID of the Pod whose Nodes were filtered last. */
  decided: string | null;
  /** By the UID of the Pod that others make room for. */
  preemptions: ReadonlyMap<string, Preemption>;
  /** The last eviction that a disruption budget did not allow. */
  refusal: (Subject & { at: number; message: string }) | null;
}

export const noMoments: Moments = {
  request: null,
  stored: null,
  controller: "",
  scheduling: new Map(),
  decided: null,
  preemptions: new Map(),
  refusal: null,
};

const KEPT_PODS = 500;
const CHANGES = new Set(["create", "update", "patch", "delete", "deletecollection"]);
/** Written without anybody asking for a change: not worth a card's line. */
const NOISE = new Set(["events", "leases", "clocks"]);

export function reduceFacts(before: Moments, facts: readonly FactView[]): Moments {
  return facts.reduce(reduceFact, before);
}

/** Adds the scheduler's findings, and who asked if nobody has since, from facts of the past. */
export function withVerdicts(before: Moments, past: readonly FactView[]): Moments {
  const { scheduling, preemptions } = before;
  const learnt = reduceFacts({ ...noMoments, scheduling, preemptions }, past);
  return {
    ...learnt,
    stored: before.stored,
    controller: before.controller,
    request: before.request ?? learnt.request,
    decided: before.decided ?? learnt.decided,
  };
}

function reduceFact(moments: Moments, fact: FactView): Moments {
  const { kind, namespace, name, data } = fact;
  switch (fact.type) {
    case "RequestReceived": {
      const [verb, resource] = [text(data["verb"]), text(data["resource"])];
      if (!CHANGES.has(verb) || placeOf(fact.actor)?.kind !== "client" || isNoise(resource)) return moments;
      return { ...moments, request: { actor: fact.actor, verb, resource, kind, namespace, name } };
    }
    case "ObjectStored": {
      const resource = text(data["resource"]);
      if (isNoise(resource)) return moments;
      return { ...moments, stored: { resource, revision: Number(data["revision"]), kind, namespace, name } };
    }
    case "EvictionRefused":
      return { ...moments, refusal: { kind, namespace, name, at: fact.at, message: text(data["message"]) } };
    case "ControllerActed":
      return { ...moments, controller: text(data["summary"]) };
    case "PreemptionChosen":
      return { ...moments, preemptions: remembered(moments.preemptions, fact.uid, preemptionOf(fact)) };
    default: {
      const found = reduceScheduling(moments.scheduling.get(fact.uid), fact);
      if (!found) return moments;
      const decided = fact.type === "NodesFiltered" ? fact.uid : moments.decided;
      return { ...moments, decided, scheduling: remembered(moments.scheduling, fact.uid, found) };
    }
  }
}

function remembered<T>(before: ReadonlyMap<string, T>, uid: string, value: T): Map<string, T> {
  const next = new Map(before);
  next.set(uid, value);
  const oldest = next.keys().next().value;
  if (next.size > KEPT_PODS && oldest !== undefined) next.delete(oldest);
  return next;
}

const isNoise = (resource: string): boolean => NOISE.has(resource.split("/")[0] ?? "");
const text = (value: unknown): string => (typeof value === "string" ? value : "");
