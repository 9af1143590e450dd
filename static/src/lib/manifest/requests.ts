/**
 * Documents as requests to the API server. Enters: one document. Leaves: what the server did with it or would do,
 * in its own words. Nothing is half applied within a document; documents do not know of one another.
 */
import type { Api, ApiAnswer } from "../live/api.ts";
import { apiVersionOf, pathOf, type Discovery, type KindInfo } from "../live/discovery.ts";
import { isTree, tree } from "../live/json.ts";
import { complaintsOf, statusMessage, type Complaint } from "../live/status.ts";
import type { ManifestDocument } from "./documents.ts";

export type Outcome = "created" | "changed" | "unchanged" | "deleted" | "refused" | "conflict";

export interface Answer {
  outcome: Outcome;
  /** The server's sentence when it refused. */
  message: string;
  complaints: Complaint[];
  warnings: string[];
  /** The object that was made, where the server chose its name. */
  name: string;
}

export const FIELD_MANAGER = "podarium";
const APPLY = "application/apply-patch+yaml";

export interface ApplyOptions {
  dryRun?: boolean;
  /** Takes fields from other managers. */
  force?: boolean;
}

export class ManifestClient {
  #api: Api;
  #discovery: Discovery;

  constructor(api: Api, discovery: Discovery) {
    this.#api = api;
    this.#discovery = discovery;
  }

  async apply(
    document: ManifestDocument,
    { dryRun = false, force = false }: ApplyOptions = {},
  ): Promise<Answer> {
    const info = await this.#discovery.find(document.apiVersion, document.kind);
    if (!info) return refused(await this.#unknownKind(document));
    const dry = dryRun ? "&dryRun=All" : "";
    const query = `?fieldManager=${FIELD_MANAGER}&fieldValidation=Strict${dry}`;
    if (!document.name) {
      const path = pathOf(info, namespaceOf(document, info));
      const made = await this.#api.request("POST", path + query, document.source, "application/yaml");
      return made.ok ? done("created", made) : failed(made);
    }
    const path = pathOf(info, namespaceOf(document, info), document.name);
    const answer = await this.#api.request("PATCH", `${path}${query}&force=${force}`, document.source, APPLY);
    if (!answer.ok) return failed(answer);
    if (answer.status === 201) return done("created", answer);
    if (!dryRun) return done("changed", answer);
    const before = await this.#api.request("GET", path);
    return done(isSame(before.body, answer.body) ? "unchanged" : "changed", answer);
  }

  async delete(document: ManifestDocument, dryRun = false): Promise<Answer> {
    const info = await this.#discovery.find(document.apiVersion, document.kind);
    if (!info) return refused(await this.#unknownKind(document));
    if (!document.name) return refused("Only the API server knows the name of what this document made.");
    const path = pathOf(info, namespaceOf(document, info), document.name);
    const query = `?propagationPolicy=Background${dryRun ? "&dryRun=All" : ""}`;
    const answer = await this.#api.request("DELETE", path + query);
    return answer.ok ? done("deleted", answer) : failed(answer);
  }

  /** kubectl's words, and what may have been meant. */
  async #unknownKind({ apiVersion, kind }: ManifestDocument): Promise<string> {
    const kinds = await this.#discovery.kinds();
    const words = `no matches for kind "${kind}" in version "${apiVersion}"`;
    const close = kinds.find((info) => info.kind.toLowerCase() === kind.toLowerCase());
    return close ? `${words}; there is ${close.kind} in ${apiVersionOf(close)}` : words;
  }
}

const namespaceOf = (document: ManifestDocument, info: KindInfo): string =>
  info.namespaced ? document.namespace || "default" : "";

function done(outcome: Outcome, { body, warnings }: ApiAnswer): Answer {
  const name = String(tree(tree(body)["metadata"])["name"] ?? "");
  return { outcome, message: "", complaints: [], warnings, name };
}

function refused(message: string): Answer {
  return { outcome: "refused", message, complaints: [{ message, field: "" }], warnings: [], name: "" };
}

function failed(answer: ApiAnswer): Answer {
  const complaints = complaintsOf(answer.body);
  const conflict = complaints.some((complaint) => complaint.conflict);
  return {
    outcome: conflict ? "conflict" : "refused",
    message: statusMessage(answer.body) || `The server answered ${answer.status}.`,
    complaints,
    warnings: answer.warnings,
    name: "",
  };
}

/** Equal but for what every write changes. */
export function isSame(before: unknown, after: unknown): boolean {
  return equal(withoutBooks(before), withoutBooks(after));
}

const BOOKS: ReadonlySet<string> = new Set(["managedFields", "resourceVersion", "generation"]);

function withoutBooks(object: unknown): unknown {
  const { metadata, ...rest } = tree(object);
  const kept = Object.entries(tree(metadata)).filter(([key]) => !BOOKS.has(key));
  return { ...rest, metadata: Object.fromEntries(kept) };
}

function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => equal(item, b[index]));
  }
  if (!isTree(a) || !isTree(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => equal(a[key], b[key]));
}
