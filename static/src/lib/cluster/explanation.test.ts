import { expect, it } from "vitest";
import { factLines, parseExplanation } from "./explanation.ts";

const answer = {
  pod: { uid: "u1", namespace: "default", name: "web" },
  journey: {
    steps: [
      {
        facts: [
          {
            seq: 3,
            at: 10,
            cause: 1,
            type: "RequestAdmitted",
            actor: "kube-apiserver",
            subject: { kind: "Pod", namespace: "default", name: "web", uid: "u1" },
            data: { changes: [["defaults", "spec.restartPolicy = Always"]] },
          },
        ],
      },
    ],
  },
};

it("tells every value that was filled in on a line of its own", () => {
  const explanation = parseExplanation(answer);

  expect(explanation?.uid).toBe("u1");
  expect(factLines(explanation?.steps[0] ?? [])).toEqual([
    { seq: 3, at: 10, words: "defaults", detail: "spec.restartPolicy = Always" },
  ]);
});

it("takes nothing from an answer that is not an explanation", () => {
  expect(parseExplanation("not found")).toBeNull();
  expect(parseExplanation({ kind: "Status" })).toBeNull();
});
