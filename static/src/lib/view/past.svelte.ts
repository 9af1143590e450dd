/**
 * Going back in time. Enters: wishes of keys, timeline and address. Leaves: the moment that is looked at, whose
 * picture is handed to the session; one question at a time, so that scrubbing never runs ahead of the server.
 */
import type { Api } from "../live/api.ts";
import type { FactView } from "../live/protocol.ts";
import type { Moment, PastView } from "../live/history.ts";
import { HistoryClient, keyOf, type Direction, type Refusal, type StepSize } from "../live/past.ts";
import { Replay } from "./replay.svelte.ts";

/** How the picture came to be at its moment: out of nowhere, or by going on from the one before. */
export type Arrival = "jump" | "step" | "play";

/** What shows a moment: the session. */
export interface Screen {
  show(view: PastView, arrival: Arrival, fresh: readonly FactView[]): void;
  /** Virtual time of the picture while nothing in it changes. */
  setClock(at: number, speed: string | null): void;
  comeBack(): void;
  tell(words: string): void;
}

/** Key presses that wait while the server is asked; more are forgotten. */
const MOST_WAITING = 4;
/** The address follows when the moment has stood for so long (wall ms). */
const SETTLED_MS = 250;

export class Past {
  readonly client: HistoryClient;
  readonly replay: Replay;
  readonly #screen: Screen;
  /** The moment looked at, as it was asked for; "" is now. */
  key = $state.raw("");
  view = $state.raw<PastView | null>(null);
  /** As `key`, when it has settled. */
  address = $state.raw("");
  /** Why the moment last wished for is not shown, and the oldest that can be. */
  failure = $state.raw<(Refusal & { oldest: Moment | null }) | null>(null);
  /** The first of two moments to be compared. */
  markA = $state.raw<Moment | null>(null);
  /** The two moments that are compared, as keys. */
  compared = $state.raw<{ from: string; to: string } | null>(null);
  readonly away = $derived(this.key !== "");
  readonly moment = $derived(this.view?.moment ?? null);
  #wanted: { key: string; arrival: Arrival } | null = null;
  #running: Promise<void> | null = null;
  #steps: Promise<void> = Promise.resolve();
  #waiting = 0;
  /** Rises with each return to now: answers that were asked for before it come too late. */
  #returns = 0;
  #settling: ReturnType<typeof setTimeout> | undefined;

  constructor(api: Api, screen: Screen) {
    this.client = new HistoryClient(api);
    this.#screen = screen;
    this.replay = new Replay(this.client, {
      show: (view, fresh) => this.#show(keyOf(view.moment), view, "play", fresh),
      setClock: (at, speed) => screen.setClock(at, speed),
      end: () => this.#arrive(),
      fail: (refusal) => void this.#refuse(refusal),
    });
  }

  /** Looks at a moment; of several asked for at once only the last matters. */
  go(key: string, arrival: Arrival = "jump"): Promise<void> {
    this.replay.stop();
    this.#wanted = { key, arrival };
    this.#running ??= this.#run().finally(() => (this.#running = null));
    return this.#running;
  }

  /** One fact, step or second on or back; after the newest moment comes now. */
  step(by: StepSize, direction: Direction): Promise<void> {
    this.replay.stop();
    if (this.#waiting >= MOST_WAITING) return this.#steps;
    this.#waiting += 1;
    this.#steps = this.#steps
      .then(() => this.#step(by, direction))
      .finally(() => {
        this.#waiting -= 1;
      });
    return this.#steps;
  }

  now(): void {
    this.replay.stop();
    this.#wanted = null;
    this.#returns += 1;
    this.failure = null;
    this.key = "";
    this.view = null;
    this.#settle();
    this.#screen.comeBack();
  }

  togglePlay(): void {
    const { moment, replay } = this;
    if (replay.playing) replay.stop();
    else if (moment) replay.start(moment);
  }

  /** Remembers the moment looked at; `present` is the newest one known. */
  mark(present: Moment): void {
    this.markA = this.moment ?? present;
  }

  /** Compares the moment remembered, or the one looked at, with this one. */
  compare(present: Moment): void {
    const here = this.moment ?? present;
    const other = this.markA ?? (this.moment ? present : null);
    if (!other) {
      this.#screen.tell("Mark a moment first (A): then V compares it with the one that you look at.");
      return;
    }
    const [from, to] = other.at <= here.at ? [other, here] : [here, other];
    this.compared = { from: keyOf(from), to: keyOf(to) };
  }

  async #run(): Promise<void> {
    while (this.#wanted) {
      const { key, arrival } = this.#wanted;
      this.#wanted = null;
      const returns = this.#returns;
      const { told, refusal } = await this.client.world(key);
      // Somebody has gone elsewhere meanwhile, perhaps back to now.
      if (this.#wanted || returns !== this.#returns) continue;
      if (refusal) await this.#refuse(refusal);
      else if (arrival === "step" && told.moment.seq >= told.range.newest.seq) this.#arrive();
      else this.#show(key, told, arrival, freshFacts(told, arrival, this.moment));
    }
  }

  async #step(by: StepSize, direction: Direction): Promise<void> {
    const returns = this.#returns;
    const { told, refusal } = await this.client.step(this.key, by, direction);
    if (returns !== this.#returns) return;
    if (refusal) return this.#refuse(refusal);
    const before = this.moment;
    if (direction === "previous" && before && told.revision === before.revision && told.at === before.at) {
      if (told.seq === before.seq) this.#screen.tell("This is the oldest moment that is kept.");
    }
    // A second ends between two facts; the others end at one.
    const key = by === "second" ? String(told.at) : keyOf(told);
    await this.go(key, direction === "next" ? "step" : "jump");
  }

  #show(key: string, view: PastView, arrival: Arrival, fresh: readonly FactView[]): void {
    this.failure = null;
    this.key = key;
    this.view = view;
    this.#settle();
    this.#screen.show(view, arrival, fresh);
  }

  #arrive(): void {
    this.now();
    this.#screen.tell("You are back at now.");
  }

  async #refuse(refusal: Refusal): Promise<void> {
    this.replay.stop();
    const oldest = refusal.expired ? await this.client.timeline("", "", 1) : null;
    this.failure = { ...refusal, oldest: oldest?.told?.range.oldest ?? null };
    // What the address named cannot be shown: then now is.
    if (!this.view) {
      this.key = "";
      this.#settle();
      this.#screen.comeBack();
    }
  }

  #settle(): void {
    clearTimeout(this.#settling);
    if (this.key === "") this.address = "";
    else this.#settling = setTimeout(() => (this.address = this.key), SETTLED_MS);
  }
}

/** The facts that the travellers show: those since the moment before, or of the moment itself. */
function freshFacts({ facts, moment }: PastView, arrival: Arrival, before: Moment | null): FactView[] {
  if (arrival === "step" && before) return facts.filter((fact) => fact.seq > before.seq);
  return facts.filter((fact) => fact.at === moment.at);
}
