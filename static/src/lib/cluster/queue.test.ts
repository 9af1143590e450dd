import { expect, it } from "vitest";
import type { QueuedPodView } from "../live/protocol.ts";
import { queuedWords } from "./queue.ts";

const queued: QueuedPodView = {
  podUid: "u",
  lane: "backoff",
  attempts: 2,
  until: 5_000,
  plugins: ["NodeResourcesFit"],
};

it("counts down what is left of a back-off in virtual time", () => {
  expect(queuedWords(queued, 1_600)?.text).toBe("back-off 3.4 s");
  expect(queuedWords(queued, 6_000)?.text).toBe("back-off 0 ms");
});

it("says who refused a Pod and how often it was tried", () => {
  const words = queuedWords({ ...queued, lane: "unschedulable", until: null }, 0);

  expect(words?.text).toBe("unschedulable");
  expect(words?.title).toContain("tried 2 times; NodeResourcesFit");
});
