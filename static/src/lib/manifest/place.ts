/** Where the cursor is within YAML that is still being written: found by indentation, so that it may be broken. */
import { ITEM } from "./schema.ts";

export interface Place {
  /** Keys and items from the top of the document down to the map or value. */
  path: string[];
  /** Whether a key or a value is being written, and as much of it as stands there. */
  writing: "key" | "value";
  /** Column where the word begins, from 0. */
  column: number;
  word: string;
  /** Keys that this map has already. */
  siblings: Set<string>;
  apiVersion: string;
  kind: string;
}

interface Line {
  /** Columns of the dashes that begin items. */
  dashes: number[];
  /** Column of what follows the dashes. */
  column: number;
  /** "" when the line is no `key:`. */
  key: string;
  rest: string;
}

const KEY = /^(?:"([^"]*)"|'([^']*)'|([^\s"'#&*!|>%@`{}[\],][^:#]*?))\s*:(?:\s+(.*))?$/;

function readLine(text: string): Line | null {
  if (/^\s*(?:#.*)?$/.test(text)) return null;
  const dashes: number[] = [];
  let column = text.length - text.trimStart().length;
  for (
    let dash = /^-(?:\s+|$)/.exec(text.slice(column));
    dash;
    dash = /^-(?:\s+|$)/.exec(text.slice(column))
  ) {
    dashes.push(column);
    column += dash[0].length;
  }
  const match = KEY.exec(text.slice(column));
  const key = match ? (match[1] ?? match[2] ?? match[3] ?? "") : "";
  return { dashes, column, key, rest: match?.[4] ?? "" };
}

/** `lines` is the whole text; `row` and `column` (both from 0) are where the cursor stands. */
export function placeAt(lines: readonly string[], row: number, column: number): Place | null {
  const text = (lines[row] ?? "").slice(0, column);
  if (/(^|\s)#/.test(text)) return null;
  const [first, last] = bounds(lines, row);
  const line = readLine(text) ?? { dashes: [], column: text.length, key: "", rest: "" };
  const value = line.key !== "" && /:\s/.test(text.slice(line.column));
  const walk = ancestors(lines, row, line, first);
  const word = value ? line.rest : text.slice(line.column);
  const identity = readIdentity(lines, first, last);
  return {
    path: value ? [...walk.path, line.key] : walk.path,
    writing: value ? "value" : "key",
    column: value ? column - line.rest.length : line.column,
    word,
    siblings: new Set([...walk.siblings, ...later(lines, row, line.column, last)]),
    ...identity,
  };
}

/** The key under a column, with its path. */
export function keyAt(
  lines: readonly string[],
  row: number,
  column: number,
): (Place & { to: number }) | null {
  const line = readLine(lines[row] ?? "");
  if (!line || line.key === "") return null;
  const to = line.column + line.key.length;
  if (column < line.column || column > to) return null;
  const [first, last] = bounds(lines, row);
  const { path, siblings } = ancestors(lines, row, line, first);
  const identity = readIdentity(lines, first, last);
  return {
    path: [...path, line.key],
    writing: "key",
    column: line.column,
    word: line.key,
    siblings: new Set(siblings),
    to,
    ...identity,
  };
}

/** First and last line (exclusive) of the document that a line belongs to. */
function bounds(lines: readonly string[], row: number): [number, number] {
  const isMarker = (line: string): boolean => /^(?:---|\.\.\.)(?:\s|$)/.test(line);
  const first = lines.slice(0, row + 1).findLastIndex(isMarker) + 1;
  const next = lines.findIndex((line, index) => index > row && isMarker(line));
  return [first, next < 0 ? lines.length : next];
}

function readIdentity(
  lines: readonly string[],
  first: number,
  last: number,
): { apiVersion: string; kind: string } {
  const word = (key: string): string => {
    for (const line of lines.slice(first, last)) {
      if (line.startsWith(key))
        return (line.slice(key.length).split(" #")[0] ?? "").trim().replace(/^["']|["']$/g, "");
    }
    return "";
  };
  return { apiVersion: word("apiVersion:"), kind: word("kind:") };
}

/** Climbs from a line to the top of its document, by indentation. */
function ancestors(
  lines: readonly string[],
  row: number,
  line: Line,
  first: number,
): { path: string[]; siblings: string[] } {
  const path: string[] = [];
  const siblings: string[] = [];
  let limit = line.column;
  // Items may stand at the same column as the key of their list.
  let inItem = false;
  let own = true;
  const passDashes = (dashes: readonly number[]): void => {
    for (const dash of dashes.filter((one) => one < limit).reverse()) {
      path.unshift(ITEM);
      limit = dash;
      inItem = true;
      own = false;
    }
  };
  passDashes(line.dashes);
  for (let above = row - 1; above >= first && (limit > 0 || inItem || own); above -= 1) {
    const one = readLine(lines[above] ?? "");
    if (!one) continue;
    if (one.key && (one.column < limit || (inItem && one.column === limit))) {
      path.unshift(one.key);
      limit = one.column;
      inItem = false;
      own = false;
      passDashes(one.dashes);
    } else if (one.column === limit && !inItem) {
      if (own && one.key) siblings.push(one.key);
      passDashes(one.dashes);
    }
  }
  return { path, siblings };
}

/** Keys of the same map in the lines below. */
function later(lines: readonly string[], row: number, column: number, last: number): string[] {
  const keys: string[] = [];
  for (const text of lines.slice(row + 1, last)) {
    const line = readLine(text);
    if (!line) continue;
    const start = line.dashes[0] ?? line.column;
    if (start < column) break;
    if (start === column && line.dashes.length === 0 && line.key) keys.push(line.key);
  }
  return keys;
}
