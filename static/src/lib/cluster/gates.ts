/** The API server's four gates, from the steps they belong to and, when refused, from the words of the refusal. */
import type { JourneyView, Outcome } from "../live/protocol.ts";

export type Gate = "authn" | "authz" | "admission" | "schema";

const none: Record<Gate, Outcome> = { authn: "todo", authz: "todo", admission: "todo", schema: "todo" };

export function gateOutcomes(journey: JourneyView | undefined): Record<Gate, Outcome> {
  if (!journey) return none;
  const [allowed, valid] = [journey.steps[2], journey.steps[3]];
  // Who is not known at all is stopped before anybody asks what they may do.
  const unknown = /Unauthorized/i.test(allowed?.summary ?? "");
  const misshapen = /invalid|required value|decoding|unknown field/i.test(valid?.summary ?? "");
  const [authn, authz] = pair(allowed?.outcome ?? "todo", unknown);
  const [admission, schema] = pair(valid?.outcome ?? "todo", !misshapen);
  return { authn, authz, admission, schema };
}

/** Two gates of one step; a refusal stops at the first or at the second of them. */
function pair(outcome: Outcome, atFirst: boolean): [Outcome, Outcome] {
  if (outcome !== "failed") return [outcome, outcome];
  return atFirst ? ["failed", "todo"] : ["done", "failed"];
}
