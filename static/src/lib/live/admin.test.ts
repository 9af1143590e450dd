import { expect, it } from "vitest";
import { nextNodeNames } from "./admin.ts";

it("counts on from the highest worker there is", () => {
  expect(nextNodeNames(["worker-1", "worker-12", "control"], 2)).toEqual(["worker-13", "worker-14"]);
  expect(nextNodeNames([], 1)).toEqual(["worker-1"]);
});
