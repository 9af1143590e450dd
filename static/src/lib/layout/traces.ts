/** Ways from a Pod to the one that replaces it, in the gaps between cards. Enters: the board and pairs of UIDs. */
import { bottom, centerX, right, type Board, type NodePlace, type Point } from "./types.ts";

export interface Trace {
  key: string;
  way: Point[];
  tip: Point;
}

/** Below a card, in the gap to the next row. */
const BELOW = 4;
const BESIDE = 14;
/** More lines than this would be a net. */
const MOST = 6;

export function traces(board: Board, pairs: readonly (readonly [old: string, fresh: string])[]): Trace[] {
  const nodes = new Map(board.nodes.map((node) => [node.name, node]));
  return pairs.slice(0, MOST).flatMap(([old, fresh], index) => {
    const [from, to] = [board.pods.get(old), board.pods.get(fresh)];
    if (from?.size !== "card" || to?.size !== "card" || from.node === to.node) return [];
    const node = nodes.get(to.node);
    const origin = nodes.get(from.node);
    if (!node || !origin || !inRow(node, origin)) return [];
    const shift = 3 * index;
    const [start, end] = [centerX(from.rect) + shift, centerX(to.rect) + shift];
    const gutter = end < start ? right(node.rect) + BESIDE + shift : node.rect.x - BESIDE - shift;
    const [leave, arrive] = [bottom(from.rect) + BELOW, bottom(to.rect) + BELOW];
    const way = [
      { x: start, y: bottom(from.rect) },
      { x: start, y: leave },
      { x: gutter, y: leave },
      { x: gutter, y: arrive },
      { x: end, y: arrive },
      { x: end, y: bottom(to.rect) },
    ];
    return [{ key: fresh, way, tip: { x: end, y: bottom(to.rect) } }];
  });
}

/** Side by side, and with their Pods in rows that go on from one to the other. */
const inRow = (a: NodePlace, b: NodePlace): boolean =>
  a.rect.y === b.rect.y && a.size === "large" && b.size === "large" && !a.open && !b.open;
