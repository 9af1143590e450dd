/**
 * What the control plane's cards tell, reduced from facts: who asked last, what was stored last, what the
 * scheduler found out about each Pod. Enters: facts in order. Leaves: a new `Moments` each time.
 */
import type { FactView } from "../live/protocol.ts";
import { placeOf } from "./places.ts";

/** What the scheduler found out about one Pod in its last attempt. */
export interface Scheduling {
  total: number;
  feasibleCount: number;
  feasible: readonly string[];
  /** Node → first reason that refused it. */
  refused: ReadonlyMap<string, string>;
  /** Node → weighted sum of scores. */
  scores: ReadonlyMap<string, number>;
  chosen: string;
}

export interface Subject {
  kind: string;
  namespace: string;
  name: string;
}

export interface Moments {
  request: (Subject & { actor: string; verb: string; resource: string }) | null;
  stored: (Subject & { resource: string; revision: number }) | null;
  controller: string;
  scheduling: ReadonlyMap<string, Scheduling>;
}

export const noMoments: Moments = { request: null, stored: null, controller: "", scheduling: new Map() };

const KEPT_PODS = 500;
const CHANGES = new Set(["create", "update", "patch", "delete", "deletecollection"]);
/** Written without anybody asking for a change: not worth a card's line. */
const NOISE = new Set(["events", "leases", "clocks"]);

export function reduceFacts(before: Moments, facts: readonly FactView[]): Moments {
  return facts.reduce(reduceFact, before);
}

/** Adds the scheduler's findings, and who asked if nobody has since, from facts of the past. */
export function withVerdicts(before: Moments, past: readonly FactView[]): Moments {
  const learnt = reduceFacts({ ...noMoments, scheduling: before.scheduling }, past);
  return { ...before, scheduling: learnt.scheduling, request: before.request ?? learnt.request };
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
    case "ControllerActed":
      return { ...moments, controller: text(data["summary"]) };
    case "NodesFiltered":
      return withScheduling(moments, fact.uid, {
        total: Number(data["total"]),
        feasibleCount: Number(data["feasibleCount"]),
        feasible: list(data["feasible"]).map(text),
        refused: new Map(pairs(data["verdicts"]).map(([node, reason]) => [text(node), text(reason)])),
        scores: new Map(),
        chosen: "",
      });
    case "NodesScored":
      return withScheduling(moments, fact.uid, {
        scores: new Map(pairs(data["scores"]).map(([node, score]) => [text(node), Number(score)])),
      });
    case "NodeChosen":
      return withScheduling(moments, fact.uid, { chosen: text(data["node"]) });
    default:
      return moments;
  }
}

const blank: Scheduling = {
  total: 0,
  feasibleCount: 0,
  feasible: [],
  refused: new Map(),
  scores: new Map(),
  chosen: "",
};

function withScheduling(moments: Moments, uid: string, part: Partial<Scheduling>): Moments {
  const scheduling = new Map(moments.scheduling);
  scheduling.set(uid, { ...(scheduling.get(uid) ?? blank), ...part });
  const oldest = scheduling.keys().next().value;
  if (scheduling.size > KEPT_PODS && oldest !== undefined) scheduling.delete(oldest);
  return { ...moments, scheduling };
}

const isNoise = (resource: string): boolean => NOISE.has(resource.split("/")[0] ?? "");
const text = (value: unknown): string => (typeof value === "string" ? value : "");
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const pairs = (value: unknown): [unknown, unknown][] =>
  list(value).map((pair) => [list(pair)[0], list(pair)[1]]);
