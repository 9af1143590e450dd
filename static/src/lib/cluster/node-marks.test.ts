import { expect, it } from "vitest";
import type { NodeView } from "../live/protocol.ts";
import { marksOf } from "./node-marks.ts";

const node = (part: Partial<NodeView>) => ({ labels: {}, taints: [], ...part }) as unknown as NodeView;

it("writes labels that people gave, the zone, and taints, but not what the cluster writes itself", () => {
  const marks = marksOf(
    node({
      labels: {
        "kubernetes.io/arch": "amd64",
        disktype: "ssd",
        "topology.kubernetes.io/zone": "zone-a",
      },
      taints: ["gpu=true:NoSchedule", "node.kubernetes.io/unschedulable:NoSchedule"],
    }),
  );

  expect(marks.map((mark) => [mark.kind, mark.text])).toEqual([
    ["label", "disktype=ssd"],
    ["label", "zone=zone-a"],
    ["taint", "gpu=true:NoSchedule"],
  ]);
});

it("writes a label of the cluster's own when a decision compares it", () => {
  const arch = node({ labels: { "kubernetes.io/arch": "amd64" } });

  expect(marksOf(arch)).toEqual([]);
  expect(marksOf(arch, ["kubernetes.io/arch"]).map((mark) => mark.text)).toEqual(["arch=amd64"]);
});
