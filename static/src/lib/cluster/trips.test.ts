import { expect, it } from "vitest";
import type { FactView } from "../live/protocol.ts";
import { sampled, tripsOf } from "./trips.ts";

function fact(type: string, actor: string, data: Record<string, unknown> = {}, kind = "Pod"): FactView {
  return { seq: 1, at: 0, cause: 0, type, actor, kind, namespace: "default", name: "web", uid: "u", data };
}

it("brings a write from who wrote it to the API server and on to etcd", () => {
  const trips = tripsOf(fact("ObjectStored", "kubelet/worker-1", { resource: "pods" }));

  expect(trips.map(({ from, to }) => [from.kind, to.kind])).toEqual([
    ["kubelet", "api"],
    ["api", "etcd"],
  ]);
});

it("shows no reads of components, no housekeeping and nothing that has no place", () => {
  expect(tripsOf(fact("RequestReceived", "kube-scheduler", { verb: "list" }))).toEqual([]);
  expect(tripsOf(fact("ObjectStored", "page", {}, "Clock"))).toEqual([]);
  expect(tripsOf(fact("WatchDelivered", "kubelet"))).toEqual([]);
});

it("sends one traveller for a crowd on the same way", () => {
  const crowd = Array.from({ length: 9 }, () => fact("WatchDelivered", "kube-scheduler"));

  expect(sampled(crowd, 8)).toHaveLength(1);
});
