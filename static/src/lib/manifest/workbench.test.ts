import { describe, expect, it } from "vitest";
import type { Api, ApiAnswer } from "../live/api.ts";
import type { Session } from "../view/session.svelte.ts";
import { Workbench } from "./workbench.svelte.ts";

const discovery = {
  items: [
    {
      metadata: { name: "" },
      versions: [
        {
          version: "v1",
          resources: [
            { resource: "pods", responseKind: { kind: "Pod" }, scope: "Namespaced", verbs: ["create"] },
          ],
        },
      ],
    },
  ],
};
const pod = (name: string): string => `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\n`;

/** A workbench whose server answers by the Pod's name. */
function benchFor(answers: Record<string, Partial<ApiAnswer>>): { bench: Workbench; sent: string[] } {
  const sent: string[] = [];
  const request = async (method: string, path: string): Promise<ApiAnswer> => {
    const whole = { ok: true, status: 201, body: {}, warnings: [] };
    if (path === "/api") return { ...whole, body: discovery };
    if (!path.includes("/pods/")) return { ...whole, ok: !path.startsWith("/openapi") };
    const name = /pods\/([^?]*)/.exec(path)?.[1] ?? "";
    if (method !== "GET") sent.push(`${path.includes("dryRun") ? "dry " : ""}${method} ${name}`);
    return { ...whole, ...answers[name] };
  };
  return { bench: new Workbench({ api: { request } as unknown as Api } as Session), sent };
}

const refusal = { ok: false, status: 422, body: { kind: "Status", message: "Pod is invalid" } };

describe("Workbench", () => {
  it("applies documents one by one as soon as all of them are new", async () => {
    const { bench, sent } = benchFor({});
    bench.edit(`${pod("a")}---\n${pod("b")}`);

    await bench.apply();

    expect(sent).toEqual(["dry PATCH a", "dry PATCH b", "PATCH a", "PATCH b"]);
    expect(bench.notice).toBe("2 created.");
  });

  it("lists what would happen and asks when something is refused; then leaves that out", async () => {
    const { bench, sent } = benchFor({ bad: refusal });
    bench.edit(`${pod("a")}---\n${pod("bad")}---\nkind: [`);

    await bench.apply();
    expect(bench.asking).toBe("apply");
    expect(sent.every((one) => one.startsWith("dry"))).toBe(true);

    await bench.confirm("apply");
    expect(sent.at(-1)).toBe("PATCH a");
    expect([...bench.results.values()].map((result) => result.answer.outcome)).toEqual([
      "created",
      "refused",
      "refused",
    ]);
    expect(bench.notice).toBe("1 created, 2 refused.");
  });

  it("forgets answers as soon as the text changes", async () => {
    const { bench } = benchFor({ bad: refusal });
    bench.edit(pod("bad"));
    await bench.dryRun();
    expect(bench.results.size).toBe(1);

    bench.edit(pod("good"));

    expect(bench.results.size).toBe(0);
  });
});
