import { expect, it } from "vitest";
import { demoSnapshot, pictureRoom } from "../live/demo.ts";
import { searchObjects } from "./search.ts";

const byUid = <T extends { uid: string }>(views: readonly T[]) =>
  new Map(views.map((view) => [view.uid, view]));
const room = demoSnapshot(pictureRoom);
const world = {
  nodes: byUid(room.nodes),
  pods: byUid(room.pods),
  services: byUid(room.services),
  workloads: byUid(room.workloads),
};

it("finds a Node by the beginning of its name before anything else", () => {
  expect(searchObjects("worker-2", world)[0]).toMatchObject({ kind: "Node", name: "worker-2" });
});

it("finds Pods by state, kind and Namespace together", () => {
  const hits = searchObjects("pod default", world);

  expect(hits.length).toBeGreaterThan(0);
  expect(hits.every((hit) => hit.kind === "Pod")).toBe(true);
});

it("finds nothing for a word that is nowhere, and everything for none", () => {
  expect(searchObjects("zebra", world)).toEqual([]);
  expect(searchObjects("", world).length).toBeGreaterThan(5);
});
