// Generated from webapp/live/history.py by `python -m webapp.live.typescript`; do not edit.
import type { FactView, Snapshot } from "./protocol.ts";

export type MarkKind = "command" | "clock" | "fault" | "warning" | "podGone" | "nodeGone" | "nodeAdded";
export type ChangeType = "created" | "changed" | "deleted";

export interface Moment {
  revision: number;
  at: number;
  seq: number;
}

export interface MomentRange {
  oldest: Moment;
  newest: Moment;
}

export interface PastView {
  moment: Moment;
  range: MomentRange;
  snapshot: Snapshot;
  facts: FactView[];
}

export interface Bucket {
  at: number;
  until: number;
  revisions: number;
}

export interface Mark {
  type: MarkKind;
  at: number;
  revision: number;
  title: string;
  actor: string;
  kind: string;
  namespace: string;
  name: string;
  uid: string;
  count: number;
}

export interface Timeline {
  range: MomentRange;
  buckets: Bucket[];
  marks: Mark[];
}

export interface FactsPage {
  facts: FactView[];
  next: string;
  droppedBefore: boolean;
}

export interface FieldChange {
  path: string;
  before: unknown;
  after: unknown;
}

export interface ObjectChange {
  change: ChangeType;
  apiVersion: string;
  kind: string;
  resource: string;
  namespace: string;
  name: string;
  uid: string;
  fields: FieldChange[];
  omitted: number;
}

export interface Comparison {
  before: Moment;
  after: Moment;
  objects: ObjectChange[];
  hidden: number;
  omitted: number;
}

export interface GoneView {
  exists: boolean;
  kind: string;
  namespace: string;
  name: string;
  uid: string;
  resource: string;
  created: number | null;
  gone: Moment | null;
  last: Moment | null;
  actor: string;
  message: string;
}

export interface RoomOrigin {
  room: string;
  revision: number;
  at: number;
}

export interface RoomView {
  name: string;
  prefix: string;
  seed: number;
  networkPlugin: string;
  nodes: number;
  pods: number;
  revision: number;
  now: number;
  speed: string;
  paused: boolean;
  failure: string;
  origin: RoomOrigin | null;
}

export interface RoomsView {
  rooms: RoomView[];
  limit: number;
  mayManage: boolean;
}

export interface BranchPoint {
  room: string;
  at: string;
}

export interface NewRoom {
  name: string;
  nodes: number | null;
  networkPlugin: string | null;
  seed: number | null;
  speed: string | null;
  branch: BranchPoint | null;
}
