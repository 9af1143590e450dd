import { expect, it } from "vitest";
import { assignSlots, fitted } from "./slots.ts";

it("keeps a Pod's slot when another leaves, and gives the free slot to the next newcomer", () => {
  const before = assignSlots(new Map(), ["a", "b", "c"]);

  const after = assignSlots(before, ["b", "c", "d"]);

  expect([...after].sort()).toEqual([
    ["b", 1],
    ["c", 2],
    ["d", 0],
  ]);
});

it("closes slots up in their order only when they no longer fit", () => {
  const pods = [
    { uid: "a", slot: 7 },
    { uid: "b", slot: 2 },
  ];

  expect(fitted(pods, 8).map((pod) => pod.slot)).toEqual([2, 7]);
  expect(fitted(pods, 4)).toEqual([
    { uid: "b", slot: 0 },
    { uid: "a", slot: 1 },
  ]);
});
