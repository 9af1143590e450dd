import { describe, expect, it } from "vitest";
import type { NodeView, PodView, ServiceView, WorkloadView } from "../live/protocol.ts";
import { diffLines } from "./diff.ts";
import { eventsOf } from "./events.ts";
import { eventsPath, objectPath } from "../view/kinds.ts";
import { appendLog } from "./log.ts";
import type { Cluster } from "../cluster/objects.ts";
import { relationsOf } from "./relations.ts";
import { conditionsOf, containersOf } from "./state.ts";
import { deletionWords, summarize } from "./summary.ts";
import { scorersOf } from "../cluster/attempts.ts";
import { parseWhy } from "./why.ts";
import { pieces, toYaml } from "./yaml.ts";

describe("diffLines", () => {
  it("shows what was added and removed where it happened", () => {
    const lines = diffLines("a\nb\nc\nd", "a\nx\nc\nd\ne");

    expect(lines.map(({ text, change }) => `${change[0]}${text}`)).toEqual([
      "sa",
      "rb",
      "ax",
      "sc",
      "sd",
      "ae",
    ]);
  });

  it("finds nothing between equal texts, and all of a text that is new", () => {
    expect(diffLines("a\nb", "a\nb").every((line) => line.change === "same")).toBe(true);
    expect(diffLines("a", "b").map((line) => line.change)).toEqual(["removed", "added"]);
  });

  it("stays quick on long texts that differ everywhere", () => {
    const long = (word: string): string => Array.from({ length: 5000 }, (_, n) => word + n).join("\n");

    expect(diffLines(long("a"), long("b"))).toHaveLength(10_000);
  });
});

describe("YAML", () => {
  const object = {
    metadata: { name: "web", managedFields: [{ manager: "x" }] },
    spec: { on: "yes", count: 1 },
    kind: "Pod",
    apiVersion: "v1",
  };

  it("begins with what it is and leaves out who manages what", () => {
    expect(toYaml(object)).toBe(
      'apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  "on": "yes"\n  count: 1',
    );
    expect(toYaml(object, true)).toContain("manager: x");
  });

  it.each([
    ["  - name: web", ["  - ", "name:", " web"]],
    ["plain text", ["plain text"]],
    ['  "a:b": 1', ["  ", '"a:b":', " 1"]],
    ["url: http://x:80", ["url:", " http://x:80"]],
    ["", []],
  ])("cuts %j into pieces", (line, expected) => {
    expect(pieces(line).map((piece) => piece.text)).toEqual(expected);
  });
});

describe("State", () => {
  it("tells containers in order, with how they are and were", () => {
    const containers = containersOf({
      spec: {
        initContainers: [{ name: "side", image: "s", restartPolicy: "Always" }],
        containers: [{ name: "app", image: "a" }],
      },
      status: {
        containerStatuses: [
          {
            name: "app",
            restartCount: 2,
            state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 20s" } },
            lastState: { terminated: { reason: "Error", exitCode: 1 } },
          },
        ],
      },
    });

    expect(containers).toMatchObject([
      { name: "side", role: "sidecar", words: "waiting" },
      {
        name: "app",
        look: "failing",
        restarts: 2,
        last: "ended: Error, exit code 1",
        message: "back-off 20s",
      },
    ]);
  });

  it("knows conditions of which True is bad news", () => {
    const conditions = conditionsOf({
      status: {
        conditions: [
          { type: "Ready", status: "True" },
          { type: "MemoryPressure", status: "False" },
          { type: "DiskPressure", status: "True" },
        ],
      },
    });

    expect(conditions.map((condition) => condition.good)).toEqual([true, true, false]);
  });
});

describe("Events", () => {
  it("come newest first, with their count", () => {
    const lines = eventsOf({
      items: [
        { type: "Normal", reason: "Pulled", lastTimestamp: "2026-01-01T00:00:01Z", metadata: { uid: "1" } },
        {
          type: "Warning",
          reason: "BackOff",
          count: 4,
          lastTimestamp: "2026-01-01T00:00:09Z",
          metadata: { uid: "2" },
        },
        { type: "Normal", reason: "Scheduled", eventTime: "2026-01-01T00:00:00.5Z", metadata: { uid: "3" } },
      ],
    });

    expect(lines.map((line) => line.reason)).toEqual(["BackOff", "Pulled", "Scheduled"]);
    expect(lines[0]).toMatchObject({ count: 4, warning: true });
  });

  it("are asked for by kind and name", () => {
    const path = eventsPath({ kind: "Pod", namespace: "a", name: "b" });

    expect(path).toBe(
      "/api/v1/namespaces/a/events?fieldSelector=involvedObject.kind%3DPod%2CinvolvedObject.name%3Db",
    );
    expect(objectPath({ kind: "Deployment", namespace: "a", name: "b" })).toBe(
      "/apis/apps/v1/namespaces/a/deployments/b",
    );
    expect(objectPath({ kind: "Node", namespace: "", name: "n" })).toBe("/api/v1/nodes/n");
  });
});

describe("Why", () => {
  it("puts the newest attempt and the best Node first", () => {
    const score = (plugin: string, weighted: number) => ({
      plugin,
      raw: 1,
      normalized: 1,
      weight: 1,
      weighted,
    });
    const why = parseWhy({
      journey: { steps: [{ step: 1, title: "Manifest", at: 5, until: null, failed: false }] },
      scheduling: {
        attempts: [
          { attempt: 1, chosen: "", message: "0/1 nodes", nodes: [] },
          {
            attempt: 2,
            chosen: "b",
            nodes: [
              { name: "no", fits: false, plugin: "NodeName", reason: "other" },
              { name: "a", fits: true, total: 1, scores: [score("X", 1)] },
              { name: "b", fits: true, total: 3, scores: [score("X", 1), score("Y", 2)] },
            ],
          },
        ],
      },
    });

    expect(why.attempts.map((attempt) => attempt.number)).toEqual([2, 1]);
    const [newest] = why.attempts;
    expect(newest?.verdicts.map((verdict) => verdict.node)).toEqual(["b", "a", "no"]);
    expect(newest && scorersOf(newest)).toEqual(["X", "Y"]);
  });
});

describe("appendLog", () => {
  it("joins pieces that end anywhere", () => {
    const lines = ["one\ntw", "o\n", "three"].reduce<readonly string[]>(
      (all, text) => appendLog(all, text),
      [],
    );

    expect(lines).toEqual(["one", "two", "three"]);
  });
});

describe("relations and summary", () => {
  const pod = (name: string, more: Partial<PodView> = {}): PodView =>
    ({
      uid: name,
      namespace: "default",
      name,
      labels: { app: "shop" },
      node: "n1",
      state: "running",
      ...more,
    }) as PodView;
  const workload = (kind: string, uid: string, more: Partial<WorkloadView> = {}): WorkloadView =>
    ({
      uid,
      kind,
      namespace: "default",
      name: uid,
      ownerUid: "",
      desired: 1,
      current: 1,
      ready: 1,
      updated: 1,
      ...more,
    }) as WorkloadView;
  const byUid = <T extends { uid: string }>(...views: T[]): Map<string, T> =>
    new Map(views.map((view) => [view.uid, view]));
  const cluster: Cluster = {
    nodes: byUid({ uid: "n1", name: "n1", ready: true, status: "Ready", taints: [] } as unknown as NodeView),
    pods: byUid(
      pod("shop-1", { ownerUid: "rs", ownerKind: "ReplicaSet", ownerName: "rs" }),
      pod("alone", { labels: {} }),
    ),
    services: byUid({
      uid: "svc",
      namespace: "default",
      name: "svc",
      selector: { app: "shop" },
      endpoints: [],
      ports: [],
    } as unknown as ServiceView),
    workloads: byUid(workload("Deployment", "deploy"), workload("ReplicaSet", "rs", { ownerUid: "deploy" })),
  };
  const names = (kind: string, name: string, namespace = "default"): string[] =>
    relationsOf(cluster, { kind, namespace, name }).flatMap((group) =>
      group.members.map((one) => one.ref.name),
    );

  it("follow owners up and down, Services and Nodes", () => {
    expect(names("Pod", "shop-1")).toEqual(["rs", "deploy", "n1", "svc"]);
    expect(names("Deployment", "deploy")).toEqual(["rs", "shop-1", "svc"]);
    expect(names("Node", "n1", "")).toEqual(["alone", "shop-1"]);
    expect(names("Service", "svc")).toEqual(["shop-1"]);
    expect(names("Pod", "nobody")).toEqual([]);
  });

  it("say what a deletion means", () => {
    const words = (kind: string, name: string): string =>
      deletionWords(cluster, { kind, namespace: "default", name });

    expect(words("Pod", "shop-1")).toContain("ReplicaSet rs will make another");
    expect(words("Pod", "alone")).toContain("Nobody will make it again");
    expect(words("Deployment", "deploy")).toContain("Its 1 Pod will go too");
  });

  it("tell a Deployment that is still rolling out", () => {
    const busy = {
      ...cluster,
      workloads: byUid(workload("Deployment", "deploy", { desired: 3, updated: 1, ready: 2 })),
    };

    expect(summarize(busy, { kind: "Deployment", namespace: "default", name: "deploy" }, 0)).toMatchObject({
      state: "progress",
      status: "Rolling out",
    });
  });
});
