import { expect, it } from "vitest";
import { demoMoments } from "../live/demo.ts";
import type { JourneyView } from "../live/protocol.ts";
import { gateOutcomes } from "./gates.ts";

const journey = demoMoments()[0]?.delta.journeys[0] as JourneyView;
const refusedAt = (step: number, summary: string): JourneyView => ({
  ...journey,
  steps: journey.steps.map((one) => ({
    ...one,
    outcome: one.step < step ? "done" : one.step === step ? "failed" : "todo",
    summary: one.step === step ? summary : "",
  })),
});

it("marks only the gate that refused", () => {
  expect(gateOutcomes(refusedAt(4, 'Pod "x" is invalid: spec.containers: Required value'))).toEqual({
    authn: "done",
    authz: "done",
    admission: "done",
    schema: "failed",
  });
  expect(gateOutcomes(refusedAt(4, "exceeded quota: small")).admission).toBe("failed");
  expect(gateOutcomes(refusedAt(3, "User cannot create pods"))).toMatchObject({
    authn: "done",
    authz: "failed",
  });
});
