/** Boxes of one size that fill an area: Nodes as tiles, and groups of Pods. */
import { fillArea, placeTile, type NodeInput } from "./node.ts";
import { gridFor } from "./slots.ts";
import type { GroupPlace, NodePlace, PodPlace, Rect } from "./types.ts";

const GAP = 10;
const GROUP_GAP = 24;
const GROUP_HEAD = 34;
/** A group has at least this width while groups are few enough. */
const GROUP_MIN = 260;
/** Two columns of cards stand side by side; in more width they would stand far apart. */
const TWO_CARDS = 532;

export function placeTiles(
  nodes: readonly NodeInput[],
  area: Rect,
  pods: Map<string, PodPlace>,
): NodePlace[] {
  const rects = tiled(nodes.length, area, GAP);
  return nodes.flatMap((node, index) => {
    const rect = rects[index];
    return rect ? [placeTile(node, rect, pods)] : [];
  });
}

/** Groups side by side, each as wide as its share of the Pods asks for; many become tiles of one size. */
export function placeGroups(
  groups: readonly NodeInput[],
  area: Rect,
  pods: Map<string, PodPlace>,
): GroupPlace[] {
  const rects = columnsFor(groups, area) ?? tiled(groups.length, area, GAP);
  return groups.flatMap((group, index) => {
    const rect = rects[index];
    return rect ? [placeGroup(group, rect, pods)] : [];
  });
}

function placeGroup(group: NodeInput, rect: Rect, pods: Map<string, PodPlace>): GroupPlace {
  const small = rect.w < 200 || rect.h < 120;
  const pad = small ? 8 : 16;
  const headH = small ? 24 : GROUP_HEAD;
  const top = rect.y + pad / 2 + headH + 4;
  const inside: Rect = {
    x: rect.x + pad,
    y: top,
    w: Math.max(0, rect.w - 2 * pad),
    h: Math.max(0, rect.y + rect.h - pad - top),
  };
  const narrow = { ...inside, w: Math.min(inside.w, TWO_CARDS) };
  const area = gridFor(narrow, group.pods.length).size === "card" ? narrow : inside;
  const { hidden } = fillArea(group.name, area, group.pods, small ? "chip" : "card", pods, 0);
  const head = { x: inside.x, y: rect.y + pad / 2, w: inside.w, h: headH };
  return { key: group.name, rect, head, hidden };
}

function columnsFor(groups: readonly NodeInput[], area: Rect): Rect[] | null {
  const total = area.w - GROUP_GAP * (groups.length - 1);
  if (groups.length === 0 || total / groups.length < GROUP_MIN) return null;
  const free = total - GROUP_MIN * groups.length;
  const weights = groups.map((group) => Math.sqrt(group.pods.length));
  const sum = weights.reduce((all, weight) => all + weight, 0);
  let x = area.x;
  return weights.map((weight) => {
    const w = GROUP_MIN + free * (sum > 0 ? weight / sum : 1 / groups.length);
    const rect = { x, y: area.y, w, h: area.h };
    x += w + GROUP_GAP;
    return rect;
  });
}

/** So many equal places in rows. */
function tiled(count: number, area: Rect, gap: number): Rect[] {
  const columns = tileColumns(count, area, gap);
  const rows = Math.ceil(count / columns);
  const w = (area.w - gap * (columns - 1)) / columns;
  const h = (area.h - gap * (rows - 1)) / rows;
  return Array.from({ length: count }, (_, index) => ({
    x: area.x + (index % columns) * (w + gap),
    y: area.y + Math.floor(index / columns) * (h + gap),
    w,
    h,
  }));
}

/** The number of columns that makes the tiles largest, counting a tile as 1.7 times as wide as high. */
function tileColumns(count: number, area: Rect, gap: number): number {
  let best = 1;
  let bestSize = 0;
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const w = (area.w - gap * (columns - 1)) / columns;
    const h = (area.h - gap * (rows - 1)) / rows;
    const size = Math.min(w / 1.7, h);
    if (size > bestSize) [best, bestSize] = [columns, size];
  }
  return best;
}
