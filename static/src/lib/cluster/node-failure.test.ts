import { expect, it } from "vitest";
import { demoSnapshot, pictureRoom } from "../live/demo.ts";
import type { FaultView, NodeView, PodView, WorkloadView } from "../live/protocol.ts";
import { outages, running, struck, timeLeft } from "./faults.ts";
import { lossTale, returnTale } from "./node-failure.ts";

const room = demoSnapshot(pictureRoom);
const [somePod] = room.pods as [PodView];
const [someNode] = room.nodes as [NodeView];
const [someWorkload] = room.workloads as [WorkloadView];
const taints = ["node.kubernetes.io/unreachable:NoExecute"];
const lost: NodeView = {
  ...someNode,
  name: "worker-3",
  ready: false,
  taints: [],
  silent: true,
  heartbeat: 0,
  graceEnds: null,
  notReadySince: 50_000,
};
const owner = { ...someWorkload, uid: "rs", kind: "ReplicaSet", desired: 1 };
const pod = (uid: string, node: string, deleted: number | null = null): PodView => ({
  ...somePod,
  uid,
  node,
  deleted,
  evictedAt: deleted === null ? 355_000 : null,
  ownerUid: "rs",
  ownerKind: "ReplicaSet",
});
const bare = (deleted: number | null = null): PodView => ({
  ...pod("c", "worker-3", deleted),
  name: "alone",
  ownerUid: "",
  ownerKind: "",
  bare: true,
});

const world = (pods: PodView[], now: number) => ({
  pods: new Map(pods.map((one): [string, PodView] => [one.uid, one])),
  workloads: new Map([["rs", owner]]),
  now,
});

function present(node: NodeView, pods: PodView[], now = 60_000) {
  const tale = lossTale(node, world(pods, now));
  return { ...tale, now: tale.steps.findIndex((step) => step.outcome === "now") + 1 };
}

/** Deletion time of a Pod evicted when its five minutes were over. */
const EVICTED = 380_000;

it("takes a Pod that someone deleted for no eviction", () => {
  const deletedByHand = pod("b", "worker-3", 90_000);

  expect(present({ ...lost, taints }, [pod("a", "worker-3"), deletedByHand]).now).toBe(5);
});

it("goes from silence over the taint to replacement", () => {
  const silent = { ...lost, ready: true, notReadySince: null, graceEnds: 50_000 };

  expect(present(silent, [pod("a", "worker-3")], 20_000).now).toBe(2);
  expect(present(lost, [pod("a", "worker-3")]).now).toBe(4);
  expect(present({ ...lost, taints }, [pod("a", "worker-3")]).now).toBe(5);
  expect(present({ ...lost, taints }, [pod("a", "worker-3", EVICTED)]).now).toBe(7);
  expect(present({ ...lost, taints }, [pod("a", "worker-3", EVICTED), pod("b", "")]).now).toBe(8);
  expect(present({ ...lost, taints }, [pod("a", "worker-3", EVICTED), pod("b", "worker-1")]).over).toBe(true);
});

it("counts how long the Node has been silent, and how long its Pods may still stay", () => {
  const tale = present({ ...lost, taints }, [pod("a", "worker-3")], 295_000);

  expect(tale.note).toEqual({ subject: "worker-3", text: "last heard 4 m 55 s ago" });
  expect(tale.steps[4]?.actor).toBe("60.0 s left");
});

it("names the bare Pod that nobody replaces", () => {
  const alone = present({ ...lost, taints }, [bare(EVICTED)]);
  const beside = present({ ...lost, taints }, [bare(EVICTED), pod("a", "worker-3", EVICTED)]);

  expect(alone.headline.text).toBe("worker-3 is gone. No controller owned alone: nobody makes a new one.");
  expect(beside.headline.text).toContain("Nobody replaces the bare Pod alone.");
});

it("says what a Node that is back does with the Pods it still has", () => {
  const back = { ...lost, ready: true, silent: false };

  expect(returnTale(back, world([pod("a", "worker-3", EVICTED)], 0), 7).headline.text).toBe(
    "worker-3 is back. It now ends the 1 Pod it had been told to delete.",
  );
  expect(returnTale(back, world([pod("a", "worker-3")], 0), 4).steps.map(({ label }) => label)).toEqual([
    "Silence",
    "Grace",
    "NotReady",
    "Taint",
    "Back",
  ]);
});

it("lists the faults that run with their time, and what they do to the control plane", () => {
  const fault: FaultView = {
    uid: "f",
    name: "f",
    type: "SchedulerDown",
    target: "pod/default/web",
    nodes: [],
    pods: [],
    phase: "Active",
    since: 60_000,
    until: 90_000,
    does: "",
    watchFor: "",
    message: "",
    created: 60_000,
    revision: 1,
  };
  const healed = { ...fault, uid: "g", phase: "Healed" };

  expect(running(new Map([fault, healed].map((one) => [one.uid, one])))).toEqual([fault]);
  expect(timeLeft(fault, 80_000)).toBe("10.0 s left");
  expect(timeLeft({ ...fault, until: null }, 80_000)).toBe("until it is healed");
  expect(struck(fault)).toBe("web");
  expect([...outages([fault])]).toEqual([["kube-scheduler", "stopped: new Pods wait"]]);
});
