/** The row of Pods that have no Node yet, between control plane and Nodes; wires pass between its cards. */
import type { PodPlace, Rect, Shelf } from "./types.ts";

export const SHELF_HEIGHT = 70;
const CARD_WISH = 330;
const CARD_MAX = 520;
const CARD_MIN = 200;
const GAP = 12;

/** A way to a kubelet, and how much room it needs at either side. */
export interface Wire {
  x: number;
  room: number;
}

export function placeShelf(
  rect: Rect,
  waiting: readonly string[],
  wires: readonly Wire[],
  pods: Map<string, PodPlace>,
): Shelf {
  const spans = spansBetween(rect, wires);
  let slots = spans.flatMap((span) => cardsIn(rect, span, CARD_WISH));
  if (slots.length < waiting.length) slots = spans.flatMap((span) => cardsIn(rect, span, CARD_MIN));
  // The widest places hold the most of the scheduler's reason.
  const chosen = [...slots]
    .sort((a, b) => b.w - a.w)
    .slice(0, waiting.length)
    .sort((a, b) => a.x - b.x);
  waiting.forEach((uid, index) => {
    const slot = chosen[index];
    if (slot) pods.set(uid, { rect: slot, size: "card", node: "", lane: null });
  });
  return { rect, hidden: Math.max(0, waiting.length - slots.length) };
}

type Span = readonly [from: number, to: number];

function spansBetween(rect: Rect, wires: readonly Wire[]): Span[] {
  const spans: Span[] = [];
  let from = rect.x;
  for (const { x, room } of [...wires].sort((a, b) => a.x - b.x)) {
    spans.push([from, x - room]);
    from = x + room;
  }
  spans.push([from, rect.x + rect.w]);
  return spans;
}

function cardsIn(rect: Rect, [from, to]: Span, wish: number): Rect[] {
  const length = to - from;
  if (length < CARD_MIN) return [];
  const count = Math.max(1, Math.floor((length + GAP) / (wish + GAP)));
  const w = Math.min(CARD_MAX, (length - (count - 1) * GAP) / count);
  return Array.from({ length: count }, (_, index) => ({
    x: from + index * (w + GAP),
    y: rect.y,
    w,
    h: rect.h,
  }));
}
