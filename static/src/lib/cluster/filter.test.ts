import { expect, it } from "vitest";
import { filterWords, isDrawn, matches, parseFilter } from "./filter.ts";

const app = {
  name: "web",
  role: "app" as const,
  image: "nginx",
  state: "running" as const,
  reason: "",
  ready: true,
  restarts: 0,
  exitCode: null,
  started: true,
  retryAt: null,
  lastReason: "",
  lastExitCode: null,
  since: null,
  mounts: [],
  ports: [],
};
const pod = {
  namespace: "shop",
  labels: { app: "web", tier: "" },
  node: "worker-1",
  state: "running" as const,
  status: "Running",
  containers: [app],
};

it("takes a Namespace and labels with and without a value", () => {
  expect(matches(parseFilter("ns=shop app=web tier"), pod)).toBe(true);
  expect(matches(parseFilter("ns=shop app=db"), pod)).toBe(false);
  expect(matches(parseFilter("ns=other"), pod)).toBe(false);
});

it("says in words what it shows", () => {
  expect(filterWords(parseFilter("ns=shop,app=web"))).toBe("Namespace shop, app=web");
  expect(filterWords(parseFilter("phase=Pending node=worker-1"))).toBe("pending Pods, Node worker-1");
});

it("takes phases as kubectl names them, and states as they are drawn", () => {
  const creating = { ...pod, status: "ContainerCreating", state: "progress" as const };
  const pending = { ...creating, containers: [{ ...app, state: "waiting" as const }] };
  const failed = { ...pod, containers: [{ ...app, state: "terminated" as const, exitCode: 1 }] };

  expect(matches(parseFilter("phase=Running"), pod)).toBe(true);
  expect(matches(parseFilter("phase=Pending"), pending)).toBe(true);
  expect(matches(parseFilter("state=progress node=worker-1"), pending)).toBe(true);
  expect(matches(parseFilter("phase=Failed"), failed)).toBe(true);
  expect(matches(parseFilter("phase=Failed"), pod)).toBe(false);
});

it("takes a label with a name of JavaScript's own as a label", () => {
  expect(parseFilter("constructor=x").labels).toEqual([{ key: "constructor", value: "x" }]);
});

it("draws Pods of the cluster's own add-ons when their Namespace is asked for", () => {
  const dns = { namespace: "kube-system", system: true };
  expect(isDrawn(parseFilter(""), dns)).toBe(false);
  expect(isDrawn(parseFilter("app=web"), dns)).toBe(false);
  expect(isDrawn(parseFilter("ns=kube-system"), dns)).toBe(true);
  expect(isDrawn(parseFilter(""), { namespace: "shop", system: false })).toBe(true);
});
