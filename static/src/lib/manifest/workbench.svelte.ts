/**
 * The manifest that is being worked on; it outlives the drawer. Enters: text from the editor, files, examples.
 * Leaves: its documents, what is wrong with them, and what the API server answered for each.
 */
import { Discovery } from "../live/discovery.ts";
import type { Session } from "../view/session.svelte.ts";
import { parseManifests, type ManifestDocument, type Manifests, type Problem } from "./documents.ts";
import { checkDocument } from "./check.ts";
import { lineOf, problemsOf } from "./problems.ts";
import { ManifestClient, type Answer, type Outcome } from "./requests.ts";
import { SchemaSource } from "./schema-source.ts";

const PAUSE_MS = 150;
const LONG_PAUSE_MS = 700;
/** Longer text is not checked against the schema while it is written. */
const COMFORTABLE = 300_000;

export type Deed = "apply" | "dry-run" | "delete";

export interface Result {
  deed: Deed;
  /** True when it was only asked what would happen. */
  dry: boolean;
  answer: Answer;
  problems: Problem[];
}

const UNREACHED: Answer = {
  outcome: "refused",
  message: "The server cannot be reached.",
  complaints: [{ message: "The server cannot be reached.", field: "" }],
  warnings: [],
  name: "",
};

export class Workbench {
  text = $state.raw("");
  manifests = $state.raw<Manifests>({ documents: [], refusal: "" });
  /** What the schema says before anything is sent. */
  findings = $state.raw<readonly Problem[]>([]);
  /** By the document's index; forgotten as soon as the text changes. */
  results = $state.raw<ReadonlyMap<number, Result>>(new Map());
  /** The deed that waits for a yes, after its listing. */
  asking = $state.raw<"apply" | "delete" | null>(null);
  busy = $state.raw(false);
  /** What is said aloud and above the documents. */
  notice = $state.raw("");
  /** Files that could not be taken. */
  refusals = $state.raw<readonly string[]>([]);

  readonly discovery: Discovery;
  readonly schemas: SchemaSource;
  #client: ManifestClient;
  #stale = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(session: Session) {
    this.discovery = new Discovery(session.api);
    this.schemas = new SchemaSource(session.api);
    this.#client = new ManifestClient(session.api, this.discovery);
  }

  edit(text: string): void {
    if (text === this.text) return;
    this.text = text;
    this.results = new Map();
    this.asking = null;
    this.notice = "";
    this.#stale = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.settle(), text.length > COMFORTABLE ? LONG_PAUSE_MS : PAUSE_MS);
  }

  /** Reads the text as it stands now. */
  settle(): void {
    clearTimeout(this.#timer);
    if (!this.#stale) return;
    this.#stale = false;
    this.manifests = parseManifests(this.text);
    this.findings = [];
    void this.#check(this.text);
  }

  async #check(text: string): Promise<void> {
    if (text.length > COMFORTABLE) return;
    const findings: Problem[] = [];
    for (const document of this.manifests.documents) {
      if (document.problems.length > 0) continue;
      const index = await this.schemas.load(document.apiVersion);
      if (this.text !== text) return;
      for (const finding of index ? checkDocument(document.tree, index, document.kind) : [])
        findings.push({ ...finding, line: lineOf(text, finding.from), severity: "warning" });
    }
    this.findings = findings;
  }

  /** First asks what each document would do; goes on at once when all of it is new, else lists it and asks. */
  async apply(): Promise<void> {
    this.settle();
    await this.#run("apply", true);
    const outcomes = [...this.results.values()].map((result) => result.answer.outcome);
    if (outcomes.length === 0) return;
    if (outcomes.every((outcome) => outcome === "created")) await this.confirm("apply");
    else if (outcomes.some((outcome) => outcome === "created" || outcome === "changed"))
      this.asking = "apply";
  }

  async dryRun(): Promise<void> {
    this.settle();
    await this.#run("dry-run", true);
  }

  async delete(): Promise<void> {
    this.settle();
    await this.#run("delete", true);
    if ([...this.results.values()].some((result) => result.answer.outcome === "deleted"))
      this.asking = "delete";
  }

  /** Carries out what was listed, document by document, in order; what was refused is left out. */
  async confirm(deed: "apply" | "delete"): Promise<void> {
    const wanted: readonly Outcome[] = ["created", "changed", "deleted"];
    const chosen = this.manifests.documents.filter((document) => {
      const outcome = this.results.get(document.index)?.answer.outcome;
      return outcome !== undefined && wanted.includes(outcome);
    });
    await this.#run(deed, false, chosen);
  }

  /** Applies one document although others own some of its fields. */
  async takeOver(document: ManifestDocument): Promise<void> {
    await this.#run("apply", false, [document], true);
  }

  async #run(
    deed: Deed,
    dry: boolean,
    chosen: readonly ManifestDocument[] | null = null,
    force = false,
  ): Promise<void> {
    if (this.busy) return;
    const { text } = this;
    this.busy = true;
    this.asking = null;
    if (dry) this.results = new Map();
    const spaces = new Set(
      this.manifests.documents.filter((one) => one.kind === "Namespace").map((one) => one.name),
    );
    for (const document of chosen ?? this.manifests.documents) {
      const answer = await this.#ask(deed, dry, document, force, spaces);
      if (this.text !== text) break;
      const problems = problemsOf(answer.complaints, document, text);
      this.results = new Map([...this.results, [document.index, { deed, dry, answer, problems }]]);
    }
    this.busy = false;
    if (this.text === text) this.notice = summary([...this.results.values()]);
  }

  async #ask(
    deed: Deed,
    dry: boolean,
    document: ManifestDocument,
    force: boolean,
    spaces: ReadonlySet<string>,
  ): Promise<Answer> {
    const [problem] = document.problems;
    if (problem) {
      const complaints = document.problems.map(({ message, line }) => ({ message, field: "", line }));
      return {
        ...UNREACHED,
        message: `Line ${problem.line}: ${problem.message}`,
        complaints: dry ? [] : complaints,
      };
    }
    try {
      if (deed === "delete") return await this.#client.delete(document, dry);
      const answer = await this.#client.apply(document, { dryRun: dry, force });
      const waits = dry && answer.outcome === "refused" && spaces.has(document.namespace);
      // Its Namespace is among the documents: it will be there in time.
      return waits && /namespaces? "/.test(answer.message)
        ? { ...answer, outcome: "created", complaints: [] }
        : answer;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return UNREACHED;
    }
  }
}

const WOULD: Record<Outcome, string> = {
  created: "would be created",
  changed: "would be changed",
  unchanged: "would stay as they are",
  deleted: "would be deleted",
  refused: "refused",
  conflict: "in conflict with another field manager",
};
const DID: Record<Outcome, string> = {
  created: "created",
  changed: "changed",
  unchanged: "unchanged",
  deleted: "deleted",
  refused: "refused",
  conflict: "in conflict with another field manager",
};

/** `2 created, 1 refused.` */
export function summary(results: readonly Result[]): string {
  const counts = new Map<string, number>();
  for (const { dry, answer } of results) {
    const words = (dry ? WOULD : DID)[answer.outcome];
    counts.set(words, (counts.get(words) ?? 0) + 1);
  }
  return counts.size === 0 ? "" : `${[...counts].map(([words, count]) => `${count} ${words}`).join(", ")}.`;
}

export const outcomeWords = ({ dry, answer }: Result): string => {
  const words = (dry ? WOULD : DID)[answer.outcome];
  return words.replace("would stay as they are", "would stay as it is");
};

const benches = new WeakMap<Session, Workbench>();

/** The one workbench of a session. */
export function workbenchOf(session: Session): Workbench {
  const bench = benches.get(session) ?? new Workbench(session);
  benches.set(session, bench);
  return bench;
}
