import { expect, it } from "vitest";
import { lastSaid } from "./scheduler-config.ts";

const event = (reason: string, message: string, resourceVersion: string) => ({
  reason,
  message,
  metadata: { resourceVersion },
});

it("takes the newest Event, and its mistakes line by line", () => {
  const said = lastSaid({
    items: [
      event(
        "ConfigurationRefused",
        "Scheduler configuration refused, the one before stays in effect: line 3: unknown field; a list; line 7: must be 1 or more",
        "20",
      ),
      event("ConfigurationApplied", "Scheduler configuration is in effect", "9"),
    ],
  });

  expect(said).toMatchObject({ refused: true, version: 20 });
  expect(said?.mistakes).toEqual([
    { line: 3, text: "unknown field; a list" },
    { line: 7, text: "must be 1 or more" },
  ]);
});

it("knows when nothing was said", () => {
  expect(lastSaid({ items: [event("Other", "", "3")] })).toBeNull();
});
