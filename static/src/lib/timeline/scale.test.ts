import { expect, it } from "vitest";
import type { Mark } from "../live/history.ts";
import { barHeight, groupMarks, nearestMark, shareOf, ticks, timeAt } from "./scale.ts";

const scale = { from: 10_000, to: 30_000 };
const mark = (at: number, title = ""): Mark => ({
  type: "command",
  at,
  revision: 1,
  title,
  actor: "",
  kind: "",
  namespace: "",
  name: "",
  uid: "",
  count: 1,
});

it("places times between the edges, and finds them again", () => {
  expect(shareOf(scale, 15_000)).toBe(0.25);
  expect(shareOf(scale, 99_000)).toBe(1);
  expect(timeAt(scale, 0.25)).toBe(15_000);
  expect(timeAt(scale, -1)).toBe(10_000);
});

it("puts everything at now while the run has no length", () => {
  expect(shareOf({ from: 5, to: 5 }, 5)).toBe(1);
});

it("ticks at round times since the cluster began", () => {
  expect(ticks(scale, 9_000, 5).map((tick) => tick.words)).toEqual(["5 s", "10 s", "15 s", "20 s"]);
  expect(ticks({ from: 0, to: 600_000 }, 0, 5).map((tick) => tick.words)).toContain("4 m 00 s");
});

it("finds the nearest mark within reach", () => {
  const marks = [mark(11_000, "a"), mark(14_000, "b")];

  expect(nearestMark(marks, 13_000, 2000)?.title).toBe("b");
  expect(nearestMark(marks, 20_000, 2000)).toBeNull();
});

it("draws marks that lie close together as one", () => {
  const groups = groupMarks([mark(20_100), mark(20_000), mark(29_000), mark(99_000)], scale, 0.05);

  expect(groups.map(({ marks }) => marks.length)).toEqual([2, 1]);
});

it("lets a lone write be seen beside a thousand", () => {
  expect(barHeight(0, 1000)).toBe(0);
  expect(barHeight(1, 1000)).toBeGreaterThan(0.1);
  expect(barHeight(1000, 1000)).toBe(1);
});
