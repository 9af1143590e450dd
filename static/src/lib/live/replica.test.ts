import { expect, it } from "vitest";
import { demoMoments, demoSnapshot, pictureRoom } from "./demo.ts";
import { ClusterReplica } from "./replica.svelte.ts";
import { VirtualClock } from "./virtual-clock.svelte.ts";

it("holds what snapshot and deltas said, and keeps maps in which nothing changed", () => {
  const replica = new ClusterReplica();
  replica.applySnapshot(demoSnapshot(pictureRoom));
  const nodes = replica.nodes;

  for (const { delta } of demoMoments()) replica.applyDelta(delta);

  expect(replica.nodes).toBe(nodes);
  expect(replica.pods.get("pod-web-x2k4p")).toMatchObject({ node: "worker-2", ready: 2, state: "running" });
  expect(replica.journeys.get("pod-web-x2k4p")?.current).toBe(10);
});

it("forgets what was removed", () => {
  const replica = new ClusterReplica();
  replica.applySnapshot(demoSnapshot(pictureRoom));
  const [moment] = demoMoments();
  if (!moment) throw new Error("the demo has no moments");

  replica.applyDelta({ ...moment.delta, removed: ["pod-db-0"] });

  expect(replica.pods.has("pod-db-0")).toBe(false);
});

it("takes over everything that another copy holds", () => {
  const replica = new ClusterReplica();
  replica.applySnapshot({ ...demoSnapshot(pictureRoom), revision: 7 });
  const copy = new ClusterReplica();

  copy.takeOver(replica);

  expect(copy.filled).toBe(true);
  expect({ ...copy }).toEqual({ ...replica });
});

const frame = { now: 1000, speed: "2", paused: false, idle: false, lagMs: 0 };

it("runs at the clock's speed between frames and stands still when paused", () => {
  const clock = new VirtualClock();
  clock.apply(frame, 0);

  expect(clock.now(100)).toBe(1200);

  clock.apply({ ...frame, now: 1300, paused: true }, 150);
  expect(clock.now(900)).toBe(1300);
});

it("waits for a server that is a little behind instead of stepping back", () => {
  const clock = new VirtualClock();
  clock.apply(frame, 0);

  clock.apply({ ...frame, now: 1100 }, 100);

  expect([100, 150, 200].map((wall) => clock.now(wall))).toEqual([1200, 1200, 1300]);
});
