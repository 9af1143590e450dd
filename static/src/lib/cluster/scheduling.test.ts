import { expect, it } from "vitest";
import type { FactView } from "../live/protocol.ts";
import {
  phaseAt,
  phasesOf,
  plainReason,
  reduceScheduling,
  standingOf,
  type Scheduling,
} from "./scheduling.ts";

const fact = (type: string, data: Record<string, unknown>, at = 100): FactView => ({
  seq: 1,
  at,
  cause: 0,
  type,
  actor: "kube-scheduler",
  kind: "Pod",
  namespace: "default",
  name: "web",
  uid: "u",
  data,
});

function after(...facts: FactView[]): Scheduling {
  let found: Scheduling | undefined;
  for (const one of facts) found = reduceScheduling(found, one) ?? found;
  if (!found) throw new Error("nothing was found out");
  return found;
}

const filtered = fact("NodesFiltered", {
  attempt: 1,
  total: 3,
  feasible: ["b", "c"],
  feasibleCount: 2,
  refused: [["Insufficient cpu", 1]],
  verdicts: [["a", "Insufficient cpu"]],
});
const scored = fact("NodesScored", {
  attempt: 1,
  scores: [
    ["c", 80],
    ["b", 60],
  ],
});
const chosen = fact("NodeChosen", { attempt: 1, node: "c", score: 80 });

it("shows a phase only what was known in it", () => {
  const found = after(filtered, scored, chosen);

  expect(standingOf(found, "a", "filter")?.words).toBe("not enough cpu");
  expect(standingOf(found, "c", "filter")).toMatchObject({ words: "fits", score: null, chosen: false });
  expect(standingOf(found, "c", "score")).toMatchObject({ words: "fits · 80", share: 1, chosen: false });
  expect(standingOf(found, "b", "choose")).toMatchObject({ share: 0.75, chosen: false });
  expect(standingOf(found, "c", "choose")).toMatchObject({ words: "chosen · 80", chosen: true });
});

it("goes from filter to choice in virtual time, and ends with the bind", () => {
  const found = after(filtered, scored, chosen);
  const phases = phasesOf(found, false);

  expect(phases).toEqual(["filter", "score", "choose", "bind"]);
  expect([100, 101, 102, 110].map((now) => phaseAt(found, phases, now))).toEqual([
    "filter",
    "score",
    "choose",
    "choose",
  ]);
  expect(phaseAt(after(filtered, scored, chosen, fact("PodBound", {}, 104)), phases, 105)).toBe("bind");
});

it("ends without a Node, or with room being made", () => {
  const nowhere = after(fact("NodesFiltered", { attempt: 1, total: 1, feasible: [], feasibleCount: 0 }));

  expect(phasesOf(nowhere, false)).toEqual(["filter", "none"]);
  expect(phasesOf(nowhere, true)).toEqual(["filter", "preempt"]);
});

it("begins anew with each attempt", () => {
  const again = after(
    filtered,
    scored,
    fact("DomainsCompared", { plugin: "p", topologyKey: "zone", domains: [["z1", 2, true]] }),
    {
      ...filtered,
      at: 900,
    },
  );

  expect(again).toMatchObject({ at: 900, comparisons: [], chosen: "" });
  expect(again.scores.size).toBe(0);
});

it.each([
  ["Insufficient example.com/gpu", "not enough example.com/gpu"],
  ["node(s) had untolerated taint(s)", "its taint is not tolerated"],
  ["node(s) were unschedulable", "cordoned"],
  ["node(s) didn't match Pod's node affinity/selector", "lacks the labels it wants"],
  ["node(s) didn't match pod anti-affinity rules", "too near to its like"],
  ["node(s) didn't match pod affinity rules", "not beside what it wants"],
  ["node(s) didn't match pod topology spread constraints", "would be spread unevenly"],
  [
    "node(s) didn't match pod topology spread constraints (missing required label)",
    "lacks the spread's label",
  ],
  ["node(s) didn't have free ports for the requested pod ports", "host port is taken"],
  ["something new", "does not fit"],
])("says %s in plain words", (reason, words) => {
  expect(plainReason(reason).stamp).toBe(words);
});
