import { expect, it } from "vitest";
import { domainFrames } from "./domains.ts";
import type { NodePlace } from "./types.ts";

const place = (name: string, x: number, y = 0) =>
  ({ name, size: "large", rect: { x, y, w: 100, h: 300 } }) as NodePlace;

it("puts one frame around neighbours of the same domain, and another in the next row", () => {
  const zones: Record<string, string> = { a: "z1", b: "z1", c: "z2", d: "z2" };

  const frames = domainFrames(
    [place("a", 0), place("b", 120), place("c", 240), place("d", 0, 400)],
    (node) => zones[node],
  );

  expect(frames.map((frame) => frame.value)).toEqual(["z1", "z2", "z2"]);
  expect(frames[0]?.rect.w).toBe(238);
});

it("frames no Node without the label", () => {
  const frames = domainFrames([place("a", 0), place("b", 120), place("c", 240)], (node) =>
    node === "b" ? undefined : "z1",
  );

  expect(frames.map((frame) => frame.rect.x)).toEqual([-9, 231]);
});
