/** Field paths as the API server writes them, such as `spec.containers[0].image`, and where they lie in YAML. */
import { isAlias, isMap, isPair, isScalar, isSeq, type Document, type Node, type Pair } from "yaml";

/** A key, an index, or the keys by which an item of a list is told apart. */
export type Segment = string | number | ReadonlyMap<string, string>;

export function parseFieldPath(path: string): Segment[] {
  const pieces = path.replace(/^\./, "").matchAll(/\[((?:"(?:[^"\\]|\\.)*"|[^\]])*)\]|([^.[]+)/g);
  return [...pieces].map(([, bracket, key = ""]) => (bracket === undefined ? key : bracketed(bracket)));
}

function bracketed(inside: string): Segment {
  if (/^\d+$/.test(inside)) return Number(inside);
  const pairs = [...inside.matchAll(/(\w+)=("(?:[^"\\]|\\.)*"|[^,]+)/g)];
  if (pairs.length === 0) return inside.replace(/^"(.*)"$/, "$1");
  return new Map(pairs.map(([, key = "", value = ""]) => [key, value.replace(/^"(.*)"$/, "$1")]));
}

export interface Span {
  from: number;
  to: number;
}

/**
 * Offsets of what the path names; of the nearest thing above it when it is missing (a required field, say).
 * `found` narrows lists without indexes to the item whose value has that JSON type.
 */
export function locate(document: Document, path: readonly Segment[], found = ""): Span | null {
  const root = document.contents;
  if (!root) return null;
  return descend(root, path, found, document) ?? spanOf(root);
}

function descend(node: Node, path: readonly Segment[], found: string, document: Document): Span | null {
  const [head, ...rest] = path;
  if (head === undefined) return !found || typeOf(node) === found ? spanOf(node) : null;
  const target = isAlias(node) ? node.resolve(document) : node;
  if (isSeq(target)) {
    if (typeof head === "number") return into(target.items[head], rest, found, document);
    const items = head instanceof Map ? target.items.filter((item) => matches(item, head)) : target.items;
    const tail = head instanceof Map ? rest : path;
    for (const item of items) {
      const span = into(item, tail, found, document);
      if (span) return span;
    }
    return null;
  }
  if (!isMap(target)) return null;
  const pair = target.items.find((one) => keyOf(one) === String(head));
  if (!pair) return found ? null : (keySpan(target.items[0]) ?? spanOf(target));
  if (rest.length === 0 && (!found || typeOf(pair.value) === found)) return pairSpan(pair);
  const deeper = into(pair.value, rest, found, document);
  return deeper && !isWide(pair.value, deeper) ? deeper : found && !deeper ? null : keySpan(pair);
}

function into(value: unknown, path: readonly Segment[], found: string, document: Document): Span | null {
  return isNode(value) ? descend(value, path, found, document) : null;
}

const isNode = (value: unknown): value is Node =>
  isMap(value) || isSeq(value) || isScalar(value) || isAlias(value);

const keyOf = (pair: Pair): string => (isScalar(pair.key) ? String(pair.key.value) : "");

function matches(item: unknown, wanted: ReadonlyMap<string, string>): boolean {
  return isMap(item) && [...wanted].every(([key, value]) => String(item.get(key)) === value);
}

function typeOf(value: unknown): string {
  if (isMap(value)) return "object";
  if (isSeq(value)) return "array";
  return isScalar(value) && value.value !== null ? typeof value.value : "null";
}

function spanOf(node: unknown): Span | null {
  const range = isNode(node) ? node.range : null;
  return range ? { from: range[0], to: range[1] } : null;
}

const keySpan = (pair: Pair | undefined): Span | null => (isPair(pair) ? spanOf(pair.key) : null);

/** Key and value on one line; the key alone where the value is a block of its own. */
function pairSpan(pair: Pair): Span | null {
  const key = spanOf(pair.key);
  const value = spanOf(pair.value);
  if (!key || !value || isMap(pair.value) || isSeq(pair.value)) return key ?? value;
  return { from: key.from, to: Math.max(key.to, value.to) };
}

/** True when a span is the whole of a map or list, which is better shown at its key. */
function isWide(value: unknown, span: Span): boolean {
  const whole = spanOf(value);
  return (isMap(value) || isSeq(value)) && whole?.from === span.from && whole.to === span.to;
}
