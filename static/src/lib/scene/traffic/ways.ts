/** Requests as ways over the board: where they begin and end, how their name is looked up, where they are stopped. */
import { failedAtName, failure } from "../../cluster/requests.ts";
import type { Show } from "../../cluster/show.ts";
import {
  requestWay,
  wholeWay,
  type End,
  type Stretch,
  type Track,
  type WayHop,
} from "../../layout/request-way.ts";
import { pointAlong, type Position } from "../../layout/route.ts";
import type { Board, Point } from "../../layout/types.ts";
import type { PeerView, RequestView } from "../../live/protocol.ts";

export const trackOf = (request: RequestView): Track => (failure(request) ? "stopped" : "passing");

export const isDrawn = (board: Board, peer: PeerView | null): boolean =>
  peer?.kind === "pod" &&
  (board.pods.get(peer.uid)?.node === peer.node ||
    board.nodes.some((node) => node.open && node.name === peer.node));

function endOf(board: Board, peer: PeerView, dns: boolean): End {
  if (dns && !board.pods.has(peer.uid)) return { uid: "", node: "", place: "dns" };
  if (peer.kind === "outside") return { uid: "", node: "", place: "outside" };
  return { uid: peer.uid, node: peer.node, place: "pod" };
}

/** The way of the request itself, hop by hop. */
export function wayOfRequest(board: Board, request: RequestView): Stretch[] {
  const { client, endpoint, hops } = request;
  const to = endpoint ? endOf(board, endpoint, false) : null;
  return requestWay(board, endOf(board, client, false), to, hops, trackOf(request));
}

/** The way of its questions for a name. Facts do not tell its hops, but they are always the same. */
export function wayOfLookup(board: Board, request: RequestView): Stretch[] {
  const { lookup, client } = request;
  if (!lookup) return [];
  const end = lookup.endpoint;
  const to: End =
    end && board.pods.has(end.uid) ? endOf(board, end, true) : { uid: "", node: "", place: "dns" };
  const hops: WayHop[] = [];
  if (client.kind !== "outside") hops.push({ kind: "egress", node: client.node });
  hops.push({ kind: "rules", node: client.node });
  const stoppedHere = lookup.rule === "egress" || lookup.reason === "noEndpoints";
  if (!stoppedHere) {
    if (to.place === "pod" && to.node !== client.node) hops.push({ kind: "wire", node: to.node });
    hops.push({ kind: "ingress", node: to.node });
  }
  return requestWay(
    board,
    endOf(board, client, false),
    to,
    hops,
    failedAtName(request) ? "stopped" : "passing",
  );
}

/** All the way to where it ends or is stopped. */
export function lineOf(board: Board, request: RequestView): Point[] {
  if (request.at === null) return wholeWay(wayOfLookup(board, request));
  return wholeWay(wayOfRequest(board, request), request.stoppedAt >= 0 ? request.stoppedAt : Infinity);
}

/** Where a traveller is; null when nothing of its way is drawn. */
export function pointOf(board: Board, show: Show): Position | null {
  const { request, stage, hop, share } = show;
  if (stage === "lookup") {
    const way = wholeWay(wayOfLookup(board, request));
    if (way.length === 0) return null;
    if (failedAtName(request)) return pointAlong(way, share);
    const back = share > 0.5;
    const at = pointAlong(way, back ? 2 - 2 * share : 2 * share);
    return back ? turned(at) : at;
  }
  if (stage === "stopped" || (stage === "over" && request.at === null)) {
    const line = lineOf(board, request);
    return line.length > 0 ? pointAlong(line, 1) : null;
  }
  const stretches = wayOfRequest(board, request);
  if (stage === "hop") {
    const points = stretches.find((one) => one.hop === hop)?.points ?? [];
    const first = points[0];
    if (!first) return null;
    const before = wholeWay(stretches, hop);
    // A stretch of no length: it stands at kube-proxy and has come from where it came.
    return points.length > 1
      ? pointAlong(points, share)
      : { ...pointAlong(before, 1), x: first.x, y: first.y };
  }
  const line = wholeWay(stretches);
  if (line.length === 0) return null;
  return turned(pointAlong(line, stage === "over" ? 0 : 1 - share));
}

const turned = (at: Position): Position => ({ ...at, angle: at.angle + 180 });

/** The lines of many requests, drawn once each: stretches that several share carry what all of them carry. */
export interface Strand {
  key: string;
  points: Point[];
  track: Track | "lookup";
  perSecond: number;
}

export function strandsOf(
  board: Board,
  ways: Iterable<{ request: RequestView; perSecond: number }>,
): Strand[] {
  const strands = new Map<string, Strand>();
  for (const { request, perSecond } of ways) {
    const track = request.at === null && !failedAtName(request) ? "lookup" : trackOf(request);
    const stretches = request.at === null ? wayOfLookup(board, request) : wayOfRequest(board, request);
    for (const { hop, points } of stretches) {
      if (request.stoppedAt >= 0 && hop > request.stoppedAt) break;
      if (points.length < 2) continue;
      const key = `${track} ${points.map(({ x, y }) => `${Math.round(x)},${Math.round(y)}`).join(" ")}`;
      const same = strands.get(key);
      strands.set(key, { key, points, track, perSecond: perSecond + (same?.perSecond ?? 0) });
    }
  }
  // In a steady order: a line that changes its place among the others would begin anew.
  return [...strands.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}
