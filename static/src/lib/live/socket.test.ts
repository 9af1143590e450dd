import { expect, it } from "vitest";
import { SequenceGuard } from "./socket.ts";

it("asks for one new snapshot when a delta is missing, and goes on after it", () => {
  const guard = new SequenceGuard();
  guard.start(4);

  expect([5, 6, 8, 9].map((seq) => guard.judge(seq))).toEqual(["apply", "apply", "resync", "skip"]);

  guard.start(9);
  expect([9, 10].map((seq) => guard.judge(seq))).toEqual(["skip", "apply"]);
});
