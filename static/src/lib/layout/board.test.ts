import { describe, expect, it } from "vitest";
import { layoutBoard, type BoardInput } from "./board.ts";
import { contains, overlaps, type Board, type PodPlace, type Rect } from "./types.ts";

/** Stage sizes in units: whole page, with a drawer, and a squarer screen; 1366×768 has the same units. */
const sizes: [number, number][] = [
  [1920, 778],
  [1152, 778],
  [1707, 670],
  [1551, 912],
];

function room(nodes: number, pods: number, extra: Partial<BoardInput> = {}): BoardInput {
  const inputs = Array.from({ length: nodes }, (_, n) => ({
    name: `worker-${String(n + 1).padStart(2, "0")}`,
    pods: Array.from({ length: Math.floor((pods + nodes - 1 - n) / nodes) }, (_, p) => ({
      uid: `${n}-${p}`,
      slot: p,
    })),
  }));
  return { width: 1920, height: 778, nodes: inputs, opened: null, waiting: [], services: 1, ...extra };
}

function expectCalm(board: Board): void {
  const canvas: Rect = { x: 0, y: 0, w: board.width, h: board.height };
  const nodes = board.nodes.map((node) => node.rect);
  const all = [
    board.zone,
    ...nodes,
    ...(board.counts ? [board.counts] : []),
    ...(board.shelf ? [board.shelf.rect] : []),
    ...(board.service
      ? [board.service.client, board.service.dns, board.service.bar].filter((one) => one !== null)
      : []),
  ];
  expect(all.find((rect) => !contains(canvas, rect))).toBeUndefined();
  expectApart(all);
  const byNode = new Map<string, PodPlace[]>();
  for (const pod of board.pods.values()) byNode.set(pod.node, [...(byNode.get(pod.node) ?? []), pod]);
  for (const node of board.nodes) {
    const places = (byNode.get(node.name) ?? []).map((pod) => pod.rect);
    const inside = [...places, ...node.empty, ...(node.open ? [node.open] : [])];
    const out = inside.find((rect) => !contains(node.rect, rect));
    expect(out, JSON.stringify(node.rect)).toBeUndefined();
    expectApart(inside);
  }
  expectApart((byNode.get("") ?? []).map((pod) => pod.rect));
}

/** Sweeps from top to bottom, so that a thousand Pods are compared quickly. */
function expectApart(rects: Rect[]): void {
  const sorted = [...rects].sort((a, b) => a.y - b.y);
  sorted.forEach((a, i) => {
    for (let j = i + 1; j < sorted.length; j += 1) {
      const b = sorted[j];
      if (!b || b.y >= a.y + a.h) break;
      if (overlaps(a, b)) expect.fail(`${JSON.stringify(a)} overlaps ${JSON.stringify(b)}`);
    }
  });
}

describe("layoutBoard", () => {
  it.each(sizes)("keeps 1 to 40 Nodes with 0 to 1000 Pods apart and inside %i×%i", (width, height) => {
    for (let nodes = 1; nodes <= 41; nodes += 1) {
      for (const pods of [0, 1, 7, 60, 300, 1000]) {
        expectCalm(layoutBoard(room(nodes, pods, { width, height })));
      }
    }
  });

  it.each(sizes)(
    "keeps everything apart with a Pod opened and Pods on the shelf at %i×%i",
    (width, height) => {
      for (const nodes of [1, 2, 3, 4, 5, 8, 12, 13, 27, 40, 41]) {
        for (const pods of [1, 9, 40, 400]) {
          for (const waiting of [[], ["a"], ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]]) {
            for (const services of [0, 1, 3]) {
              expectCalm(layoutBoard(room(nodes, pods, { width, height, opened: "0-0", waiting, services })));
            }
          }
        }
      }
    },
  );

  it("gives the Node in focus about half of the row and opens the Pod in it", () => {
    const board = layoutBoard(room(3, 12, { opened: "1-0" }));

    expect(board.nodes.map((node) => Math.round(node.rect.w))).toEqual([448, 880, 448]);
    expect(board.nodes[1]?.open?.w).toBeCloseTo(616, 0);
    expect(board.pods.has("1-0")).toBe(false);
  });

  it("leaves no Pod without a place while squares fit", () => {
    const board = layoutBoard(room(40, 1000));

    expect(board.pods.size).toBe(1000);
  });

  it("falls from cards to chips to squares as Pods grow in number", () => {
    const sizeOf = (pods: number) => layoutBoard(room(3, pods)).pods.get("0-0")?.size;

    expect([sizeOf(9), sizeOf(60), sizeOf(400)]).toEqual(["card", "chip", "square"]);
  });

  it("counts instead of draws above 1,000 Pods, and keeps the Nodes", () => {
    const board = layoutBoard(room(30, 1001));

    expectCalm(board);
    expect([board.tally, board.pods.size, board.nodes.length]).toEqual([true, 0, 30]);
  });

  it.each(sizes)("keeps 0 to 60 groups with 0 to 1000 Pods apart and inside %i×%i", (width, height) => {
    for (const count of [0, 1, 2, 5, 9, 60]) {
      for (const pods of [0, 1, 60, 1000]) {
        const groups = count === 0 ? [] : room(count, pods).nodes;
        const board = layoutBoard(room(3, 0, { width, height, groups }));

        expectApart([board.zone, ...board.groups.map((group) => group.rect)]);
        expectApart([...board.pods.values()].map((pod) => pod.rect));
        for (const place of board.pods.values()) {
          const group = board.groups.find((one) => one.key === place.node);
          expect(group && contains(group.rect, place.rect)).toBe(true);
        }
      }
    }
  });

  it("lets no wire to a kubelet cross a card on the shelf", () => {
    const board = layoutBoard(room(3, 9, { waiting: ["a", "b", "c", "d"] }));
    const cards = [...board.pods.values()].filter((pod) => pod.node === "");

    expect(cards).toHaveLength(4);
    for (const node of board.nodes) {
      const x = node.wire[0]?.x ?? 0;
      for (const card of cards) expect(x < card.rect.x || x > card.rect.x + card.rect.w).toBe(true);
    }
  });
});
