import { describe, expect, it, vi } from "vitest";
import type { Api, ApiAnswer } from "../live/api.ts";
import { Discovery, parseDiscovery, pathOf } from "../live/discovery.ts";
import { parseManifests, type ManifestDocument } from "./documents.ts";
import { decode, joinDocuments, readFiles } from "./files.ts";
import { isSame, ManifestClient } from "./requests.ts";

const discovery = {
  items: [
    {
      metadata: { name: "" },
      versions: [
        {
          version: "v1",
          resources: [
            { resource: "pods", responseKind: { kind: "Pod" }, scope: "Namespaced", verbs: ["create"] },
            { resource: "nodes", responseKind: { kind: "Node" }, scope: "Cluster", verbs: ["create"] },
          ],
        },
      ],
    },
  ],
};

/** An API that answers requests after discovery one by one, and remembers what was asked. */
function clientFor(...answers: Partial<ApiAnswer>[]): { client: ManifestClient; asked: string[] } {
  const asked: string[] = [];
  const request = vi.fn(async (method: string, path: string): Promise<ApiAnswer> => {
    const whole = { ok: true, status: 200, body: {}, warnings: [] };
    if (path === "/api") return { ...whole, body: discovery };
    if (path === "/apis") return { ...whole, body: { items: [] } };
    asked.push(`${method} ${path}`);
    return { ...whole, ...answers.shift() };
  });
  const api = { request } as unknown as Api;
  return { client: new ManifestClient(api, new Discovery(api)), asked };
}

function documentOf(text: string): ManifestDocument {
  const document = parseManifests(text).documents[0];
  if (!document) throw new Error("There is no document.");
  return document;
}

const pod = documentOf("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n");

describe("ManifestClient", () => {
  it("applies into the namespace default, by server-side apply", async () => {
    const { client, asked } = clientFor({ status: 201 });

    expect((await client.apply(pod)).outcome).toBe("created");
    expect(asked).toEqual([
      "PATCH /api/v1/namespaces/default/pods/a?fieldManager=podarium&fieldValidation=Strict&force=false",
    ]);
  });

  it("tells a dry run that changes nothing from one that does", async () => {
    const before = { metadata: { name: "a", resourceVersion: "1" }, spec: { n: 1 } };
    const same = { spec: { n: 1 }, metadata: { name: "a", resourceVersion: "2", managedFields: [] } };
    const unchanged = clientFor({ body: same }, { body: before });
    const changed = clientFor({ body: { ...same, spec: { n: 2 } } }, { body: before });

    expect((await unchanged.client.apply(pod, { dryRun: true })).outcome).toBe("unchanged");
    expect((await changed.client.apply(pod, { dryRun: true })).outcome).toBe("changed");
  });

  it("creates what has no name yet, and puts cluster-wide kinds into no namespace", async () => {
    const { client, asked } = clientFor({ body: { metadata: { name: "job-x" } } }, { status: 201 });

    const made = await client.apply(documentOf("apiVersion: v1\nkind: Pod\nmetadata: {generateName: job-}"));
    await client.apply(documentOf("apiVersion: v1\nkind: Node\nmetadata: {name: n}"));

    expect(made).toMatchObject({ outcome: "created", name: "job-x" });
    expect(asked.map((one) => one.split("?")[0])).toEqual([
      "POST /api/v1/namespaces/default/pods",
      "PATCH /api/v1/nodes/n",
    ]);
  });

  it("says in kubectl's words that a kind does not exist, without asking the server", async () => {
    const { client, asked } = clientFor();

    const answer = await client.apply(documentOf("apiVersion: v1\nkind: pod\nmetadata: {name: a}"));

    expect(answer.message).toBe('no matches for kind "pod" in version "v1"; there is Pod in v1');
    expect(asked).toEqual([]);
  });

  it("offers to take fields over only on a conflict of field managers", async () => {
    const causes = [{ reason: "FieldManagerConflict", message: 'conflict with "x"', field: ".spec.a" }];
    const conflict = { ok: false, status: 409, body: { kind: "Status", message: "m", details: { causes } } };
    const { client } = clientFor(conflict, {
      ok: false,
      status: 409,
      body: { kind: "Status", message: "exists" },
    });

    expect((await client.apply(pod)).outcome).toBe("conflict");
    expect((await client.apply(pod)).outcome).toBe("refused");
  });
});

describe("paths and sameness", () => {
  it("puts groups and namespaces into paths", () => {
    const info = {
      group: "apps",
      version: "v1",
      kind: "Deployment",
      resource: "deployments",
      namespaced: true,
      verbs: [],
    };

    expect(pathOf(info, "a b", "c")).toBe("/apis/apps/v1/namespaces/a%20b/deployments/c");
    expect(parseDiscovery(discovery).map((kind) => kind.namespaced)).toEqual([true, false]);
  });

  it("compares values, not the order of keys", () => {
    expect(isSame({ spec: { a: 1, b: [1, { c: 2 }] } }, { spec: { b: [1, { c: 2 }], a: 1 } })).toBe(true);
    expect(isSame({ spec: { b: [1, 2] } }, { spec: { b: [2, 1] } })).toBe(false);
  });
});

describe("files", () => {
  it("joins texts with a marker where there is none", () => {
    expect(joinDocuments(["a: 1\n", "---\nb: 2", "c: 3"])).toBe("a: 1\n---\nb: 2\n---\nc: 3\n");
  });

  it("refuses what is no text, file by file", async () => {
    const read = await readFiles([
      new File(["kind: Pod\r\n"], "a.yaml"),
      new File([new Uint8Array([0x89, 0x50, 0, 1])], "b.png"),
      new File([new Uint8Array([0x61, 0xe4])], "c.txt"),
      new File([], "d.yaml"),
      new File(["x".repeat(2 ** 20 + 1)], "e.yaml"),
    ]);

    expect(read.text).toBe("# a.yaml\nkind: Pod\n");
    expect(read.refusals.map((refusal) => refusal.split(":")[0])).toEqual([
      "b.png",
      "c.txt",
      "d.yaml",
      "e.yaml",
    ]);
    expect(decode(new TextEncoder().encode("ä")).text).toBe("ä");
  });
});
