/**
 * The way of a request over the board: out of its Pod, down its lane, along the corridor under the Nodes, up to the
 * endpoint. Enters: both ends and the kinds of its hops. Leaves: one stretch of points for each hop.
 */
import {
  bottom,
  centerX,
  centerY,
  right,
  type Board,
  type NodePlace,
  type Point,
  type PodPlace,
} from "./types.ts";

/** One end of a request as the board knows it. */
export interface End {
  /** UID of the Pod, "" for others. */
  uid: string;
  node: string;
  /** Another place than a Pod's: the outside, or a name server that is no drawn Pod. */
  place: "pod" | "outside" | "dns";
}

export interface WayHop {
  kind: string;
  node: string;
}

/** Ways of requests that pass and of those that are stopped go beside each other. */
export type Track = "passing" | "stopped";
export const OFFSET: Record<Track, number> = { passing: -6, stopped: 8 };

export interface Stretch {
  /** Index of the hop that it stands for. */
  hop: number;
  points: Point[];
}

interface Side {
  /** From the edge of the Pod down to the top of kube-proxy; empty when the Pod has no lane. */
  down: Point[];
  /** Where the way comes out under the Node, or at the top of the box of the outside. */
  port: Point | null;
}

/** Empty when an end is not drawn. */
export function requestWay(
  board: Board,
  from: End,
  to: End | null,
  hops: readonly WayHop[],
  track: Track,
): Stretch[] {
  const offset = OFFSET[track];
  if (hops[0]?.kind === "loopback") return loopback(board, from);
  const near = sideOf(board, from, offset);
  const far = to && sideOf(board, to, offset);
  const stretches: Stretch[] = [];
  const last = (): Point | undefined => stretches.at(-1)?.points.at(-1);
  hops.forEach((hop, index) => {
    const points = stretchOf(board, hop, hops.slice(0, index), { near, far, offset, last: last(), to });
    stretches.push({ hop: index, points });
  });
  return stretches;
}

interface Sides {
  near: Side;
  far: Side | null;
  offset: number;
  last: Point | undefined;
  to: End | null;
}

function stretchOf(
  board: Board,
  hop: WayHop,
  before: readonly WayHop[],
  { near, far, offset, last, to }: Sides,
): Point[] {
  switch (hop.kind) {
    case "egress":
      return near.down;
    case "rules":
      return last ? [last] : near.port ? [near.port] : [];
    case "wire": {
      const start = before.length === 0 || !last ? near.port : under(board, last, before, offset);
      const node = board.nodes.find((place) => place.name === hop.node);
      const end = node
        ? portOf(node, offset)
        : (far?.port ?? boxPort(board, hop.node === "" ? "outside" : to?.place, offset));
      if (!start || !end) return [];
      return [...(last && last !== start ? [last] : []), ...along(board, start, end, offset)];
    }
    case "ingress": {
      if (!far) return [];
      // A name server that is no Pod stands in the Service's row: its way goes along the corridor too.
      if (far.down.length === 0 && far.port) {
        const start = last ? under(board, last, before, offset) : near.port;
        return start ? [...(last ? [last] : []), ...along(board, start, far.port, offset)] : [];
      }
      const up = [...far.down].reverse();
      const top = up[0];
      if (last && top && Math.abs(last.x - top.x) > 1) return [last, ...up];
      return last ? [last, ...up] : up;
    }
    default:
      return last ? [last] : [];
  }
}

/** Where a way that has come down to kube-proxy leaves its Node. */
function under(board: Board, at: Point, before: readonly WayHop[], offset: number): Point {
  const name = before.findLast((hop) => hop.node)?.node;
  const node = board.nodes.find((place) => place.name === name);
  return (node && portOf(node, offset)) ?? at;
}

function portOf(node: NodePlace, offset: number): Point | null {
  if (node.proxy) return { x: node.trunk + offset, y: bottom(node.proxy) };
  return node.size === "tile" ? { x: centerX(node.rect), y: bottom(node.rect) } : null;
}

function boxPort(board: Board, place: End["place"] | undefined, offset: number): Point | null {
  const box = place === "dns" ? board.service?.dns : board.service?.client;
  return box ? { x: centerX(box) + offset, y: box.y } : null;
}

function sideOf(board: Board, end: End, offset: number): Side {
  if (end.place !== "pod") return { down: [], port: boxPort(board, end.place, offset) };
  const node = board.nodes.find((place) => place.name === end.node);
  if (!node) return { down: [], port: null };
  return { down: laneDown(node, board.pods.get(end.uid) ?? null, offset), port: portOf(node, offset) };
}

/** From a Pod's edge down its lane to kube-proxy. */
export function laneDown(node: NodePlace, pod: PodPlace | null, offset: number): Point[] {
  const proxy = node.proxy;
  if (!proxy) return [];
  const foot = { x: node.trunk + offset, y: proxy.y };
  if (!pod || pod.node !== node.name) {
    if (!node.open || pod) return [];
    const y = bottom(node.open) - 40 + offset;
    if (foot.x > node.open.x) return [{ x: foot.x, y: bottom(node.open) }, foot];
    return [{ x: node.open.x, y }, { x: foot.x, y }, foot];
  }
  if (pod.lane === null) return [];
  const y = centerY(pod.rect) + offset;
  const edge = { x: pod.rect.x > pod.lane ? pod.rect.x : right(pod.rect), y };
  const lane = pod.lane + offset;
  if (node.manifold === null || Math.abs(pod.lane - node.trunk) < 1) return [edge, { x: foot.x, y }, foot];
  const across = node.manifold + offset * 0.6;
  return [edge, { x: lane, y }, { x: lane, y: across }, { x: foot.x, y: across }, foot];
}

/** Through the corridor under the Nodes; between two rows of Nodes, through the gap beside them. */
function along(board: Board, start: Point, end: Point, offset: number): Point[] {
  const low = corridorOf(board, offset);
  const first = rowCorridor(board, start, offset);
  const second = rowCorridor(board, end, offset);
  if (first === second) return [start, { x: start.x, y: first }, { x: end.x, y: first }, end];
  const gutter = gutterX(board, start.y < end.y ? end : start, offset);
  return [
    start,
    { x: start.x, y: first },
    { x: gutter, y: first },
    { x: gutter, y: second === low ? low : second },
    { x: end.x, y: second === low ? low : second },
    end,
  ];
}

/** y of the corridor above the Services. */
export function corridorOf(board: Board, offset = 0): number {
  const shift = offset > 0 ? 18 : 0;
  const foot = board.service?.bar.y ?? board.height - 4;
  return foot - (board.thin ? 34 : 17) + shift * (board.thin ? 1 : 0.5);
}

/** y of the corridor right under the row of Nodes that a point belongs to. */
function rowCorridor(board: Board, point: Point, offset: number): number {
  const row = board.nodes.find((node) => node.proxy && Math.abs(bottom(node.proxy) - point.y) < 2);
  const below = row && board.nodes.some((node) => node.rect.y > bottom(row.rect));
  return row && below ? bottom(row.rect) + 22 + offset : corridorOf(board, offset);
}

/** x of the gap between two columns of Nodes that is nearest to a point. */
function gutterX(board: Board, point: Point, offset: number): number {
  const edges = [...new Set(board.nodes.map((node) => node.rect.x))].sort((a, b) => a - b);
  const gaps = edges.slice(1).map((x) => x - 14);
  const nearest = gaps.reduce(
    (best, x) => (Math.abs(x - point.x) < Math.abs(best - point.x) ? x : best),
    gaps[0] ?? 14,
  );
  return nearest + offset * 0.6;
}

/** A call to localhost turns round inside its Pod. */
function loopback(board: Board, from: End): Stretch[] {
  const node = board.nodes.find((place) => place.name === from.node);
  const rect = board.pods.get(from.uid)?.rect ?? node?.open;
  if (!rect) return [];
  const y = bottom(rect) - 12;
  const [a, b] = [rect.x + Math.min(60, rect.w / 3), right(rect) - 16];
  return [
    {
      hop: 0,
      points: [
        { x: a, y },
        { x: b, y },
        { x: b, y: y - 14 },
        { x: a + 10, y: y - 14 },
      ],
    },
    { hop: 1, points: [{ x: a + 10, y: y - 14 }] },
  ];
}

/** All stretches up to the end of hop `until` as one line. */
export function wholeWay(stretches: readonly Stretch[], until = Infinity): Point[] {
  const points: Point[] = [];
  for (const { hop, points: some } of stretches) {
    if (hop > until) break;
    for (const point of some) {
      const before = points.at(-1);
      if (!before || Math.hypot(before.x - point.x, before.y - point.y) > 0.5) points.push(point);
    }
  }
  return points;
}
