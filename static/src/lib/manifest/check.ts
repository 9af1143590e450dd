/** What the schema says about a document before it is sent: fields that do not exist, values of the wrong type. */
import { isAlias, isMap, isScalar, isSeq, type Document, type Node } from "yaml";
import { ITEM, typeWords, type Schema, type SchemaIndex } from "./schema.ts";

export interface Finding {
  from: number;
  to: number;
  message: string;
}

const MOST = 50;

export function checkDocument(document: Document, index: SchemaIndex, kind: string): Finding[] {
  const schema = index.kind(kind);
  const findings: Finding[] = [];
  if (schema && document.contents) check(document.contents, schema, "", index, findings);
  return findings;
}

function check(node: Node, raw: Schema, path: string, index: SchemaIndex, findings: Finding[]): void {
  if (findings.length >= MOST || isAlias(node)) return;
  const schema = index.resolve(raw);
  const wrong = typeProblem(node, schema);
  if (wrong) {
    report(node, `${path || "This"} is ${wrong}; the schema has ${typeWords(index, raw)} here.`, findings);
    return;
  }
  const values = schema.enum ?? [];
  if (values.length > 0 && isScalar(node) && node.value !== null && !values.includes(node.value)) {
    const known = values.filter((value) => value !== "").join(", ");
    report(node, `${path} is ${JSON.stringify(node.value)}; the schema has ${known} here.`, findings);
  }
  if (isSeq(node)) {
    for (const [n, item] of node.items.entries())
      if (isNode(item) && schema.items) check(item, schema.items, `${path}[${n}]`, index, findings);
  }
  if (!isMap(node)) return;
  const open = schema["x-kubernetes-preserve-unknown-fields"] === true || !schema.properties;
  for (const { key, value } of node.items) {
    if (!isScalar(key) || key.value === "<<") continue;
    const name = String(key.value);
    const inner = path ? `${path}.${name}` : name;
    const child = name === ITEM ? undefined : index.child(schema, name);
    if (!child && !open) report(key, `unknown field "${inner}"`, findings);
    else if (child && isNode(value)) check(value, child, inner, index, findings);
  }
}

const isNode = (value: unknown): value is Node =>
  isMap(value) || isSeq(value) || isScalar(value) || isAlias(value);

/** What the node is, in words, when the schema wants another type; "" when it fits or cannot be judged. */
function typeProblem(node: Node, { type, properties, "x-kubernetes-int-or-string": either }: Schema): string {
  const found = isMap(node) ? "a map" : isSeq(node) ? "a list" : isScalar(node) ? scalarWord(node.value) : "";
  if (!found || found === "empty") return "";
  const wanted = type ?? (properties ? "object" : "");
  if (either || wanted === "") return "";
  const fits: Record<string, readonly string[]> = {
    object: ["a map"],
    array: ["a list"],
    string: ["text", "a time"],
    integer: ["a whole number"],
    number: ["a whole number", "a number"],
    boolean: ["true or false"],
  };
  return fits[wanted]?.includes(found) === false ? found : "";
}

function scalarWord(value: unknown): string {
  if (value === null) return "empty";
  if (typeof value === "boolean") return "true or false";
  if (typeof value === "bigint") return "a whole number";
  if (typeof value === "number") return Number.isInteger(value) ? "a whole number" : "a number";
  return value instanceof Date ? "a time" : "text";
}

function report(node: Node, message: string, findings: Finding[]): void {
  const range = node.range ?? [0, 0, 0];
  findings.push({ from: range[0], to: range[1], message });
}
