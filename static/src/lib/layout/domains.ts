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
    } else {
      const small = size === "tile";
      frames.push({ value, rect: box, tab: tabOf(node, box), small });
    }
    last = node;
  }
  return frames.map((frame) => (frame.small ? { ...frame, tab: alongTop(frame.rect) } : frame));
}

const alongTop = (rect: Rect): Rect => ({ x: rect.x + 12, y: rect.y - 10, w: rect.w - 24, h: 19 });

/** On the lower edge of a Node, where kube-proxy's tab leaves the most room. */
function tabOf({ rect, proxy }: NodePlace, box: Rect): Rect {
  if (!proxy) return alongTop(box);
  const left = proxy.x - rect.x;
  const behind = right(rect) - right(proxy);
  const y = bottom(rect) - 10;
  return left > behind + 40
    ? { x: rect.x + 14, y, w: left - 24, h: 28 }
    : { x: right(proxy) + 10, y, w: behind - 24, h: 28 };
}

const grown = ({ x, y, w, h }: Rect, by: number): Rect => ({
  x: x - by,
  y: y - by,
  w: w + 2 * by,
  h: h + 2 * by,
});
