import { expect, it } from "vitest";
import { hatchingOf, paintOf } from "./colors.ts";

it("reads computed colours of both notations and sees through what is transparent", () => {
  expect(paintOf("rgb(0, 134, 94)")).toEqual({ color: "#00865e", opacity: 1 });
  expect(paintOf("color(srgb 1 0.5 0 / 0.25)")).toEqual({ color: "#ff8000", opacity: 0.25 });
  expect(paintOf("rgba(0, 0, 0, 0)")).toBeNull();
});

it("reads the bands of a hatching", () => {
  const css =
    "repeating-linear-gradient(115deg, rgb(1, 2, 3) 0px, rgb(1, 2, 3) 7px, rgb(9, 9, 9) 0px, rgb(9, 9, 9) 12px)";

  expect(hatchingOf(css)).toEqual({
    turn: 25,
    period: 12,
    bands: [
      { from: 0, to: 7, paint: { color: "#010203", opacity: 1 } },
      { from: 7, to: 12, paint: { color: "#090909", opacity: 1 } },
    ],
  });
  expect(hatchingOf("none")).toBeNull();
});
