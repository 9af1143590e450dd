import { expect, it } from "vitest";
import { layoutBoard } from "./board.ts";
import { requestWay, wholeWay, type End } from "./request-way.ts";

const node = (name: string) => ({ name, pods: [0, 1].map((slot) => ({ uid: `${name} ${slot}`, slot })) });
const board = layoutBoard({
  width: 1920,
  height: 780,
  nodes: [node("a"), node("b")],
  opened: null,
  waiting: [],
  services: 1,
  traffic: { dns: true, outside: false },
});
const pod = (name: string, slot: number): End => ({ uid: `${name} ${slot}`, node: name, place: "pod" });
const hops = [
  { kind: "egress", node: "a" },
  { kind: "rules", node: "a" },
  { kind: "wire", node: "b" },
  { kind: "ingress", node: "b" },
];

it("leads from one Pod to the other, always straight or at right angles", () => {
  const way = wholeWay(requestWay(board, pod("a", 0), pod("b", 1), hops, "passing"));
  const [first, last] = [way[0], way.at(-1)];

  expect(first?.x).toBe((board.pods.get("a 0")?.rect.x ?? 0) + (board.pods.get("a 0")?.rect.w ?? 0));
  expect(last?.x).toBe(board.pods.get("b 1")?.rect.x);
  way.slice(1).forEach((point, index) => {
    const before = way[index];
    expect(Math.min(Math.abs(point.x - (before?.x ?? 0)), Math.abs(point.y - (before?.y ?? 0)))).toBeLessThan(
      0.5,
    );
  });
});

it("keeps ways that are stopped apart from those that pass", () => {
  const passing = requestWay(board, pod("a", 0), pod("b", 1), hops, "passing");
  const stopped = requestWay(board, pod("a", 0), pod("b", 1), hops, "stopped");

  expect(wholeWay(stopped, 1).at(-1)?.x).not.toBe(wholeWay(passing, 1).at(-1)?.x);
});

it("ends at the name server's box when that is no drawn Pod", () => {
  const dns: End = { uid: "", node: "", place: "dns" };
  const asked = [...hops.slice(0, 2), { kind: "ingress", node: "" }];
  const end = wholeWay(requestWay(board, pod("a", 0), dns, asked, "passing")).at(-1);

  expect(end?.y).toBe(board.service?.dns?.y);
});

it("leaves no room for what is not there, and lets the control plane be a bar", () => {
  expect(board.thin).toBe(true);
  expect(board.service?.client).toBeNull();
  expect(board.bus.h).toBeLessThan(60);
});
