/** Where a card about a Pod finds room: under it, over free places, or else where it hides least. */
import { bottom, overlaps, right, type Board, type Rect } from "./types.ts";

const GAP = 10;

export function besidePod(
  board: Board,
  node: string,
  target: Rect,
  height: number,
  keep: readonly Rect[],
): Rect {
  const box = board.nodes.find((one) => one.name === node)?.rect ?? {
    x: 0,
    y: 0,
    w: board.width,
    h: board.height,
  };
  const w = Math.max(target.w + 8, Math.min(230, box.w - 24));
  const others = [...board.pods.values()]
    .filter((one) => one.node === node && one.rect !== target)
    .map((one) => one.rect);
  const x = Math.min(Math.max(target.x - 4, box.x + 8), right(box) - w - 8);
  const floor = bottom(box) - 26;
  const free: Rect[] = [];
  for (let y = bottom(target) + GAP; y + height <= floor; y += 22) free.push({ x, y, w, h: height });
  for (let y = target.y - GAP - height; y >= box.y + 110; y -= 22) free.push({ x, y, w, h: height });
  const sides = [box.x + 10, right(box) - w - 10];
  for (const side of sides)
    for (let y = box.y + 112; y + height <= floor; y += 22) free.push({ x: side, y, w, h: height });
  if (free.length === 0) free.push({ x, y: Math.max(box.y + 60, floor - height), w, h: height });
  const cost = (rect: Rect): number =>
    others.filter((other) => overlaps(other, rect)).length +
    (overlaps(target, rect) ? 20 : 0) +
    keep.filter((other) => overlaps(other, rect)).length * 6;
  return free.reduce((best, rect) => (cost(rect) < cost(best) ? rect : best));
}
