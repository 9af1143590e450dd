/** Frames around Nodes that belong together: neighbours in a row with the same value of a label. */
import { bottom, right, type NodePlace, type Rect } from "./types.ts";

export interface DomainFrame {
  value: string;
  rect: Rect;
  /** Where its name is written. */
  tab: Rect;
  small: boolean;
}

export function domainFrames(
  nodes: readonly NodePlace[],
  valueOf: (node: string) => string | undefined,
): DomainFrame[] {
  const frames: DomainFrame[] = [];
  let last: NodePlace | undefined;
  for (const node of nodes) {
    const value = valueOf(node.name);
    if (value === undefined) {
      last = undefined;
      continue;
    }
    const { rect, size } = node;
    const box = grown(rect, size === "tile" ? 4 : 9);
    const before = frames.at(-1);
    if (before?.value === value && last?.rect.y === rect.y && last.size === size) {
      before.rect = { ...before.rect, w: right(box) - before.rect.x };
    } else frames.push({ value, rect: box, tab: box, small: size === "tile" });
    last = node;
  }
  return frames.map((frame) => ({ ...frame, tab: tabOf(frame.rect, frame.small) }));
}

/** Below a large Node at its left, where nothing else is; over the edge of a tile at its right. */
function tabOf(rect: Rect, small: boolean): Rect {
  if (small) {
    const w = Math.min(rect.w * 0.62, 220);
    return { x: right(rect) - w - 12, y: rect.y - 10, w, h: 22 };
  }
  const w = Math.min(rect.w / 2 - 100, 300);
  return { x: rect.x + 14, y: bottom(rect) - 13, w: Math.max(w, 110), h: 28 };
}

const grown = ({ x, y, w, h }: Rect, by: number): Rect => ({
  x: x - by,
  y: y - by,
  w: w + 2 * by,
  h: h + 2 * by,
});
