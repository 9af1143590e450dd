import { expect, it } from "vitest";
import { pointAlong, roundedPath } from "./route.ts";

const corner = [
  { x: 0, y: 0 },
  { x: 0, y: 100 },
  { x: 100, y: 100 },
];

it("rounds the corners of an orthogonal way", () => {
  expect(roundedPath(corner, 10)).toBe("M0 0 L0 90 Q0 100 10 100 L100 100");
});

it("finds a traveller half-way at the corner and turns it on the second leg", () => {
  expect(pointAlong(corner, 0.5)).toEqual({ x: 0, y: 100, angle: 90 });
  expect(pointAlong(corner, 0.75)).toEqual({ x: 50, y: 100, angle: 0 });
});
