/** What the API server says when it refuses: a `Status` as sentences, each with the field that it is about. */
import { items, text, tree } from "./json.ts";

export interface Complaint {
  message: string;
  /** As in `spec.containers[0].image`; "" when it is about the whole. */
  field: string;
  /** Type that was found where another was wanted: `string`, `number`, `object` …; then `field` has no indexes. */
  found?: string;
  /** Line within the text that was sent, from 1, where the server names one. */
  line?: number;
  /** The field belongs to another field manager. */
  conflict?: boolean;
}

export const isStatus = (body: unknown): boolean => tree(body)["kind"] === "Status";

/** The server's one sentence. */
export const statusMessage = (body: unknown): string =>
  typeof body === "string" ? body.trim() : text(tree(body)["message"]).trim();

/** Everything it complains about, one by one where it says so. */
export function complaintsOf(body: unknown): Complaint[] {
  const message = statusMessage(body);
  const strict = /strict decoding error: (.*)$/s.exec(message)?.[1];
  if (strict !== undefined) return strictComplaints(strict);
  const undeclared = undeclaredFields(message);
  if (undeclared.length > 0) return undeclared;
  const causes = items(tree(tree(body)["details"])["causes"]).map(tree);
  const named = causes.filter((cause) => text(cause["field"]) && cause["field"] !== "patch");
  if (named.length > 0) {
    return named.map((cause) => {
      const field = text(cause["field"]);
      const conflict = cause["reason"] === "FieldManagerConflict";
      const complaint = { field, message: `${field}: ${text(cause["message"])}` };
      return conflict ? { ...complaint, conflict } : complaint;
    });
  }
  return [plain(message)];
}

/** Fields that server-side apply does not know: `.spec.containers[name="web"].imagee: field not declared in schema`. */
function undeclaredFields(message: string): Complaint[] {
  return [...message.matchAll(/(\.\S+): field not declared in schema/g)].map(([found, field = ""]) => ({
    message: found,
    field,
  }));
}

function strictComplaints(texts: string): Complaint[] {
  return texts.split(/, (?=unknown field|duplicate field|line \d+:|yaml: )/).map((message) => {
    const field = /(?:unknown|duplicate) field "([^"]+)"/.exec(message)?.[1] ?? "";
    return withLine({ message, field });
  });
}

function plain(message: string): Complaint {
  const go = /cannot unmarshal (\w+)(?: \S+)? into Go struct field [^.\s]+\.(\S+) of type/.exec(message);
  if (go) return { message, field: go[2] ?? "", found: go[1] ?? "" };
  return withLine({ message, field: "" });
}

function withLine(complaint: Complaint): Complaint {
  const line = Number(/\bline (\d+)\b/.exec(complaint.message)?.[1]);
  return line > 0 ? { ...complaint, line } : complaint;
}
