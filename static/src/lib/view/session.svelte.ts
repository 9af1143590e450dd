/**
 * One visitor's view of one room: the live replica and clock, what is selected, which Pod is being told about.
 * Enters: frames from the stream. Leaves: reactive state that the regions draw.
 */
import { parseExplanation, type Explanation } from "../cluster/explanation.ts";
import { noMoments, reduceFacts, withVerdicts, type Moments } from "../cluster/moments.ts";
import { activeService, shownServices } from "../cluster/services.ts";
import { chooseStory, isOnItsWay, isSystem } from "../cluster/story.ts";
import { sampled, type Trip } from "../cluster/trips.ts";
import { Api, type ClockSpec } from "../live/api.ts";
import type { ClockView, Delta, Facts, Hello, PodView, Snapshot, Stopped } from "../live/protocol.ts";
import { ClusterReplica } from "../live/replica.svelte.ts";
import type { StreamListener } from "../live/socket.ts";
import { VirtualClock } from "../live/virtual-clock.svelte.ts";
import { Panels, type PanelName } from "./panels.svelte.ts";
import { Selection, type ObjectRef } from "./selection.svelte.ts";

/** How long (wall ms) a finished story stays before the next one is told. */
const LINGER_MS = 2500;
/** A Pod that is bound sooner than this (wall ms) does not go by way of the shelf. */
const SHELF_AFTER_MS = 700;
const TRIPS_A_FRAME = 8;
const NOTICE_MS = 5000;

export const SPEEDS = ["0.01", "0.1", "0.25", "0.5", "1", "2", "5", "10", "60", "1000", "max"];
const SLOW_MOTION = "0.1";

export class Session implements StreamListener {
  readonly replica = new ClusterReplica();
  readonly clock = new VirtualClock();
  readonly selection = new Selection();
  readonly panels = new Panels();
  readonly api = new Api();
  hello = $state.raw<Hello | null>(null);
  /** Null until the first attempt has ended. */
  connected = $state.raw<boolean | null>(null);
  moments = $state.raw<Moments>(noMoments);
  /** UID of the Pod being told about. */
  storyUid = $state.raw<string | null>(null);
  /** UIDs of the Pods that wait for a Node, oldest first. */
  shelf = $state.raw<readonly string[]>([]);
  /** UID of a Pod that the visitor folded up. */
  folded = $state.raw<string | null>(null);
  /** The story in full, when it was asked for. */
  explanation = $state.raw<Explanation | null>(null);
  /** Step whose details are shown. */
  step = $state.raw<number | null>(null);
  blank = $state.raw(false);
  /** Panels that exist in this build; keys for others are not offered. */
  available = $state.raw<ReadonlySet<PanelName>>(new Set<PanelName>(["step", "keys"]));
  /** Files dropped on the page, for the manifest drawer to take. */
  dropped = $state.raw<readonly File[]>([]);
  /** What went wrong with the visitor's last wish, for a few seconds. */
  /** Set when the simulator itself has failed: the run is over, its journal can be downloaded. */
  stopped = $state.raw<Stopped | null>(null);
  notice = $state.raw("");

  readonly canWrite = $derived(this.available.has("manifest") && !(this.hello?.readOnly ?? false));
  readonly selectedPod = $derived.by(() => {
    const { ref } = this.selection;
    if (ref?.kind !== "Pod") return undefined;
    return [...this.replica.pods.values()].find(
      (pod) => pod.name === ref.name && pod.namespace === ref.namespace,
    );
  });
  readonly storyPod: PodView | undefined = $derived(
    this.storyUid === null ? undefined : this.replica.pods.get(this.storyUid),
  );
  readonly journey = $derived(this.storyUid === null ? undefined : this.replica.journeys.get(this.storyUid));
  /** UID of the Pod drawn open in place. */
  readonly opened = $derived.by(() => {
    const pod = this.selectedPod ?? this.storyPod;
    return pod && pod.node && pod.uid !== this.folded ? pod.uid : null;
  });
  readonly services = $derived(shownServices(this.replica.services));
  #previousService: string | null = null;
  readonly service = $derived.by(() => {
    const { ref } = this.selection;
    const selected =
      ref?.kind === "Service"
        ? this.services.find((service) => service.name === ref.name && service.namespace === ref.namespace)
        : undefined;
    const active = activeService(this.services, selected?.uid ?? null, this.storyPod, this.#previousService);
    this.#previousService = active?.uid ?? null;
    return active;
  });
  /** Virtual milliseconds since the room's first Node appeared. */
  readonly elapsed = $derived.by(() => {
    const births = [...this.replica.nodes.values()].map((node) => node.created);
    return births.length > 0 ? Math.max(0, this.clock.coarse - Math.min(...births)) : 0;
  });

  #tripListener: (trips: Trip[]) => void = () => undefined;
  #unboundSince = new Map<string, number>();
  #finishedAt: number | null = null;
  #noticeTimer: ReturnType<typeof setTimeout> | undefined;
  #speedBefore = "1";

  onHello(frame: Hello): void {
    this.hello = frame;
    this.api.configure(frame);
    this.clock.apply(frame.clock, performance.now());
  }

  onSnapshot(frame: Snapshot): void {
    // A run that began anew knows nothing of what this page has heard before.
    if (frame.revision < this.replica.revision) this.moments = noMoments;
    this.replica.applySnapshot(frame);
    this.clock.apply(frame.clock, performance.now());
    this.connected = true;
    this.refresh();
  }

  onDelta(frame: Delta): void {
    this.replica.applyDelta(frame);
    this.refresh();
  }

  onFacts(frame: Facts): void {
    this.moments = reduceFacts(this.moments, frame.facts);
    this.#tripListener(sampled(frame.facts, TRIPS_A_FRAME));
  }

  onClock(frame: ClockView): void {
    this.clock.apply(frame, performance.now());
  }

  onStopped(frame: Stopped): void {
    this.stopped = frame;
  }

  onConnection(connected: boolean): void {
    this.connected = connected && this.replica.filled ? true : connected ? this.connected : false;
  }

  /** The animation listens to trips here; they are moments, not state. */
  onTrips(listener: (trips: Trip[]) => void): void {
    this.#tripListener = listener;
  }

  /** Follows what changes with time alone; called a few times a second. */
  tick(): void {
    this.clock.tick(performance.now());
    this.refresh();
  }

  select(ref: ObjectRef): void {
    this.selection.select(ref);
    if (this.available.has("inspector")) this.panels.open("inspector");
    this.folded = null;
    this.refresh();
  }

  deselect(): void {
    this.selection.clear();
    this.panels.close("inspector");
    this.refresh();
  }

  showStep(step: number | null): void {
    this.step = step;
    if (step === null) this.panels.close("step");
    else {
      this.panels.open("step");
      void this.explain();
    }
  }

  /** Hands dropped files to the manifest drawer and opens it. */
  drop(files: readonly File[]): void {
    if (files.length === 0 || !this.canWrite) return;
    this.dropped = files;
    this.panels.open("manifest");
  }

  /** Opens the Pod in focus in place, or folds it up. */
  toggleFocus(): void {
    const pod = this.selectedPod ?? this.storyPod;
    if (pod) this.folded = this.folded === pod.uid ? null : pod.uid;
  }

  /** Escape: closes the panel opened last, else lets go of the selection; false when nothing was open. */
  escape(): boolean {
    const last = this.panels.closeLast();
    if (last === "step") this.step = null;
    if (last === "inspector" || (last === undefined && this.selection.ref)) {
      this.selection.clear();
      this.refresh();
      return true;
    }
    return last !== undefined;
  }

  togglePause(): Promise<void> {
    return this.changeClock({ paused: !this.clock.frame.paused });
  }

  changeSpeed(by: 1 | -1): Promise<void> {
    const at = SPEEDS.findIndex((speed) => rank(speed) >= rank(this.clock.frame.speed));
    const next = SPEEDS[Math.min(Math.max((at < 0 ? 4 : at) + by, 0), SPEEDS.length - 1)];
    return next ? this.changeClock({ speed: next }) : Promise.resolve();
  }

  toggleSlowMotion(): Promise<void> {
    const { speed } = this.clock.frame;
    if (speed === SLOW_MOTION) return this.changeClock({ speed: this.#speedBefore });
    this.#speedBefore = speed;
    return this.changeClock({ speed: SLOW_MOTION });
  }

  /** Asks for everything that is known about the story; the cards learn from it too. */
  async explain(): Promise<void> {
    const { journey } = this;
    if (!journey || !this.hello) return;
    try {
      const { body } = await this.api.explainPod(journey.namespace, journey.name);
      const explanation = parseExplanation(body);
      if (!explanation || explanation.uid !== this.storyUid) return;
      this.explanation = explanation;
      this.moments = withVerdicts(this.moments, explanation.steps.flat());
    } catch (error) {
      // Without an answer the rail's own summaries remain.
      if (!(error instanceof TypeError)) throw error;
    }
  }

  async changeClock(spec: ClockSpec): Promise<void> {
    try {
      const answer = await this.api.patchClock(spec);
      if (!answer.ok) this.tell(messageOf(answer.body) || `The clock was not changed (${answer.status}).`);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      this.tell("The server cannot be reached; the clock was not changed.");
    }
  }

  tell(notice: string): void {
    this.notice = notice;
    clearTimeout(this.#noticeTimer);
    this.#noticeTimer = setTimeout(() => (this.notice = ""), NOTICE_MS);
  }

  refresh(): void {
    this.#refreshStory(performance.now());
    this.#refreshShelf(performance.now());
  }

  #refreshStory(wall: number): void {
    const before = this.storyUid === null ? undefined : this.replica.journeys.get(this.storyUid);
    if (!before || isOnItsWay(before)) this.#finishedAt = null;
    else this.#finishedAt ??= wall;
    const lingering = this.#finishedAt !== null && wall - this.#finishedAt < LINGER_MS;
    const story = chooseStory({
      selected: this.selectedPod?.uid ?? null,
      previous: this.storyUid,
      lingering,
      journeys: this.replica.journeys,
      pods: this.replica.pods,
    });
    if (story === this.storyUid) return;
    this.storyUid = story;
    // A page that was opened later has not seen the facts from which its cards are made.
    if (this.journey && !this.moments.scheduling.has(this.journey.podUid)) void this.explain();
  }

  #refreshShelf(wall: number): void {
    const unbound = [...this.replica.pods.values()].filter(
      (pod) => !pod.node && pod.deleted === null && !isSystem(pod.namespace),
    );
    const since = new Map(unbound.map((pod) => [pod.uid, this.#unboundSince.get(pod.uid) ?? wall]));
    this.#unboundSince = since;
    const shelf = unbound
      .filter((pod) => pod.message || wall - (since.get(pod.uid) ?? wall) >= SHELF_AFTER_MS)
      .sort((a, b) => a.created - b.created || (a.name < b.name ? -1 : 1))
      .map((pod) => pod.uid);
    if (shelf.join() !== this.shelf.join()) this.shelf = shelf;
  }
}

const rank = (speed: string): number => (speed === "max" ? Infinity : Number(speed));

function messageOf(body: unknown): string {
  const message = body !== null && typeof body === "object" && "message" in body ? body.message : "";
  return typeof message === "string" ? message : "";
}
