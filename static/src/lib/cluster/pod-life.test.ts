import { describe, expect, it } from "vitest";
import type { ContainerView, FactView } from "../live/protocol.ts";
import { demoPod, DEMO_START } from "../live/demo.ts";
import { noContainerMoments, withContainerMoments } from "./container-moments.ts";
import { parseInside } from "./inside.ts";
import { failureHeadline, lifeHeadline } from "./pod-headline.ts";
import { countdownText, podCountdown, podLife } from "./pod-life.ts";
import { podMarks, podNote } from "./pod-notes.ts";
import { bytesText, cpuLook, memoryLook } from "./use.ts";

const waiting = (name: string, part: Partial<ContainerView> = {}): ContainerView => ({
  name,
  role: "app",
  image: "busybox",
  state: "waiting",
  reason: "PodInitializing",
  ready: false,
  restarts: 0,
  exitCode: null,
  since: null,
  mounts: [],
  ports: [],
  started: false,
  retryAt: null,
  lastReason: "",
  lastExitCode: null,
  ...part,
});
const done = (name: string): ContainerView =>
  waiting(name, { role: "init", state: "terminated", exitCode: 0, reason: "Completed" });
const pod = (...containers: ContainerView[]) =>
  demoPod({ name: "web", node: "worker-1", state: "progress", status: "Init:0/2", containers });

describe("podLife", () => {
  it("closes the gate behind an init container until that has ended well", () => {
    const busy = waiting("first", { role: "init", state: "running", started: true });
    const before = podLife(pod(busy, waiting("second", { role: "init" }), waiting("app")), null, DEMO_START);
    const after = podLife(pod(done("first"), waiting("app")), null, DEMO_START);

    expect(before.map(({ gate }) => gate)).toEqual([null, "closed", "closed"]);
    expect(before.map(({ word }) => word)).toEqual(["Running", "after first", "after second"]);
    expect(after.map(({ gate }) => gate)).toEqual([null, "open"]);
  });

  it("opens the gate behind a sidecar as soon as that has started", () => {
    const sidecar = waiting("proxy", { role: "sidecar", state: "running" });

    const starting = podLife(pod(sidecar, waiting("app")), null, DEMO_START);
    const started = podLife(pod({ ...sidecar, started: true }, waiting("app")), null, DEMO_START);

    expect([starting[1]?.gate, started[1]?.gate]).toEqual(["closed", "open"]);
  });

  it("keeps the gate shut behind an init container that fails", () => {
    const failing = waiting("first", { role: "init", reason: "CrashLoopBackOff", restarts: 2 });

    expect(podLife(pod(failing, waiting("app")), null, DEMO_START)[1]?.gate).toBe("failed");
  });

  it("lets debug containers wait for nobody", () => {
    const life = podLife(pod(done("first"), waiting("app"), waiting("bug", { role: "ephemeral" })), null, 0);

    expect(life.at(-1)?.gate).toBeNull();
  });

  it("counts down to the next try and to SIGKILL", () => {
    const loops = waiting("app", { reason: "CrashLoopBackOff", retryAt: DEMO_START + 9_100 });
    const inside = parseInside({
      uid: "u",
      at: DEMO_START,
      containers: [{ name: "app", killAt: DEMO_START + 3_000, retryAt: null, probes: [] }],
      volumes: [],
    });

    expect(podLife(pod(loops), null, DEMO_START)[0]?.countdown).toEqual({ to: "next try", ms: 9_100 });
    expect(podLife(pod(loops), null, DEMO_START + 10_000)[0]?.countdown).toBeNull();
    const running = waiting("app", { state: "running", ready: true, started: true });
    expect(podLife(pod(running), inside, DEMO_START)[0]?.countdown).toEqual({ to: "SIGKILL", ms: 3_000 });
    expect(podCountdown({ ...pod(loops), state: "failing" }, DEMO_START)).toBe(9_100);
    expect([countdownText(9_100), countdownText(1), countdownText(150_000)]).toEqual([
      "10 s",
      "1 s",
      "2 m 30 s",
    ]);
  });
});

describe("what a container uses", () => {
  const use = {
    memoryBytes: 50 * 1024 ** 2,
    memoryLimitBytes: 64 * 1024 ** 2,
    cpuMillis: 200,
    cpuLimitMillis: 200,
    throttledPercent: 80,
    throttledMs: 0,
    processes: 1,
  };

  it("stands against its limits", () => {
    expect(memoryLook(use, false)).toMatchObject({ text: "mem 50 Mi of 64 Mi", state: "waiting" });
    expect(memoryLook({ ...use, memoryLimitBytes: 0 }, true)).toMatchObject({
      text: "mem 50 Mi",
      share: null,
    });
    expect(cpuLook(use, false).text).toBe("throttled 80 %");
    expect(cpuLook({ ...use, throttledPercent: 0, cpuMillis: 20 }, true).text).toBe("cpu 10 %");
    expect([bytesText(12), bytesText(3_500), bytesText(1.5 * 1024 ** 3)]).toEqual([
      "12 B",
      "3.4 Ki",
      "1.5 Gi",
    ]);
  });
});

describe("headlines", () => {
  it("tell of memory, evictions and gates in plain words", () => {
    const eaten = waiting("app", { reason: "CrashLoopBackOff", lastReason: "OOMKilled", lastExitCode: 137 });
    const evicted = {
      ...pod(),
      reason: "Evicted",
      state: "failing" as const,
      message: "The node was low on resource: memory.",
    };
    const busy = waiting("first", { role: "init", state: "running" });

    expect(failureHeadline({ ...pod(eaten), state: "failing" })?.text).toContain("ran out of memory");
    expect(failureHeadline(evicted)?.text).toBe(
      "web was evicted from worker-1: The node was low on resource: memory.",
    );
    expect(podNote(evicted)).toBe("The node was low on resource: memory.");
    expect(lifeHeadline(pod(busy))?.text).toBe(
      "Init container first of web is at work: what comes after it waits.",
    );
    expect(lifeHeadline({ ...pod(), state: "running" })).toBeNull();
  });

  it("leave marks for what is special", () => {
    const special = { ...pod(), sandbox: "vm" as const, isStatic: true, resize: "Deferred" };

    expect(podMarks(special).map(({ word }) => word)).toEqual(["VM", "static", "resize deferred"]);
  });
});

describe("moments", () => {
  const fact = (type: string, data: Record<string, unknown>): FactView => ({
    seq: 1,
    at: 5,
    cause: 0,
    type,
    actor: "",
    kind: "Pod",
    namespace: "default",
    name: "web",
    uid: "u",
    data: { container: "app", ...data },
  });

  it.each([
    ["SIGTERM", fact("ContainerStopping", {})],
    ["OOMKilled 137", fact("ContainerExited", { exitCode: 137, reason: "OOMKilled" })],
    ["SIGKILL 137", fact("ContainerExited", { exitCode: 137, reason: "Error" })],
    ["exit 3", fact("ContainerExited", { exitCode: 3, reason: "Error" })],
    ["liveness failed", fact("ProbeResultChanged", { probe: "liveness", succeeded: false })],
    ["restart 2", fact("ContainerStarted", { restartCount: 2 })],
  ])("%s", (label, one) => {
    expect(withContainerMoments(noContainerMoments, [one]).get("u/app")?.label).toBe(label);
  });

  it("are the same map while nothing happens", () => {
    expect(withContainerMoments(noContainerMoments, [fact("ObjectStored", {})])).toBe(noContainerMoments);
  });
});
