import { expect, it } from "vitest";
import { demoSnapshot, pictureRoom } from "../live/demo.ts";
import type { PodView, WorkloadView } from "../live/protocol.ts";
import { findRollout, isDone, rolloutOf, limitsOf, rolloutTale } from "./rollout.ts";

const room = demoSnapshot(pictureRoom);
const [pod] = room.pods as [PodView];
const [workload] = room.workloads as [WorkloadView];
const deployment = {
  ...workload,
  uid: "d",
  kind: "Deployment",
  name: "web",
  ownerUid: "",
  image: "web:2",
  desired: 4,
};
const set = (uid: string, revision: string, image: string): WorkloadView => ({
  ...workload,
  uid,
  kind: "ReplicaSet",
  ownerUid: "d",
  rolloutRevision: revision,
  image,
});

function world(old: number, fresh: number, ready = fresh, made = true) {
  const sets = [set("r1", "1", "web:1"), ...(made ? [set("r2", "2", "web:2")] : [])];
  const workloads = new Map([deployment, ...sets].map((view) => [view.uid, view]));
  const pods = [
    ...Array.from({ length: old }, (_, n) => ({
      ...pod,
      uid: `o${n}`,
      ownerUid: "r1",
      state: "running" as const,
    })),
    ...Array.from({ length: fresh }, (_, n) => ({
      ...pod,
      uid: `n${n}`,
      ownerUid: "r2",
      state: n < ready ? ("running" as const) : ("progress" as const),
    })),
  ];
  return { workloads, pods: new Map(pods.map((one): [string, PodView] => [one.uid, one])) };
}

const outcomes = (old: number, fresh: number, ready?: number, made?: boolean) => {
  const { workloads, pods } = world(old, fresh, ready, made);
  const rollout = rolloutOf(deployment, workloads, pods);
  return rollout && rolloutTale(rollout).steps.map((step) => step.outcome);
};

it("goes from the new template to the last new Pod", () => {
  expect(outcomes(4, 0, 0, false)).toEqual(["done", "now", "todo", "todo", "todo"]);
  expect(outcomes(4, 1, 0)).toEqual(["done", "done", "now", "todo", "todo"]);
  expect(outcomes(3, 2, 1)).toEqual(["done", "done", "now", "now", "todo"]);
  expect(outcomes(0, 4, 3)).toEqual(["done", "done", "now", "done", "todo"]);
  expect(outcomes(0, 4)).toEqual(["done", "done", "done", "done", "done"]);
});

it("finds a Deployment only while it rolls, not while it merely grows", () => {
  const rolling = world(2, 2);
  const growing = world(0, 3, 2);

  expect(findRollout(rolling.workloads, rolling.pods)?.old[0]).toMatchObject({
    tag: "v1",
    pods: 2,
    ready: 2,
  });
  expect(findRollout(growing.workloads, growing.pods)).toBeUndefined();
});

it("stands at the new Pods while they fail, and says that the old ones stay", () => {
  const { workloads, pods } = world(4, 1, 0);
  pods.set("n0", { ...pod, uid: "n0", ownerUid: "r2", state: "failing", status: "ImagePullBackOff" });
  const rollout = rolloutOf(deployment, workloads, pods);

  expect(rollout && isDone(rollout)).toBe(false);
  expect(rollout && rolloutTale(rollout)).toMatchObject({
    headline: { bad: true, text: "The new Pods of web fail (ImagePullBackOff); 4 old ones keep running." },
  });
});

it("knows its limits, and has none when all Pods are recreated", () => {
  const rolling = { ...deployment, strategy: "RollingUpdate", desired: 10, maxSurge: 3, maxUnavailable: 2 };

  expect(limitsOf(rolling)).toEqual({ most: 13, least: 8 });
  expect(limitsOf({ ...rolling, strategy: "Recreate" })).toBeNull();
});

it("goes back when the template's own ReplicaSet is older than the one that leaves", () => {
  const { workloads, pods } = world(2, 2);
  workloads.set("r1", { ...set("r1", "1", "web:1"), created: 10 });
  workloads.set("r2", { ...set("r2", "2", "web:2"), created: 20 });
  const undone = rolloutOf({ ...deployment, image: "web:1" }, workloads, pods);
  const onward = rolloutOf(deployment, workloads, pods);

  expect(onward?.back).toBe(false);
  expect(undone).toMatchObject({ back: true, fresh: { tag: "v1" }, old: [{ tag: "v2" }] });
  expect(undone && rolloutTale(undone).headline.text).toBe(
    "web goes back to web:1: its old ReplicaSet makes Pods again.",
  );
});

it("is stuck once the deadline for progress has passed", () => {
  const { workloads, pods } = world(4, 1, 0);
  const message = 'ReplicaSet "web-2" has timed out progressing.';
  const rollout = rolloutOf({ ...deployment, message }, workloads, pods);

  expect(rollout && rolloutTale(rollout).headline.text).toBe(
    "The rollout of web is stuck; 4 old Pods keep running.",
  );
});
