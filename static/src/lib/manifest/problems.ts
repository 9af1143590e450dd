/** The API server's complaints about a document, each at its line. */
import type { Complaint } from "../live/status.ts";
import type { ManifestDocument, Problem } from "./documents.ts";
import { locate, parseFieldPath, type Span } from "./field-path.ts";

export function problemsOf(
  complaints: readonly Complaint[],
  document: ManifestDocument,
  text: string,
): Problem[] {
  return complaints.map((complaint) => {
    const span = spanFor(complaint, document, text);
    return { ...span, line: lineOf(text, span.from), message: complaint.message, severity: "error" };
  });
}

function spanFor(complaint: Complaint, document: ManifestDocument, text: string): Span {
  if (complaint.field) {
    const path = parseFieldPath(complaint.field);
    const span = locate(document.tree, path, complaint.found) ?? locate(document.tree, path);
    if (span) return span;
  }
  if (complaint.line !== undefined) return lineSpan(text, sourceStart(document), complaint.line);
  const kind = locate(document.tree, ["kind"]);
  return kind ?? { from: document.from, to: document.from };
}

const sourceStart = (document: ManifestDocument): number => document.tree.range?.[0] ?? 0;

/** The n-th line after an offset. */
function lineSpan(text: string, start: number, line: number): Span {
  let from = start;
  for (let n = 1; n < line; n += 1) {
    const next = text.indexOf("\n", from);
    if (next < 0) break;
    from = next + 1;
  }
  const end = text.indexOf("\n", from);
  return { from, to: end < 0 ? text.length : end };
}

export function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) line += 1;
  return line;
}
