import { describe, expect, it } from "vitest";
import { complaintsOf } from "../live/status.ts";
import { parseManifests } from "./documents.ts";
import { parseFieldPath } from "./field-path.ts";
import { problemsOf } from "./problems.ts";

const text = `apiVersion: v1
kind: Pod
metadata: {name: first}
---
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels:
    app.kubernetes.io/name: "-"
spec:
  containers:
    - name: a
      image: nginx
      ports:
        - containerPort: 80
        - containerPort: http
    - name: web
      image: nginx
`;
const document = parseManifests(text).documents[1];

function linesFor(...fields: string[]): (number | undefined)[] {
  if (!document) throw new Error("The second document is missing.");
  return problemsOf(
    fields.map((field) => ({ field, message: field })),
    document,
    text,
  ).map((problem) => problem.line);
}

describe("parseFieldPath", () => {
  it("reads keys, indexes, quoted keys and list keys", () => {
    expect(parseFieldPath("spec.containers[0].image")).toEqual(["spec", "containers", 0, "image"]);
    expect(parseFieldPath("metadata.labels[a.b/c]")).toEqual(["metadata", "labels", "a.b/c"]);
    expect(parseFieldPath('.spec.ports[port=80,protocol="TCP"].name')).toEqual([
      "spec",
      "ports",
      new Map([
        ["port", "80"],
        ["protocol", "TCP"],
      ]),
      "name",
    ]);
  });
});

describe("problemsOf", () => {
  it("finds the line of a field", () => {
    expect(
      linesFor(
        "spec.containers[1].image",
        '.spec.containers[name="web"].name',
        "metadata.labels[app.kubernetes.io/name]",
      ),
    ).toEqual([19, 18, 10]);
  });

  it("shows a missing field where it belongs", () => {
    expect(linesFor("spec.containers[1].ports", "spec.restartPolicy", "spec", "spec.containers")).toEqual([
      18, 12, 11, 12,
    ]);
  });

  it("finds the value of the wrong type in a path without indexes", () => {
    if (!document) throw new Error("The second document is missing.");
    const message =
      "json: cannot unmarshal string into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32";

    const [problem] = problemsOf(complaintsOf({ kind: "Status", message }), document, text);

    expect(problem?.line).toBe(17);
  });

  it("shows a sentence without a field at the document's kind", () => {
    expect(linesFor("")).toEqual([6]);
  });
});
