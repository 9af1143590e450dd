import { expect, it } from "vitest";
import { parseMatrix, verdictSentence } from "./reach.ts";

const passes = { allowed: true, stopped: "", policies: [], rule: "", ignored: false };
const denied = {
  allowed: false,
  stopped: "ingress",
  policies: ["default/deny"],
  rule: "ingress",
  ignored: false,
};
const matrix = parseMatrix({
  namespace: "default",
  plugin: "flannel",
  enforced: false,
  pods: [
    { name: "a", node: "worker-1", port: 80 },
    { name: "b", node: "worker-2", port: 5432 },
  ],
  left: 0,
  verdicts: [passes, denied],
  cells: [
    [-1, 1],
    [0, -1],
  ],
});

it("reads each cell's verdict and leaves a Pod's own empty", () => {
  expect(matrix.cells[0]?.[0]).toBeNull();
  expect(matrix.cells[0]?.[1]?.policies).toEqual(["default/deny"]);
  expect(matrix.cells[1]?.[0]?.allowed).toBe(true);
});

it("says who stops a call, and that a plugin which enforces nothing stops none", () => {
  const [a, b] = matrix.pods;
  if (!a || !b) throw new Error("the matrix has two Pods");

  expect(verdictSentence(a, b, denied, "calico")).toBe(
    "a to b, port 5432: stopped as it arrives. No ingress rule of default/deny allows it.",
  );
  expect(verdictSentence(a, b, { ...denied, allowed: true, ignored: true }, "flannel")).toMatch(
    /default\/deny would stop it, but flannel enforces no NetworkPolicies/,
  );
});
