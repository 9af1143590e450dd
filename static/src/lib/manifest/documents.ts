/**
 * A text as manifests. Enters: what stands in the editor. Leaves: its documents with their identity, and what is
 * wrong with them, with offsets; never throws, whatever the text is.
 */
import { isMap, isScalar, LineCounter, parseAllDocuments, visit, type Document } from "yaml";
import { locate, parseFieldPath } from "./field-path.ts";

export interface Problem {
  /** Offsets in the whole text. */
  from: number;
  to: number;
  /** From 1, in the whole text. */
  line: number;
  message: string;
  severity: "error" | "warning";
}

export interface ManifestDocument {
  /** From 0, counting only documents with something in them. */
  index: number;
  from: number;
  to: number;
  line: number;
  apiVersion: string;
  kind: string;
  namespace: string;
  name: string;
  generateName: string;
  /** The text that is sent. */
  source: string;
  problems: Problem[];
  tree: Document;
}

export const MAX_BYTES = 1024 * 1024;

export interface Manifests {
  documents: ManifestDocument[];
  /** What is wrong with the text as a whole; then there are no documents. */
  refusal: string;
}

export const sizeRefusal = (bytes: number): string =>
  `This is ${(bytes / MAX_BYTES).toFixed(1)} MiB of text; a manifest may have up to 1 MiB here.`;

export function parseManifests(text: string): Manifests {
  const refusal = refusalOf(text);
  if (refusal) return { documents: [], refusal };
  const lines = new LineCounter();
  // The parser's own search for keys that are there twice takes minutes for large maps; see `duplicates`.
  const parsed = parseAllDocuments(text, {
    lineCounter: lines,
    prettyErrors: false,
    version: "1.1",
    uniqueKeys: false,
    logLevel: "silent",
  });
  const trees = Array.isArray(parsed) ? parsed.filter(hasContent) : [];
  return { documents: trees.map((one, index) => manifestOf(one, index, text, lines)), refusal: "" };
}

const MAX_DEPTH = 100;
const MAX_ANCHORS = 500;
const MAX_DOCUMENTS = 1000;

/** Text that the parser had better not see: it would take the page with it. */
function refusalOf(text: string): string {
  if (text.length > MAX_BYTES) return sizeRefusal(text.length);
  if (text.includes("\0")) return "This is a binary file, not a manifest.";
  if (isTooDeep(text)) return `This text is nested more than ${MAX_DEPTH} levels deep.`;
  const counts: [RegExp, number, string][] = [
    [/(?:^|[\s[{,])&[^\s,\]}]/gm, MAX_ANCHORS, "anchors (&name)"],
    [/^---/gm, MAX_DOCUMENTS, "documents"],
  ];
  const over = counts.find(([pattern, most]) => (text.match(pattern)?.length ?? 0) > most);
  return over ? `This text has more than ${over[1]} ${over[2]}.` : "";
}

function isTooDeep(text: string): boolean {
  let depth = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth = Math.max(0, depth + (bracket === "[" || bracket === "{" ? 1 : -1));
    if (depth > MAX_DEPTH) return true;
  }
  return /^\s*(?:[-?][ \t]+){100}/m.test(text) || /^ {400}/m.test(text);
}

function hasContent({ contents, errors }: Document): boolean {
  const empty = contents === null || (isScalar(contents) && contents.value === null);
  return !empty || errors.length > 0;
}

function manifestOf(document: Document, index: number, text: string, lines: LineCounter): ManifestDocument {
  const [start, , end] = document.range ?? [0, 0, text.length];
  const root = isMap(document.contents) ? document.contents : null;
  // As it is written: YAML reads `n` or `0x1f` as something else, of which the API server has to complain.
  const word = (...path: string[]): string => {
    const value = root?.getIn(path, true);
    return isScalar(value) && value.value !== null ? (value.source ?? String(value.value)) : "";
  };
  const from = firstContent(text, start, end);
  const manifest: ManifestDocument = {
    index,
    from,
    to: end,
    line: lines.linePos(from).line,
    apiVersion: word("apiVersion"),
    kind: word("kind"),
    namespace: word("metadata", "namespace"),
    name: word("metadata", "name"),
    generateName: word("metadata", "generateName"),
    source: text.slice(start, end),
    problems: [],
    tree: document,
  };
  manifest.problems = document.errors.slice(0, 20).map((error) => {
    const position = Math.min(error.pos[0], Math.max(text.length - 1, 0));
    return problemAt(lines, { from: position, to: error.pos[1] }, yamlWords(error.code, error.message));
  });
  if (manifest.problems.length === 0) manifest.problems = duplicates(document, lines);
  if (manifest.problems.length === 0) manifest.problems = identityProblems(manifest, lines);
  return manifest;
}

/** Where the document's own text begins, after the marker, comments and empty lines. */
function firstContent(text: string, start: number, end: number): number {
  const skipped = /^(?:---[^\S\n]*(?:#[^\n]*)?(?:\n|$)|[^\S\n]*(?:#[^\n]*)?\n)*/.exec(text.slice(start, end));
  return Math.min(start + (skipped?.[0].length ?? 0), end);
}

function duplicates(document: Document, lines: LineCounter): Problem[] {
  const problems: Problem[] = [];
  visit(document, {
    Map(_, map) {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key) || key.value === "<<") continue;
        if (seen.has(key.value) && key.range) {
          const span = { from: key.range[0], to: key.range[1] };
          problems.push(
            problemAt(lines, span, `The key ${String(key.value)} is already there: a map has each key once.`),
          );
        }
        seen.add(key.value);
      }
    },
  });
  return problems.slice(0, 20);
}

function identityProblems(manifest: ManifestDocument, lines: LineCounter): Problem[] {
  const { tree } = manifest;
  const here = { from: manifest.from, to: Math.min(manifest.to, manifest.from + 1) };
  if (!isMap(tree.contents)) {
    return [
      problemAt(
        lines,
        here,
        "This is no object: a manifest has the keys apiVersion, kind and metadata at its top.",
      ),
    ];
  }
  const bomb = aliasProblem(tree);
  if (bomb) return [problemAt(lines, here, bomb)];
  if (manifest.kind === "List") {
    const words = "A List holds several objects; write each as a document of its own, with --- between them.";
    return [problemAt(lines, locate(tree, ["kind"]) ?? here, words)];
  }
  const missing = [
    ...(manifest.apiVersion ? [] : ["apiVersion"]),
    ...(manifest.kind ? [] : ["kind"]),
    ...(manifest.name || manifest.generateName ? [] : ["metadata.name"]),
  ];
  return missing.map((field) => {
    const span = locate(tree, parseFieldPath(field)) ?? here;
    return problemAt(lines, span, `${field} is not set.`);
  });
}

/** Aliases that would multiply beyond measure are found without letting them. */
function aliasProblem(document: Document): string {
  try {
    document.toJS({ maxAliasCount: 100 });
    return "";
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return /alias count/i.test(error.message)
      ? "Its aliases (*name) repeat one another too often; write the values out."
      : `${error.message}.`;
  }
}

function problemAt(lines: LineCounter, span: { from: number; to: number }, message: string): Problem {
  const to = Math.max(span.to, span.from);
  return { from: span.from, to, line: lines.linePos(span.from).line, message, severity: "error" };
}

const WORDS: Record<string, string> = {
  TAB_AS_INDENT: "YAML is indented with spaces, not with tabs.",
  BAD_INDENT: "The indentation does not fit the lines above.",
  MISSING_CHAR: "A character is missing here, such as a closing quote or bracket, or the colon after a key.",
  BLOCK_AS_IMPLICIT_KEY: "A key and its value are nested on one line; is there a colon too many?",
  MULTILINE_IMPLICIT_KEY: "A key goes over several lines; is a colon missing?",
};

function yamlWords(code: string, message: string): string {
  const closing = /^Flow (?:sequence|map).* end with an? (\S)/.exec(message)?.[1];
  if (closing) return `A closing ${closing} is missing. (${message})`;
  return WORDS[code] ? `${WORDS[code]} (${message})` : message;
}

/** The document that an offset belongs to. */
export function documentAt(
  documents: readonly ManifestDocument[],
  offset: number,
): ManifestDocument | undefined {
  return documents.findLast((document) => document.from <= offset) ?? documents[0];
}

/** `Pod web`, or what little is known. */
export function titleOf({ kind, name, generateName, index }: ManifestDocument): string {
  const called = name || (generateName ? `${generateName}…` : "");
  return kind || called ? [kind || "no kind", called].filter(Boolean).join(" ") : `Document ${index + 1}`;
}
