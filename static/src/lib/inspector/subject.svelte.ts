/**
 * The inspected object as the API server has it. Enters: which object, and that its revision in the replica has
 * moved. Leaves: its newest JSON, the one before, and when it was gone.
 */
import type { Api } from "../live/api.ts";
import { at, text, tree } from "../live/json.ts";
import { statusMessage } from "../live/status.ts";

export interface Seen {
  object: unknown;
  revision: string;
  /** Virtual milliseconds when the page saw it. */
  at: number;
}

const KEPT = 30;
/** Between two reads of one object (wall ms), however often it changes. */
const PAUSE_MS = 250;

export class Subject {
  /** The revisions seen, the newest last. */
  seen = $state.raw<readonly Seen[]>([]);
  /** Virtual milliseconds when it was found to be gone. */
  goneAt = $state.raw<number | null>(null);
  /** Why it cannot be read. */
  failure = $state.raw("");
  readonly object: unknown = $derived(this.seen.at(-1)?.object);

  #api: Api;
  #path: string;
  #now: () => number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reading = false;
  #again = false;
  #closed = false;

  constructor(api: Api, path: string, now: () => number) {
    this.#api = api;
    this.#path = path;
    this.#now = now;
  }

  /** Something has changed: reads anew, soon. */
  refresh(): void {
    if (this.#reading || this.#timer !== undefined) this.#again = true;
    else void this.#read();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #read(): Promise<void> {
    this.#reading = true;
    try {
      const answer = await this.#api.request("GET", this.#path);
      if (this.#closed) return;
      if (answer.ok) this.#take(answer.body);
      else if (answer.status === 404) this.goneAt ??= this.#now();
      else this.failure = statusMessage(answer.body) || `The server answered ${answer.status}.`;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      this.failure = "The server cannot be reached; this is the last state known.";
    } finally {
      this.#reading = false;
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (!this.#again) return;
      this.#again = false;
      void this.#read();
    }, PAUSE_MS);
  }

  #take(object: unknown): void {
    const revision = text(at(object, "metadata", "resourceVersion"));
    this.failure = "";
    this.goneAt = null;
    const last = this.seen.at(-1);
    if (last?.revision === revision) return;
    const reborn = last !== undefined && uidOf(last.object) !== uidOf(object);
    // Back in time, what is newer has not happened yet.
    const before = this.seen.filter((one) => Number(one.revision) < Number(revision));
    this.seen = [...(reborn ? [] : before), { object, revision, at: this.#now() }].slice(-KEPT);
  }
}

const uidOf = (object: unknown): unknown => tree(tree(object)["metadata"])["uid"];
