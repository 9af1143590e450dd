/** The inside of one Node: head, gauges, Pods in slots, the opened Pod, kubelet and kube-proxy. */
import { fitted, gridFor, type Grid, type SlottedPod } from "./slots.ts";
import { bottom, centerX, right, type NodePlace, type PodPlace, type PodSize, type Rect } from "./types.ts";

export interface NodeInput {
  name: string;
  pods: readonly SlottedPod[];
}

/** The Pod that is drawn open, and how high it would like to be. */
export interface Opened {
  uid: string;
  height: number;
}

export const OPEN_HEIGHT = 278;
const PAD = 16;
const OPEN_LANE = 34;

/** A Node with everything readable, as in the pictures; `opened` is drawn open in place. */
export function placeLarge(
  node: NodeInput,
  rect: Rect,
  busBottom: number,
  opened: Opened | null,
  pods: Map<string, PodPlace>,
): NodePlace {
  const isOpen = opened !== null && node.pods.some((pod) => pod.uid === opened.uid);
  const wide = rect.w >= 560;
  const head = { x: rect.x + 18, y: rect.y + 22, w: rect.w - 36, h: 34 };
  const gauges = isOpen || wide ? inlineGauges(rect, isOpen) : stackedGauges(rect);
  const low = isOpen && isLow(rect);
  const open = isOpen ? openRect(rect, opened.height) : null;
  const top = rect.y + (low ? 66 : wide && !isOpen ? 114 : 126);
  const end = open ? open.x : right(rect) - PAD;
  const area: Rect = {
    x: rect.x + PAD,
    y: top,
    w: Math.max(0, end - rect.x - PAD),
    h: Math.max(0, bottom(rect) - 20 - top),
  };
  const others = node.pods.filter((pod) => !isOpen || pod.uid !== opened.uid);
  const filled = fillArea(node.name, area, others, "card", pods, isOpen ? OPEN_LANE : 0);
  const proxyX = trunkX(rect, open, filled);
  const kubeletX = open
    ? Math.min(Math.max(centerX(open), right(gauges.mem) + 40), right(rect) - 204)
    : centerX(rect);
  return {
    name: node.name,
    size: "large",
    rect,
    kubelet: { x: kubeletX - 76, y: rect.y - 20, w: 152, h: 40 },
    proxy: { x: clampTab(proxyX, 172, rect), y: bottom(rect) - 18, w: 172, h: 36 },
    wire: [
      { x: kubeletX, y: busBottom },
      { x: kubeletX, y: rect.y - 20 },
    ],
    head,
    gauges: low ? null : gauges,
    empty: filled.empty,
    open,
    trunk: proxyX,
    manifold: filled.lanes.length > 1 || (open && filled.lanes.length > 0) ? bottom(area) - 8 : null,
    hidden: filled.hidden,
  };
}

/** Between cards and opened Pod, or in the lane of the cards; left below an opened Pod that fills its Node. */
function trunkX(rect: Rect, open: Rect | null, filled: Filled): number {
  if (open && open.x - rect.x < 100) return rect.x + 110;
  if (open && filled.lanes.length !== 1) return open.x - OPEN_LANE / 2;
  return filled.middle ?? centerX(rect);
}

function clampTab(x: number, width: number, rect: Rect): number {
  return Math.min(Math.max(x - width / 2, rect.x + 6), Math.max(rect.x + 6, right(rect) - width - 6));
}

function inlineGauges(rect: Rect, isOpen: boolean): { cpu: Rect; mem: Rect } {
  const most = isOpen ? (rect.w - 44 - 250) / 2 : (rect.w - 44 - 26) / 2;
  const w = Math.min(isOpen ? 262 : 300, most);
  const y = rect.y + (isOpen ? 67 : 72);
  return { cpu: { x: rect.x + 20, y, w, h: 20 }, mem: { x: rect.x + 20 + w + 24, y, w, h: 20 } };
}

function stackedGauges(rect: Rect): { cpu: Rect; mem: Rect } {
  const w = rect.w - 36;
  const x = rect.x + 18;
  return { cpu: { x, y: rect.y + 66, w, h: 20 }, mem: { x, y: rect.y + 93, w, h: 20 } };
}

/** Too low for gauges above an opened Pod. */
const isLow = (rect: Rect): boolean => rect.h < 306;

/** The opened Pod stands at the right and leaves a column of cards at the left where there is room. */
function openRect(rect: Rect, height: number): Rect {
  const wish = Math.min(Math.max(rect.w * 0.7, 540), 720);
  const besides = rect.w - PAD - 20 - OPEN_LANE - wish >= 150;
  const w = besides ? wish : Math.min(rect.w - 2 * PAD, 720);
  const x = besides ? right(rect) - 20 - w : rect.x + (rect.w - w) / 2;
  const y = rect.y + (isLow(rect) ? 62 : 104);
  return { x, y, w, h: Math.max(0, Math.min(height, bottom(rect) - 22 - y)) };
}

interface Filled {
  empty: Rect[];
  lanes: number[];
  middle: number | null;
  hidden: number;
}

function chooseGrid(area: Rect, count: number, smallest: PodSize, reserved: number): Grid {
  const besides = { ...area, w: area.w - reserved };
  // A single column of cards beside an opened Pod has the reserved lane as its own.
  const single = reserved > 0 && besides.w < 320 ? gridFor(area, count, smallest) : null;
  if (single?.size === "card") return single;
  const grid = gridFor(besides, count, smallest);
  const several = new Set(grid.lanes).size > 1 || (reserved > 0 && grid.lanes.length > 0);
  return several ? gridFor({ ...besides, h: besides.h - 20 }, count, smallest) : grid;
}

/** Puts Pods into the slots of an area, `node` being the name of what they stand on; with several lanes the area keeps room for their manifold. */
export function fillArea(
  node: string,
  area: Rect,
  pods: readonly SlottedPod[],
  smallest: PodSize,
  places: Map<string, PodPlace>,
  reserved: number,
): Filled {
  const grid = chooseGrid(area, pods.length, smallest, reserved);
  const taken = new Set<number>();
  let hidden = 0;
  for (const pod of fitted(pods, grid.slots.length)) {
    const rect = grid.slots[pod.slot];
    if (!rect) {
      hidden += 1;
      continue;
    }
    taken.add(pod.slot);
    places.set(pod.uid, { rect, size: grid.size, node, lane: grid.lanes[pod.slot] ?? null });
  }
  const lanes = [...new Set(grid.lanes)].sort((a, b) => a - b);
  return {
    empty: grid.size === "card" ? grid.slots.filter((_, slot) => !taken.has(slot)) : [],
    lanes,
    middle: lanes[Math.floor((lanes.length - 1) / 2)] ?? null,
    hidden,
  };
}

/** A Node of a room with 5 to 12: name, gauges, chips, and small tabs. */
export function placeCompact(
  node: NodeInput,
  rect: Rect,
  wire: (kubelet: Rect) => NodePlace["wire"],
  pods: Map<string, PodPlace>,
): NodePlace {
  const kubelet = { x: centerX(rect) - 56, y: rect.y - 15, w: 112, h: 30 };
  const half = (rect.w - 28 - 16) / 2;
  const gaugeY = rect.y + 50;
  const area = { x: rect.x + 14, y: rect.y + 76, w: rect.w - 28, h: Math.max(0, rect.h - 76 - 16) };
  const filled = fillArea(node.name, area, node.pods, "chip", pods, 0);
  return {
    name: node.name,
    size: "compact",
    rect,
    kubelet,
    proxy: { x: centerX(rect) - 36, y: bottom(rect) - 14, w: 72, h: 28 },
    wire: wire(kubelet),
    head: { x: rect.x + 14, y: rect.y + 19, w: rect.w - 28, h: 26 },
    gauges: {
      cpu: { x: rect.x + 14, y: gaugeY, w: half, h: 16 },
      mem: { x: rect.x + 14 + half + 16, y: gaugeY, w: half, h: 16 },
    },
    empty: [],
    open: null,
    trunk: centerX(rect),
    manifold: null,
    hidden: filled.hidden,
  };
}

/** A Node of a room with 13 to 40: its name and its Pods as squares. */
export function placeTile(node: NodeInput, rect: Rect, pods: Map<string, PodPlace>): NodePlace {
  const area = { x: rect.x + 8, y: rect.y + 32, w: rect.w - 16, h: Math.max(0, rect.h - 40) };
  const filled = fillArea(node.name, area, node.pods, "chip", pods, 0);
  return {
    name: node.name,
    size: "tile",
    rect,
    kubelet: null,
    proxy: null,
    wire: [],
    head: { x: rect.x + 8, y: rect.y + 5, w: rect.w - 16, h: 24 },
    gauges: null,
    empty: [],
    open: null,
    trunk: centerX(rect),
    manifold: null,
    hidden: filled.hidden,
  };
}
