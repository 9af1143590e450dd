import { expect, it } from "vitest";
import { askedOf, filtersOf, matchingVerdicts, parseScheduling } from "./attempts.ts";

const body = {
  scheduling: {
    dropped: 2,
    attempts: [
      {
        attempt: 3,
        at: 5,
        total: 4,
        notLookedAt: 1,
        filters: ["NodeUnschedulable", "TaintToleration", "NodeResourcesFit"],
        nodes: [
          { name: "a", fits: false, plugin: "TaintToleration", reason: "node(s) had untolerated taint(s)" },
          { name: "b", fits: false, plugin: "NodeResourcesFit", reason: "Insufficient cpu" },
          { name: "c", fits: true, total: 7, scores: [] },
        ],
        chosen: "",
        tieBreak: ["c", "d"],
        preemption: {
          chosen: "b",
          decidedBy: "fewest victims",
          candidates: [{ node: "b", victims: ["default/low"], priorities: [5], violations: 0 }],
          candidatesLeftOut: 0,
        },
      },
    ],
    wouldFit: [{ change: "tolerate taint gpu:NoSchedule", nodes: ["a"], count: 1 }],
  },
};

it("knows for each filter whether it let a Node pass, refused it or was not asked any more", () => {
  const [attempt] = parseScheduling(body).attempts;
  if (!attempt) throw new Error("no attempt was read");
  const asked = attempt.verdicts.map((verdict) =>
    filtersOf(attempt).map((plugin) => askedOf(attempt, verdict, plugin)),
  );

  expect(attempt.verdicts.map((verdict) => verdict.node)).toEqual(["c", "a", "b"]);
  expect(asked).toEqual([
    ["passed", "passed", "passed"],
    ["passed", "refused", "not asked"],
    ["passed", "passed", "refused"],
  ]);
});

it("reads what is left out, ties, victims and remedies", () => {
  const story = parseScheduling(body);

  expect(story).toMatchObject({ dropped: 2, wouldFit: [{ count: 1 }] });
  expect(story.attempts[0]).toMatchObject({
    notLookedAt: 1,
    tieBreak: ["c", "d"],
    preemption: {
      decidedBy: "fewest victims",
      candidates: [{ victims: [{ key: "default/low", priority: 5 }] }],
    },
  });
});

it("finds Nodes by name, reason and plugin", () => {
  const verdicts = parseScheduling(body).attempts[0]?.verdicts ?? [];

  expect(matchingVerdicts(verdicts, "TAINT").map((verdict) => verdict.node)).toEqual(["a"]);
  expect(matchingVerdicts(verdicts, "insufficient b").map((verdict) => verdict.node)).toEqual(["b"]);
});
