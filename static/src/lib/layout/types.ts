/** A place on the stage; all lengths are design units (one unit is a pixel at 1920×1080). */
export interface Point {
  x: number;
  y: number;
}

export interface Rect extends Point {
  w: number;
  h: number;
}

export type ComponentName = "client" | "controllers" | "scheduler" | "etcd";

/** How a Pod is drawn: a card with text, a chip with its suffix, or a square. */
export type PodSize = "card" | "chip" | "square";

/** How a Node is drawn: with tabs and cards, smaller in two rows, or as a tile. */
export type NodeSize = "large" | "compact" | "tile";

export interface PodPlace {
  rect: Rect;
  size: PodSize;
  /** Node it stands on, "" for the shelf. */
  node: string;
  /** x of the lane its endpoint line comes up in; null where no line is drawn. */
  lane: number | null;
}

export interface NodePlace {
  name: string;
  size: NodeSize;
  rect: Rect;
  kubelet: Rect | null;
  proxy: Rect | null;
  /** Way from the API server to the kubelet, top to bottom. */
  wire: Point[];
  head: Rect;
  gauges: { cpu: Rect; mem: Rect } | null;
  /** Free places, drawn dashed. */
  empty: Rect[];
  /** Where the Pod in focus is opened, if it is on this Node. */
  open: Rect | null;
  /** x at which endpoint lines leave kube-proxy. */
  trunk: number;
  /** y of the manifold that joins several lanes above kube-proxy; null with a single lane. */
  manifold: number | null;
  /** Pods that have no place of their own. */
  hidden: number;
}

/** A box of Pods that belong together, instead of the Nodes: an owner's, a zone's, a Namespace's. */
export interface GroupPlace {
  key: string;
  rect: Rect;
  head: Rect;
  /** Pods that have no place of their own. */
  hidden: number;
}

export interface Shelf {
  rect: Rect;
  /** Pods that found no place on it. */
  hidden: number;
}

export interface Board {
  width: number;
  height: number;
  zone: Rect;
  /** True while the control plane is drawn lower to make room for the shelf. */
  slim: boolean;
  /** True while the control plane is only a bar, and its cards are nowhere. */
  thin: boolean;
  cards: Record<ComponentName, Rect>;
  bus: Rect;
  shelf: Shelf | null;
  nodes: NodePlace[];
  /** Filled instead of `nodes` while Pods are grouped by something else. */
  groups: GroupPlace[];
  /** True when Pods are too many to be drawn: Nodes show counts by state. */
  tally: boolean;
  pods: Map<string, PodPlace>;
  /** Above 40 Nodes: where counts by state stand instead of Nodes. */
  counts: Rect | null;
  /** `client` stands for the outside; `dns` for a name server that is no drawn Pod. */
  service: { client: Rect | null; dns: Rect | null; bar: Rect; others: Rect | null } | null;
}

export const right = (r: Rect): number => r.x + r.w;
export const bottom = (r: Rect): number => r.y + r.h;
export const centerX = (r: Rect): number => r.x + r.w / 2;
export const centerY = (r: Rect): number => r.y + r.h / 2;

export function overlaps(a: Rect, b: Rect): boolean {
  return a.x < right(b) && b.x < right(a) && a.y < bottom(b) && b.y < bottom(a);
}

export function contains(outer: Rect, inner: Rect): boolean {
  const slack = 0.001;
  return (
    inner.x >= outer.x - slack &&
    inner.y >= outer.y - slack &&
    right(inner) <= right(outer) + slack &&
    bottom(inner) <= bottom(outer) + slack
  );
}
