import { describe, expect, it } from "vitest";
import { demoSnapshot } from "../live/demo.ts";
import type { NodeView, PodView, WorkloadView } from "../live/protocol.ts";
import { groupPods } from "./groups.ts";
import { touchedBy } from "./touched.ts";

const byUid = <T extends { uid: string }>(views: readonly T[]): Map<string, T> =>
  new Map(views.map((view) => [view.uid, view]));
const frame = demoSnapshot({ nodes: 3, extraPods: 0, services: 1, waiting: 0, story: true });
const [pod] = frame.pods as [PodView];
const [node] = frame.nodes as [NodeView];
const [workload] = frame.workloads as [WorkloadView];

function world(pods: Partial<PodView>[], workloads: Partial<WorkloadView>[] = []) {
  return {
    nodes: byUid<NodeView>([
      { ...node, uid: "n1", name: "a", zone: "eu-1" },
      { ...node, uid: "n2", name: "b", zone: "" },
    ]),
    pods: byUid<PodView>(
      pods.map((one, i) => ({
        ...pod,
        uid: `p${i}`,
        name: `pod-${i}`,
        ownerUid: "",
        ownerKind: "",
        ownerName: "",
        labels: {},
        ...one,
      })),
    ),
    workloads: byUid<WorkloadView>(workloads.map((one) => ({ ...workload, ownerUid: "", ...one }))),
    services: byUid(frame.services),
  };
}

describe("groupPods", () => {
  it("puts a Deployment's Pods together, whichever ReplicaSet made them", () => {
    const cluster = world(
      [{ ownerUid: "r1" }, { ownerUid: "r2" }, {}],
      [
        { uid: "d", kind: "Deployment", name: "web" },
        { uid: "r1", kind: "ReplicaSet", name: "web-1", ownerUid: "d" },
        { uid: "r2", kind: "ReplicaSet", name: "web-2", ownerUid: "d" },
      ],
    );

    const groups = groupPods(cluster, "owner");

    expect(groups.map(({ title, kind, uids }) => [title, kind, uids])).toEqual([
      ["web", "Deployment", ["p0", "p1"]],
      ["made by hand", "", ["p2"]],
    ]);
  });

  it("shows a zone without Pods, and says where Pods without a Node are", () => {
    const cluster = world([{ node: "b" }, { node: "" }]);

    expect(groupPods(cluster, "zone").map(({ title, uids }) => [title, uids.length])).toEqual([
      ["eu-1", 0],
      ["no Node yet", 1],
      ["Nodes without a zone", 1],
    ]);
  });
});

describe("touchedBy", () => {
  it("touches a Pod's siblings and their Nodes, and nothing else", () => {
    const cluster = world(
      [{ ownerUid: "r", node: "a" }, { ownerUid: "r", node: "b" }, { node: "a" }],
      [{ uid: "r", kind: "ReplicaSet", name: "web", namespace: "default" }],
    );

    const touched = touchedBy(cluster, { kind: "Pod", namespace: pod.namespace, name: "pod-0" });

    expect([...(touched?.pods ?? [])]).toEqual(["p0", "p1"]);
    expect([...(touched?.nodes ?? [])]).toEqual(["a", "b"]);
  });

  it("has nothing to focus on when the object is gone", () => {
    expect(touchedBy(world([]), { kind: "Pod", namespace: "default", name: "web" })).toBeNull();
  });
});
