import { expect, it } from "vitest";
import { demoSnapshot, pictureRoom } from "../live/demo.ts";
import type { NodeView, PodView, WorkloadView } from "../live/protocol.ts";
import { durationOf, parseFaults, silences } from "./faults.ts";
import { heardFrom, lossTale, type Loss } from "./node-failure.ts";

const room = demoSnapshot(pictureRoom);
const [somePod] = room.pods as [PodView];
const [someNode] = room.nodes as [NodeView];
const [someWorkload] = room.workloads as [WorkloadView];
const taints = ["node.kubernetes.io/unreachable:NoExecute"];
const lost = { ...someNode, name: "worker-3", ready: false, taints: [] as string[] };
const owner = { ...someWorkload, uid: "rs", kind: "ReplicaSet", desired: 1 };
const pod = (uid: string, node: string, deleted: number | null = null): PodView => ({
  ...somePod,
  uid,
  node,
  deleted,
  ownerUid: "rs",
  ownerKind: "ReplicaSet",
});

function present(node: NodeView, pods: PodView[], now = 60_000) {
  const loss: Loss = { node, heard: 0, lostAt: node.ready ? null : 50_000 };
  const tale = lossTale(loss, {
    pods: new Map(pods.map((one): [string, PodView] => [one.uid, one])),
    workloads: new Map([["rs", owner]]),
    now,
  });
  return { ...tale, now: tale.steps.findIndex((step) => step.outcome === "now") + 1 };
}

/** Deletion time of a Pod evicted when its five minutes were over. */
const EVICTED = 380_000;

it("takes a Pod that someone deleted for no eviction", () => {
  const deletedByHand = pod("b", "worker-3", 90_000);

  expect(present({ ...lost, taints }, [pod("a", "worker-3"), deletedByHand]).now).toBe(5);
});

it("goes from silence over the taint to replacement", () => {
  expect(present({ ...lost, ready: true }, [pod("a", "worker-3")], 20_000).now).toBe(2);
  expect(present(lost, [pod("a", "worker-3")]).now).toBe(4);
  expect(present({ ...lost, taints }, [pod("a", "worker-3")]).now).toBe(5);
  expect(present({ ...lost, taints }, [pod("a", "worker-3", EVICTED)]).now).toBe(7);
  expect(present({ ...lost, taints }, [pod("a", "worker-3", EVICTED), pod("b", "")]).now).toBe(8);
  expect(present({ ...lost, taints }, [pod("a", "worker-3", EVICTED), pod("b", "worker-1")]).over).toBe(true);
});

it("counts how long the Node has been silent, and how long its Pods may still stay", () => {
  const tale = present({ ...lost, taints }, [pod("a", "worker-3")], 350_000 - 60_000);

  expect(tale.note).toEqual({ subject: "worker-3", text: "last heard 4 m 50 s ago" });
  expect(tale.steps[4]?.actor).toBe("60.0 s left");
});

it("reads when a Node was last heard of", () => {
  const conditions = [
    {
      type: "Ready",
      status: "Unknown",
      lastHeartbeatTime: "1970-01-01T00:00:05Z",
      lastTransitionTime: "1970-01-01T00:00:55Z",
    },
  ];

  expect(heardFrom({ status: { conditions } }, null)).toEqual({ heard: 5000, lostAt: 55_000 });
  expect(heardFrom(null, { spec: { renewTime: "1970-01-01T00:00:09.5Z" } }).heard).toBe(9500);
  expect(heardFrom(null, null)).toEqual({ heard: null, lostAt: null });
});

it("reads faults as the API lists them", () => {
  const item = {
    metadata: { name: "f", creationTimestamp: "1970-01-01T00:01:00Z" },
    spec: { type: "NodeDown", target: { node: "worker-2" }, duration: "1m30s" },
    status: { phase: "Active" },
  };
  const [fault] = parseFaults({ items: [item] });

  expect(fault).toMatchObject({ name: "f", node: "worker-2", since: 60_000, durationMs: 90_000 });
  expect(fault && silences(fault, "worker-2")).toBe(true);
  expect(durationOf("")).toBeNull();
});
