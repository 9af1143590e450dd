import { describe, expect, it } from "vitest";
import { parseManifests } from "./documents.ts";
import { examples } from "./examples.ts";

describe("examples", () => {
  it.each(examples.map((example) => [example.title, example.text]))("%s is a manifest", (_, text) => {
    const { documents, refusal } = parseManifests(text);

    expect(refusal).toBe("");
    expect(documents.length).toBeGreaterThan(0);
    expect(documents.flatMap((document) => document.problems)).toEqual([]);
  });
});
