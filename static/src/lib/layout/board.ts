/**
 * Where everything of the stage lies: a pure function of the room on the page and of what is in the cluster.
 * Enters: Nodes with their Pods in slots, the Pod drawn open, the Pods that wait. Leaves: one `Board`.
 *
 * The pictures fall back one after the other: large Nodes, two compact rows, tiles with Pods, tiles with counts
 * (`tally`), counts alone. A fleet view drawn by WebGL takes the place of the last: `counts` is the room it gets.
 */
import { placeCompact, placeLarge, OPEN_HEIGHT, type NodeInput, type Opened } from "./node.ts";
import { placeShelf, SHELF_HEIGHT } from "./shelf.ts";
import { placeGroups, placeTiles } from "./tiles.ts";
import {
  bottom,
  centerX,
  right,
  type Board,
  type ComponentName,
  type GroupPlace,
  type NodePlace,
  type PodPlace,
  type Rect,
} from "./types.ts";

export interface BoardInput {
  width: number;
  height: number;
  /** Sorted by name. */
  nodes: readonly NodeInput[];
  /** UID of the Pod drawn open, if any. */
  opened: string | null;
  /** How high the opened Pod would like to be. */
  openHeight?: number;
  /** UIDs of the Pods on the shelf, oldest first. */
  waiting: readonly string[];
  /** How many Services are drawn; the first as a bar, the others as chips. */
  services: number;
  /** Pods in other boxes than Nodes; null draws the Nodes. */
  groups?: readonly NodeInput[] | null;
  /** The controllers' card shows a rolling update, and needs room for it. */
  rolling?: boolean;
  /** A request is told: the control plane, which it never passes, shrinks to a bar. */
  traffic?: Traffic | null;
}

/** What a request needs room for beside the Nodes and the Service. */
export interface Traffic {
  /** Name lookups go to a name server that is not drawn as a Pod. */
  dns: boolean;
  /** Requests come from outside, or go there. */
  outside: boolean;
}

const MARGIN = 40;
/** Room between Nodes and Service in which requests go from Node to Node. */
const CORRIDOR = 88;
const LARGE_MAX = 4;
const COMPACT_MAX = 12;
export const TILE_MAX = 40;
/** More Pods than this are counted instead of drawn. */
export const DRAWN_MAX = 1000;
/** Room at either side of a way to a kubelet, without and with the numbers of its steps. */
const ROOM = 18;
const ROOM_WITH_STEPS = 50;
const MIN_NODE = 220;
const MIN_FOCUS = 560;
/** Width of the Node in focus when the others are drawn small. */
const FOCUS_BESIDE = 700;

export function layoutBoard(input: BoardInput): Board {
  const { width, height } = input;
  const slim = input.waiting.length > 0;
  const traffic = input.traffic ?? null;
  const plane = traffic ? thinPlane(width) : controlPlane(width, slim, input.rolling ?? false);
  const service = serviceBar(width, height, input.services, traffic);
  const pods = new Map<string, PodPlace>();
  const top = bottom(plane.zone) + (slim ? SHELF_HEIGHT + 10 : 0) + 36;
  const end = service ? service.bar.y - (traffic ? CORRIDOR : 46) : height - 22;
  const area: Rect = { x: MARGIN, y: top, w: width - 2 * MARGIN, h: Math.max(120, end - top) };
  const tally = input.nodes.reduce((sum, node) => sum + node.pods.length, 0) > DRAWN_MAX;
  const { nodes, groups, counts } = placeMiddle(input, tally, area, bottom(plane.bus), pods);
  const shelf = slim
    ? placeShelf(
        { x: MARGIN, y: bottom(plane.zone) + 12, w: width - 2 * MARGIN, h: SHELF_HEIGHT },
        input.waiting,
        nodes.flatMap((node) =>
          node.wire.slice(0, 1).map(({ x }) => ({ x, room: node.open ? ROOM_WITH_STEPS : ROOM })),
        ),
        pods,
      )
    : null;
  return {
    width,
    height,
    ...plane,
    slim,
    thin: traffic !== null,
    shelf,
    nodes,
    groups,
    tally,
    pods,
    counts,
    service,
  };
}

/** What stands between control plane and Services. */
function placeMiddle(
  input: BoardInput,
  tally: boolean,
  area: Rect,
  busBottom: number,
  pods: Map<string, PodPlace>,
): { nodes: NodePlace[]; groups: GroupPlace[]; counts: Rect | null } {
  if (!tally && input.groups)
    return { nodes: [], groups: placeGroups(input.groups, area, pods), counts: null };
  if (tally && input.nodes.length <= TILE_MAX) {
    const bare = input.nodes.map((node) => ({ ...node, pods: [] }));
    return { nodes: placeTiles(bare, area, pods), groups: [], counts: null };
  }
  return { ...placeNodes(input, area, busBottom, pods), groups: [] };
}

function controlPlane(width: number, slim: boolean, rolling: boolean): Pick<Board, "zone" | "cards" | "bus"> {
  const cardY = slim ? 10 : 32;
  const cardH = slim ? 84 : rolling ? 118 : 92;
  const busH = slim ? 56 : 62;
  const busY = cardY + cardH + 22;
  const gap = 32;
  const usable = width - 96 - 3 * gap;
  const shares: [ComponentName, number][] = [
    ["client", rolling ? 0.14 : 0.183],
    ["controllers", rolling ? 0.52 : 0.262],
    ["scheduler", rolling ? 0.18 : 0.324],
    ["etcd", rolling ? 0.16 : 0.231],
  ];
  const cards = {} as Record<ComponentName, Rect>;
  let x = 48;
  for (const [name, share] of shares) {
    cards[name] = { x, y: cardY, w: usable * share, h: cardH };
    x += usable * share + gap;
  }
  const bus = { x: 48, y: busY, w: width - 96, h: busH };
  return { zone: { x: 24, y: 0, w: width - 48, h: busY + busH + 14 }, cards, bus };
}

/** The control plane as a bar: the API server, and beside it the network plugin. */
function thinPlane(width: number): Pick<Board, "zone" | "cards" | "bus"> {
  const bus = { x: 48, y: 9, w: width - 96 - Math.min(560, width * 0.3) - 16, h: 52 };
  const nowhere = { x: bus.x, y: bus.y, w: 0, h: 0 };
  const cards = { client: nowhere, controllers: nowhere, scheduler: nowhere, etcd: nowhere };
  return { zone: { x: 24, y: 0, w: width - 48, h: 70 }, cards, bus };
}

function serviceBar(
  width: number,
  height: number,
  services: number,
  traffic: Traffic | null,
): Board["service"] {
  if (services === 0 && !traffic) return null;
  const others = services > 1 ? 42 : 0;
  const y = height - 74 - others;
  if (traffic) {
    const wide = { y, w: 196, h: 68 };
    const client = traffic.outside ? { x: MARGIN, ...wide } : null;
    const dns = traffic.dns ? { x: client ? right(client) + 16 : MARGIN, ...wide } : null;
    const last = dns ?? client;
    const barX = last ? right(last) + 16 : MARGIN;
    const rest = { x: barX, w: width - MARGIN - barX };
    return { client, dns, bar: { ...rest, y, h: 68 }, others: others ? { ...rest, y: y + 76, h: 34 } : null };
  }
  const client = { x: MARGIN, y, w: 164, h: 68 };
  const barX = right(client) + 40;
  return {
    client,
    dns: null,
    bar: { x: barX, y, w: width - MARGIN - barX, h: 68 },
    others: others ? { x: barX, y: y + 76, w: width - MARGIN - barX, h: 34 } : null,
  };
}

function placeNodes(
  input: BoardInput,
  area: Rect,
  busBottom: number,
  pods: Map<string, PodPlace>,
): { nodes: NodePlace[]; counts: Rect | null } {
  const { nodes } = input;
  const opened: Opened | null =
    input.opened === null ? null : { uid: input.opened, height: input.openHeight ?? OPEN_HEIGHT };
  const focus =
    opened === null ? undefined : nodes.find((node) => node.pods.some((pod) => pod.uid === opened.uid));
  const widths = nodes.length <= LARGE_MAX ? rowWidths(nodes, focus, area.w) : null;
  if (widths) return { nodes: placeRow(nodes, widths, area, busBottom, opened, pods), counts: null };
  if (!focus) return placeSmall(nodes, area, busBottom, pods);
  const focusW = Math.min(FOCUS_BESIDE, area.w * 0.62);
  const rest = { ...area, w: area.w - focusW - 24 };
  const small = placeSmall(
    nodes.filter((node) => node !== focus),
    rest,
    busBottom,
    pods,
  );
  const large = placeLarge(focus, { ...area, x: right(rest) + 24, w: focusW }, busBottom, opened, pods);
  return { nodes: [...small.nodes, large], counts: small.counts };
}

const rowGap = (count: number): number => (count > 3 ? 24 : 32);

/** Widths of Nodes side by side, the one in focus wider; null when that leaves too little for the others. */
function rowWidths(
  nodes: readonly NodeInput[],
  focus: NodeInput | undefined,
  width: number,
): number[] | null {
  const total = width - rowGap(nodes.length) * (nodes.length - 1);
  if (!focus || nodes.length === 1) {
    const each = total / Math.max(nodes.length, 1);
    return each >= MIN_NODE ? nodes.map(() => each) : null;
  }
  const others = nodes.length - 1;
  const wish = nodes.length === 2 ? total * 0.6 : Math.max(total * (nodes.length === 3 ? 0.4955 : 0.42), 758);
  const focusW = Math.min(wish, total - others * MIN_NODE);
  if (focusW < MIN_FOCUS) return null;
  return nodes.map((node) => (node === focus ? focusW : (total - focusW) / others));
}

function placeRow(
  nodes: readonly NodeInput[],
  widths: readonly number[],
  area: Rect,
  busBottom: number,
  opened: Opened | null,
  pods: Map<string, PodPlace>,
): NodePlace[] {
  let x = area.x;
  return nodes.map((node, index) => {
    const w = widths[index] ?? 0;
    const place = placeLarge(node, { x, y: area.y, w, h: area.h }, busBottom, opened, pods);
    x += w + rowGap(nodes.length);
    return place;
  });
}

function placeSmall(
  nodes: readonly NodeInput[],
  area: Rect,
  busBottom: number,
  pods: Map<string, PodPlace>,
): { nodes: NodePlace[]; counts: Rect | null } {
  if (nodes.length > TILE_MAX) return { nodes: [], counts: area };
  const compact = nodes.length <= COMPACT_MAX ? placeTwoRows(nodes, area, busBottom, pods) : null;
  return { nodes: compact ?? placeTiles(nodes, area, pods), counts: null };
}

/** Two rows of compact Nodes; wires to the second row go down between the Nodes of the first. */
function placeTwoRows(
  nodes: readonly NodeInput[],
  area: Rect,
  busBottom: number,
  pods: Map<string, PodPlace>,
): NodePlace[] | null {
  const columns = Math.ceil(nodes.length / 2);
  const gap = 28;
  const rowGapY = 44;
  const w = (area.w - gap * (columns - 1)) / columns;
  const h = (area.h - rowGapY) / 2;
  if (w < MIN_NODE || h < 108) return null;
  return nodes.map((node, index) => {
    const column = index % columns;
    const second = index >= columns;
    const x = area.x + column * (w + gap);
    const y = area.y + (second ? h + rowGapY : 0);
    const wire = (kubelet: Rect) => {
      const target = { x: centerX(kubelet), y: kubelet.y };
      if (!second) return [{ x: target.x, y: busBottom }, target];
      const gutter = column === 0 ? x + w + gap / 2 : x - gap / 2;
      const turn = y - 29;
      return [{ x: gutter, y: busBottom }, { x: gutter, y: turn }, { x: target.x, y: turn }, target];
    };
    return placeCompact(node, { x, y, w, h }, wire, pods);
  });
}
