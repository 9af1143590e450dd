import { describe, expect, it } from "vitest";
import { documentAt, parseManifests, titleOf } from "./documents.ts";

const pod = (name: string): string => `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\n`;

describe("parseManifests", () => {
  it("splits documents and says what each is", () => {
    const { documents } = parseManifests(`# two Pods\n---\n${pod("a")}---\n# nothing here\n---\n${pod("b")}`);

    expect(documents.map(titleOf)).toEqual(["Pod a", "Pod b"]);
    expect(documents.map((document) => document.line)).toEqual([3, 10]);
    expect(documents[1]?.source).toContain("name: b");
    expect(documents[1]?.source).not.toContain("name: a");
  });

  it("puts a syntax error on its line and reads the other documents", () => {
    const { documents } = parseManifests(`${pod("a")}---\nkind: Pod\n\tname: x\n---\n${pod("c")}`);

    expect(documents).toHaveLength(3);
    expect(documents[0]?.problems).toEqual([]);
    expect(documents[1]?.problems[0]?.line).toBe(7);
    expect(documents[2]?.problems).toEqual([]);
  });

  it("says what a document must have", () => {
    const { documents } = parseManifests("metadata:\n  labels: {}\n---\njust words\n---\n- a\n- b\n");

    expect(documents[0]?.problems.map((problem) => problem.message)).toEqual([
      "apiVersion is not set.",
      "kind is not set.",
      "metadata.name is not set.",
    ]);
    expect(documents[1]?.problems[0]).toMatchObject({
      line: 4,
      message: expect.stringContaining("no object"),
    });
    expect(documents[2]?.problems[0]).toMatchObject({ line: 6 });
  });

  it("asks for the objects of a List as documents", () => {
    const { documents } = parseManifests("apiVersion: v1\nkind: List\nitems: []\n");

    expect(documents[0]?.problems).toMatchObject([{ line: 2, message: expect.stringContaining("List") }]);
  });

  it("reads a name as it is written, whatever YAML makes of it", () => {
    const { documents } = parseManifests("apiVersion: v1\nkind: Node\nmetadata: {name: n}\n");

    expect(documents.map(titleOf)).toEqual(["Node n"]);
  });

  it("takes JSON, and a name yet to be generated", () => {
    const { documents } = parseManifests(
      '{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"job-"}}',
    );

    expect(documents.map(titleOf)).toEqual(["Pod job-…"]);
    expect(documents[0]?.problems).toEqual([]);
  });

  it("refuses aliases that multiply beyond measure", () => {
    const levels = Array.from({ length: 9 }, (_, n) => {
      const one = n === 0 ? "x" : `*a${n - 1}`;
      return `a${n}: &a${n} [${Array(9).fill(one).join(", ")}]`;
    });

    const { documents } = parseManifests(levels.join("\n"));

    expect(documents[0]?.problems[0]?.message).toContain("aliases");
  });

  it("refuses too much text and too deep nesting with a sentence", () => {
    expect(parseManifests("a".repeat(2 ** 20 + 1)).refusal).toContain("1 MiB");
    expect(parseManifests("[".repeat(100_000)).refusal).toContain("nested");
    expect(parseManifests("- ".repeat(20_000)).refusal).toContain("nested");
    expect(parseManifests("a: b\0").refusal).toContain("binary");
  });

  it("finds keys that are there twice, in large maps too", () => {
    const keys = Array.from({ length: 30_000 }, (_, n) => `  k${n}: v`).join("\n");
    const { documents } = parseManifests(`kind: A\ndata:\n${keys}\n  k7: v\n`);

    expect(documents[0]?.problems).toMatchObject([{ line: 30_003, message: expect.stringContaining("k7") }]);
  });

  it("finds the document at an offset", () => {
    const text = `${pod("a")}---\n${pod("b")}`;
    const { documents } = parseManifests(text);

    expect(documentAt(documents, 0)?.name).toBe("a");
    expect(documentAt(documents, text.length)?.name).toBe("b");
  });
});
