/** Ways between two places: orthogonal, with rounded corners, in lanes that cross no card. */
import {
  bottom,
  centerX,
  centerY,
  right,
  type Board,
  type ComponentName,
  type NodePlace,
  type Point,
  type PodPlace,
} from "./types.ts";

/** An SVG path through the points with corners of the given radius. */
export function roundedPath(points: readonly Point[], radius = 12): string {
  const [first, ...rest] = points;
  if (!first) return "";
  let d = `M${first.x} ${first.y}`;
  rest.forEach((point, index) => {
    const next = rest[index + 1];
    const before = index === 0 ? first : rest[index - 1];
    if (!next || !before) {
      d += ` L${point.x} ${point.y}`;
      return;
    }
    const r = Math.min(radius, distance(before, point) / 2, distance(point, next) / 2);
    const into = towards(point, before, r);
    const out = towards(point, next, r);
    d += ` L${into.x} ${into.y} Q${point.x} ${point.y} ${out.x} ${out.y}`;
  });
  return d;
}

export function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function towards(from: Point, to: Point, length: number): Point {
  const whole = distance(from, to);
  if (whole === 0) return from;
  return { x: from.x + ((to.x - from.x) * length) / whole, y: from.y + ((to.y - from.y) * length) / whole };
}

export interface Position extends Point {
  /** Direction of travel in degrees; 0 is to the right, 90 down. */
  angle: number;
}

/** Where a traveller is after `share` (0 to 1) of the way. */
export function pointAlong(points: readonly Point[], share: number): Position {
  const legs = points.slice(1).map((to, index) => {
    const from = points[index] ?? to;
    return { from, to, length: distance(from, to) };
  });
  let left = legs.reduce((sum, leg) => sum + leg.length, 0) * Math.min(Math.max(share, 0), 1);
  let last: Position = { ...(points[0] ?? { x: 0, y: 0 }), angle: 0 };
  for (const { from, to, length } of legs) {
    if (length === 0) continue;
    const part = Math.min(left / length, 1);
    const angle = (Math.atan2(to.y - from.y, to.x - from.x) * 180) / Math.PI;
    last = { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part, angle };
    if (left <= length) return last;
    left -= length;
  }
  return last;
}

/** From a card of the control plane down to the API server. */
export function cardWire(board: Board, name: ComponentName): Point[] {
  const card = board.cards[name];
  const x = centerX(card);
  return [
    { x, y: bottom(card) },
    { x, y: board.bus.y },
  ];
}

/** From the API server's bar to a Node's kubelet; empty where Nodes are too small to have one. */
export function kubeletWire(board: Board, node: string): Point[] {
  return board.nodes.find((place) => place.name === node)?.wire ?? [];
}

/** From kube-proxy up its lane to a Pod's edge, or to the opened Pod. */
export function endpointWay(node: NodePlace, pod: PodPlace | null): Point[] {
  if (!node.proxy) return [];
  const start = { x: node.trunk, y: node.proxy.y };
  if (!pod) {
    if (!node.open) return [];
    // Without a column of cards beside it, the opened Pod stands right above kube-proxy.
    if (start.x > node.open.x) return [start, { x: start.x, y: bottom(node.open) }];
    const y = bottom(node.open) - 40;
    return [start, { x: start.x, y }, { x: node.open.x, y }];
  }
  if (pod.lane === null) return [];
  const y = centerY(pod.rect);
  const end = { x: pod.rect.x > pod.lane ? pod.rect.x : right(pod.rect), y };
  if (node.manifold === null || Math.abs(pod.lane - start.x) < 1) return [start, { x: start.x, y }, end];
  return [
    start,
    { x: start.x, y: node.manifold },
    { x: pod.lane, y: node.manifold },
    { x: pod.lane, y },
    end,
  ];
}

/** From the Service's bar up to a Node's kube-proxy. */
export function serviceWay(board: Board, node: NodePlace): Point[] {
  // Among small Nodes in two rows a line would cross others; their endpoints are marked instead.
  if (!board.service || !node.proxy || node.size !== "large") return [];
  const { bar } = board.service;
  const x = node.trunk;
  const landing = Math.min(Math.max(x, bar.x + 20), right(bar) - 20);
  const top = bottom(node.proxy);
  if (landing === x) {
    return [
      { x, y: bar.y },
      { x, y: top },
    ];
  }
  const turn = bar.y - 14;
  return [
    { x: landing, y: bar.y },
    { x: landing, y: turn },
    { x, y: turn },
    { x, y: top },
  ];
}
