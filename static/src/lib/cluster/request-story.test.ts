import { expect, it } from "vitest";
import type { RequestView } from "../live/protocol.ts";
import { balanceOf } from "./flows.ts";
import { parsePolicies, passingWords } from "./policies.ts";
import { blockOf } from "./plugin.ts";
import { failingStep, requestTale, type RequestWorld } from "./request-story.ts";
import { advance, begin, stepOf } from "./show.ts";

const peer = (name: string, node: string) => ({
  kind: "pod",
  uid: name,
  namespace: "default",
  name,
  container: "",
  ip: "10.244.1.9",
  port: 5432,
  node,
});
const hop = (kind: string, node: string) => ({ kind, name: kind, node, duration: 0.02 });
const request: RequestView = {
  id: 1,
  seq: 1,
  client: peer("debug", "worker-2"),
  protocol: "TCP",
  summary: "tcp db:5432",
  lookup: null,
  at: 0,
  arrives: 1,
  dialled: "10.96.40.2:5432",
  via: "clusterIP",
  service: "default/db:5432",
  endpoint: peer("db-0", "worker-3"),
  hops: [
    hop("egress", "worker-2"),
    hop("rules", "worker-2"),
    hop("wire", "worker-3"),
    hop("ingress", "worker-3"),
  ],
  stoppedAt: -1,
  reason: "",
  policy: "",
  rule: "",
  until: 2,
  outcome: "answered",
  code: 0,
  answer: "connected",
  took: 2,
};
const denied: RequestView = {
  ...request,
  stoppedAt: 3,
  reason: "policy",
  policy: "default/db-allow-api",
  rule: "ingress",
  outcome: "timeout",
};
const policies = parsePolicies({
  items: [
    {
      metadata: { namespace: "default", name: "db-allow-api" },
      spec: {
        podSelector: { matchLabels: { app: "db" } },
        policyTypes: ["Ingress"],
        ingress: [{ from: [{ podSelector: { matchLabels: { app: "api" } } }] }],
      },
    },
    { metadata: { namespace: "default", name: "deny" }, spec: { podSelector: {}, policyTypes: ["Ingress"] } },
  ],
});
const world: RequestWorld = { pods: new Map(), policies, network: null, service: undefined };
const outcomes = (one: RequestView, step: number) =>
  requestTale(one, step, world).steps.map((each) => each.outcome);

it("goes from the name to the reply", () => {
  expect(outcomes(request, 3)).toEqual(["done", "done", "now", "todo", "todo", "todo"]);
  expect(outcomes(request, 7)).toEqual(["done", "done", "done", "done", "done", "done"]);
});

it("fails at the policy only once its traveller is there, and says who passes", () => {
  expect(outcomes(denied, 2)[3]).toBe("todo");
  expect(outcomes(denied, 7)).toEqual(["done", "done", "done", "failed", "todo", "todo"]);
  expect(requestTale(denied, 7, world).headline).toEqual({
    text: "debug may not call db: only Pods labelled app=api pass.",
    emphasis: "debug",
    bad: true,
  });
});

it("knows at which step each refusal happens", () => {
  const stopped = (reason: string) => failingStep({ ...denied, reason, policy: "" });

  expect(["policy", "noEndpoints", "notListening", "noRoute"].map(stopped)).toEqual([4, 3, 5, 5]);
});

it("says that nobody passes where policies only deny", () => {
  expect(passingWords([...policies.values()].slice(1))).toBe("nobody passes");
});

it("moves stage by stage, and stands where it was stopped", () => {
  let show = begin(denied);
  const steps = [stepOf(show)];
  for (let n = 0; n < 40; n += 1) {
    show = advance(show, 200, 1);
    steps.push(stepOf(show));
  }

  expect([...new Set(steps)]).toEqual([2, 3, 4, 7]);
  expect(show.stage).toBe("stopped");
});

it("waits for an answer that is still to come", () => {
  let show = begin({ ...request, until: null, outcome: "" });
  for (let n = 0; n < 60; n += 1) show = advance(show, 200, 1);

  expect(show.stage).toBe("hop");
});

it("counts what each endpoint of a Service answered, over all its clients", () => {
  const flow = {
    clientUid: "a",
    client: "default/a",
    clientNode: "",
    service: "default/db:5432",
    endpointUid: "db-0",
    endpoint: "",
    endpointNode: "",
    outcome: "answered",
    code: 0,
    reason: "",
    policy: "",
    count: 7,
    perSecond: 1,
    last: 0,
  };
  const flows = [flow, { ...flow, clientUid: "b", count: 3 }, { ...flow, outcome: "timeout", count: 2 }];

  expect(balanceOf(flows, "default/db", 0).get("db-0")).toMatchObject({ answered: 10, failed: 2 });
  expect(balanceOf(flows, "default/db2", 0).size).toBe(0);
});

it("finds the block of an address", () => {
  expect(blockOf("192.168.1.70", 26)).toBe("192.168.1.64/26");
});
