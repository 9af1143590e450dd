import { describe, expect, it } from "vitest";
import type { KindInfo } from "../live/discovery.ts";
import { checkDocument } from "./check.ts";
import { suggestionsAt } from "./completion.ts";
import { parseManifests } from "./documents.ts";
import { keyAt, placeAt } from "./place.ts";
import { SchemaIndex, typeWords, type Schema } from "./schema.ts";

const ref = (name: string): string => `#/components/schemas/io.k8s.${name}`;
const index = new SchemaIndex({
  "io.k8s.Pod": {
    type: "object",
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { type: "object", properties: { name: { type: "string" }, labels: map() } },
      spec: { allOf: [{ $ref: ref("PodSpec") }], description: "What is wanted.\n\nMore." },
      status: { type: "object" },
    },
    "x-kubernetes-group-version-kind": [{ group: "", version: "v1", kind: "Pod" }],
  },
  "io.k8s.PodSpec": {
    type: "object",
    description: "The type's words.",
    required: ["containers"],
    properties: {
      containers: { type: "array", items: { $ref: ref("Container") } },
      restartPolicy: { type: "string", enum: ["Always", "Never"], default: "Always" },
      hostNetwork: { type: "boolean" },
    },
  },
  "io.k8s.Container": {
    type: "object",
    properties: {
      name: { type: "string" },
      image: { type: "string" },
      ports: { type: "array", items: port() },
    },
  },
});
function map(): Schema {
  return { type: "object", additionalProperties: { type: "string" } };
}
function port(): Schema {
  return {
    type: "object",
    properties: { containerPort: { type: "integer" }, protocol: { enum: ["TCP", "UDP"] } },
  };
}
const kinds: KindInfo[] = [
  { group: "", version: "v1", kind: "Pod", resource: "pods", namespaced: true, verbs: ["create"] },
  {
    group: "apps",
    version: "v1",
    kind: "Deployment",
    resource: "deployments",
    namespaced: true,
    verbs: ["create"],
  },
  {
    group: "",
    version: "v1",
    kind: "ComponentStatus",
    resource: "componentstatuses",
    namespaced: false,
    verbs: ["get"],
  },
];

/** What is suggested where `|` stands. */
function labelsAt(text: string): string[] {
  const lines = text.split("\n");
  const row = lines.findIndex((line) => line.includes("|"));
  const column = lines[row]?.indexOf("|") ?? 0;
  lines[row] = (lines[row] ?? "").replace("|", "");
  const place = placeAt(lines, row, column);
  return place ? suggestionsAt(place, index, kinds).map((suggestion) => suggestion.label) : [];
}

const head = "apiVersion: v1\nkind: Pod\n";

describe("suggestions", () => {
  it.each([
    ["at the top", `${head}|`, ["metadata", "spec"]],
    ["in a map", `${head}spec:\n  restartPolicy: Never\n  |`, ["containers", "hostNetwork"]],
    ["in an item", `${head}spec:\n  containers:\n    - name: a\n      |\n      ports: []`, ["image"]],
    ["in an item at its list's column", `${head}spec:\n  containers:\n  - im|`, ["name", "image", "ports"]],
    ["in lists within lists", `${head}spec:\n  containers:\n  - ports:\n    - protocol: |`, ["TCP", "UDP"]],
    ["for a value from a set", `${head}spec:\n  restartPolicy: N|`, ["Always", "Never"]],
    ["for a yes or no", `${head}spec:\n  hostNetwork: |`, ["true", "false"]],
    ["for free text", `${head}metadata:\n  name: w|`, []],
    ["for a kind", "kind: |", ["Pod", "Deployment"]],
    ["for a kind of a version", "apiVersion: apps/v1\nkind: |", ["Deployment"]],
    ["for a version", "kind: Pod\napiVersion: |", ["v1"]],
    ["in an empty document", "|", ["apiVersion", "kind", "metadata", "spec"]],
    [
      "in the second document",
      `kind: Deployment\n---\n${head}spec:\n  |`,
      ["containers", "restartPolicy", "hostNetwork"],
    ],
    ["in a comment", `${head}# a |`, []],
  ])("%s", (_, text, labels) => {
    expect(labelsAt(text)).toEqual(labels);
  });

  it("finds the key under the cursor with its path", () => {
    const lines = `${head}spec:\n  containers:\n    - name: a\n      image: nginx`.split("\n");

    expect(keyAt(lines, 5, 8)?.path).toEqual(["spec", "containers", "[]", "image"]);
    expect(keyAt(lines, 4, 7)?.path).toEqual(["spec", "containers", "[]", "name"]);
    expect(keyAt(lines, 5, 16)).toBeNull();
  });
});

describe("SchemaIndex", () => {
  it("follows references; a field's own words win", () => {
    const spec = index.at("Pod", ["spec"]);

    expect(spec?.description).toBe("What is wanted.\n\nMore.");
    expect(spec?.required).toEqual(["containers"]);
  });

  it("names types as kubectl explain does", () => {
    const words = (...path: string[]): string => typeWords(index, index.at("Pod", path) ?? {});

    expect([words("spec", "containers"), words("metadata", "labels"), words("metadata", "name")]).toEqual([
      "[]Container",
      "map[string]string",
      "string",
    ]);
  });
});

describe("checkDocument", () => {
  it("finds unknown fields and wrong types", () => {
    const text = `${head}metadata:\n  labels: {a: b}\nspec:\n  hostNetwork: "no"\n  restartPolicy: Alwayss\n  containers:\n    - nme: a\n      ports:\n        - containerPort: http\n`;
    const document = parseManifests(text).documents[0];
    if (!document) throw new Error("There is no document.");

    const findings = checkDocument(document.tree, index, "Pod");

    expect(findings.map((finding) => finding.message)).toEqual([
      "spec.hostNetwork is text; the schema has boolean here.",
      'spec.restartPolicy is "Alwayss"; the schema has Always, Never here.',
      'unknown field "spec.containers[0].nme"',
      "spec.containers[0].ports[0].containerPort is text; the schema has integer here.",
    ]);
    expect(text.slice(findings[2]?.from, findings[2]?.to)).toBe("nme");
  });
});
