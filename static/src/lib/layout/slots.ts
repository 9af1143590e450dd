/** Which slot of its Node a Pod has, and where the slots of an area lie. */
import type { PodSize, Rect } from "./types.ts";

export interface SlottedPod {
  uid: string;
  slot: number;
}

/** Keeps every Pod's slot while it lives; a new Pod takes the first free one, so that nothing jumps. */
export function assignSlots(
  previous: ReadonlyMap<string, number>,
  uids: readonly string[],
): Map<string, number> {
  const slots = new Map<string, number>();
  const taken = new Set<number>();
  for (const uid of uids) {
    const slot = previous.get(uid);
    if (slot === undefined || taken.has(slot)) continue;
    slots.set(uid, slot);
    taken.add(slot);
  }
  let free = 0;
  for (const uid of uids) {
    if (slots.has(uid)) continue;
    while (taken.has(free)) free += 1;
    slots.set(uid, free);
    taken.add(free);
  }
  return slots;
}

export interface Grid {
  size: PodSize;
  slots: Rect[];
  /** Lane beside each slot, for its endpoint line; empty for chips and squares. */
  lanes: number[];
}

const LANE = 28;
const PAIR_GAP = 12;
/** Cards are at least so wide that an IP address and a status fit. */
const CARD = { minW: 176, maxW: 252, minH: 56, h: 80, gap: 8, wish: 222 };
const CHIP = { minW: 92, wish: 126, maxW: 300, h: 34, gap: 6 };
const SQUARES = [
  { side: 32, gap: 6 },
  { side: 22, gap: 4 },
  { side: 14, gap: 3 },
  { side: 9, gap: 2 },
];

/** The largest drawing in which `count` Pods fit `area`; with too many, the last squares that fit. */
export function gridFor(area: Rect, count: number, smallest: PodSize = "card"): Grid {
  const cards = smallest === "card" ? cardGrid(area, count) : null;
  if (cards) return cards;
  const chips = smallest === "square" ? null : chipGrid(area, count);
  if (chips) return chips;
  for (const { side, gap } of SQUARES) {
    const grid = squareGrid(area, side, gap);
    if (grid.slots.length >= count) return grid;
  }
  return squareGrid(area, 9, 2);
}

function cardWidth(width: number, columns: number): number {
  const pairs = Math.ceil(columns / 2);
  return Math.min(CARD.maxW, (width - pairs * LANE - (pairs - 1) * PAIR_GAP) / columns);
}

function cardGrid(area: Rect, count: number): Grid | null {
  // One column, or pairs of columns with a lane between the two of a pair.
  let most = cardWidth(area.w, 1) >= CARD.minW ? 1 : 0;
  while (cardWidth(area.w, most === 1 ? 2 : most + 2) >= CARD.minW) most = most === 1 ? 2 : most + 2;
  if (most === 0 || area.h < CARD.minH) return null;
  const wish = Math.floor(area.w / CARD.wish);
  const first = Math.min(most, wish > 2 ? wish - (wish % 2) : 2);
  for (const least of [CARD.h, CARD.minH]) {
    const rows = Math.floor((area.h + CARD.gap) / (Math.min(least, area.h) + CARD.gap));
    for (let columns = first; columns <= most; columns += 2) {
      if (columns * rows >= count) return placeCards(area, columns, rows, count);
    }
  }
  return null;
}

function placeCards(area: Rect, columns: number, maxRows: number, count: number): Grid {
  const tallRows = Math.max(1, Math.floor((area.h + CARD.gap) / (CARD.h + CARD.gap)));
  const rows = Math.max(Math.min(tallRows, maxRows), Math.ceil(count / columns));
  const h = Math.min(CARD.h, (area.h - (rows - 1) * CARD.gap) / rows);
  const w = cardWidth(area.w, columns);
  const pairs = Math.ceil(columns / 2);
  const single = columns === 1;
  const pairW = (area.w - (pairs - 1) * PAIR_GAP) / pairs;
  const slots: Rect[] = [];
  const lanes: number[] = [];
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const pair = Math.floor(column / 2);
      const start = area.x + pair * (pairW + PAIR_GAP);
      const rightOne = column % 2 === 1;
      slots.push({ x: rightOne ? start + pairW - w : start, y: area.y + row * (h + CARD.gap), w, h });
      lanes.push(single ? start + w + LANE / 2 + 3 : start + pairW / 2);
    }
  }
  return { size: "card", slots, lanes };
}

/** As few columns as will do, so that chips are wide enough for more than a suffix. */
function chipGrid(area: Rect, count: number): Grid | null {
  const most = Math.floor((area.w + CHIP.gap) / (CHIP.minW + CHIP.gap));
  const rows = Math.floor((area.h + CHIP.gap) / (CHIP.h + CHIP.gap));
  if (most * rows < Math.max(count, 1)) return null;
  const least = area.w < 2 * CHIP.wish ? 1 : 2;
  const columns = Math.min(most, Math.max(least, Math.ceil(count / rows)));
  const w = Math.min(CHIP.maxW, (area.w - (columns - 1) * CHIP.gap) / columns);
  const slots: Rect[] = [];
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      slots.push({
        x: area.x + column * (w + CHIP.gap),
        y: area.y + row * (CHIP.h + CHIP.gap),
        w,
        h: CHIP.h,
      });
    }
  }
  return { size: "chip", slots, lanes: [] };
}

function squareGrid(area: Rect, side: number, gap: number): Grid {
  const columns = Math.max(0, Math.floor((area.w + gap) / (side + gap)));
  const rows = Math.max(0, Math.floor((area.h + gap) / (side + gap)));
  const slots: Rect[] = [];
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      slots.push({
        x: area.x + column * (side + gap),
        y: area.y + row * (side + gap),
        w: side,
        h: side,
      });
    }
  }
  return { size: "square", slots, lanes: [] };
}

/** Slot numbers made to fit `capacity`: as they are if they do, else closed up in their order. */
export function fitted(pods: readonly SlottedPod[], capacity: number): SlottedPod[] {
  const inOrder = [...pods].sort((a, b) => a.slot - b.slot || (a.uid < b.uid ? -1 : 1));
  if (inOrder.every((pod) => pod.slot < capacity)) return inOrder;
  return inOrder.map((pod, slot) => ({ uid: pod.uid, slot }));
}
