/**
 * The inside of the Pod that is drawn open. Enters: that it changed, or that virtual time has passed. Leaves: what
 * the server last told, asked for at most once a second of wall time.
 */
import { parseInside, type Inside } from "../cluster/inside.ts";
import type { Api } from "../live/api.ts";

const PAUSE_MS = 800;

export class InsideWatch {
  /** Null before the first answer, and for a Pod whose Node does not answer. */
  now = $state.raw<Inside | null>(null);
  readonly #api: Api;
  readonly #uid: string;
  #busy = false;
  #again: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(api: Api, uid: string) {
    this.#api = api;
    this.#uid = uid;
  }

  /** Looks anew, soon. */
  ask(node: string): void {
    if (this.#busy) this.#again = node;
    else if (!this.#closed) void this.#look(node);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #look(node: string): Promise<void> {
    this.#busy = true;
    try {
      const { ok, body } = await this.#api.lookInside(node, this.#uid);
      if (!this.#closed) this.now = ok ? parseInside(body) : null;
    } catch (error) {
      // Without an answer the Pod is drawn from what the stream says.
      if (!(error instanceof TypeError)) throw error;
      this.now = null;
    }
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#busy = false;
      const next = this.#again;
      this.#again = null;
      if (next !== null) this.ask(next);
    }, PAUSE_MS);
  }
}
