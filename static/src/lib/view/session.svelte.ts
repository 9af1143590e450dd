/**
 * One visitor's view of one room: the live replica and clock, what is selected, what is being told.
 * Enters: frames from the stream. Leaves: reactive state that the regions draw.
 */
import {
  noContainerMoments,
  withContainerMoments,
  type ContainerMoments,
} from "../cluster/container-moments.ts";
import { explainedUntil, parseExplanation, type Explanation } from "../cluster/explanation.ts";
import { findView } from "../cluster/objects.ts";
import { noMoments, reduceFacts, withVerdicts, type Moments } from "../cluster/moments.ts";
import { activeService, shownServices } from "../cluster/services.ts";
import { isOnItsWay } from "../cluster/story.ts";
import type { Tale } from "../cluster/tale.ts";
import { sampled, type Trip } from "../cluster/trips.ts";
import { Api, type ClockSpec } from "../live/api.ts";
import type { PastView } from "../live/history.ts";
import type { StepSize } from "../live/past.ts";
import type {
  ClockView,
  Delta,
  Facts,
  FactView,
  Hello,
  PodView,
  Requests,
  Snapshot,
  Stopped,
} from "../live/protocol.ts";
import { ClusterReplica } from "../live/replica.svelte.ts";
import type { StreamListener } from "../live/socket.ts";
import { VirtualClock } from "../live/virtual-clock.svelte.ts";
import { Attention } from "./attention.svelte.ts";
import { Filter } from "./filter.svelte.ts";
import { Pass } from "./pass.svelte.ts";
import { PictureTime } from "./picture-time.ts";
import { Panels, type PanelName } from "./panels.svelte.ts";
import { Past, type Arrival } from "./past.svelte.ts";
import { Playback } from "./playback.svelte.ts";
import { Present } from "./present.svelte.ts";
import { Pointing } from "./pointing.svelte.ts";
import { Selection, type ObjectRef } from "./selection.svelte.ts";
import { Tales } from "./tales.svelte.ts";
import { TrafficView } from "./traffic.svelte.ts";
import { StoryTeller } from "./teller.svelte.ts";
import { Waiting } from "./waiting.svelte.ts";

const TRIPS_A_FRAME = 8;
const NOTICE_MS = 5000;
/** Wall ms without a Pod on its way before requests are told. */
const CALM_MS = 1500;
const SECOND_MS = 1000;
/** Panels that every build has. */
const ALWAYS: PanelName[] = ["step", "keys", "search", "commands", "cluster", "faults", "timeline", "branch"];
/** A picture that stands still. */
const STILL = { paused: true, idle: true, lagMs: 0 };

export class Session implements StreamListener {
  readonly replica = new ClusterReplica();
  readonly clock = new VirtualClock();
  readonly selection = new Selection();
  readonly panels = new Panels();
  readonly filter = new Filter();
  readonly pointing = new Pointing();
  readonly attention = new Attention(this.replica, this.selection);
  readonly api = new Api();
  /** Now, wherever the picture is. */
  readonly present = new Present(this.replica);
  readonly past = new Past(this.api, {
    show: (view, arrival, fresh) => this.#showPast(view, arrival, fresh),
    setClock: (at, speed) => this.#setPastClock(at, speed),
    comeBack: () => this.#comeBack(),
    tell: (words) => this.tell(words),
  });
  readonly playback = new Playback(this.api, this.present.clock, (notice) => this.tell(notice));
  readonly tales = new Tales(this.replica, this.clock);
  readonly traffic = new TrafficView(this.replica, this.clock, this.selection, this.api);
  hello = $state.raw<Hello | null>(null);
  /** Null until the first attempt has ended. */
  connected = $state.raw<boolean | null>(null);
  moments = $state.raw<Moments>(noMoments);
  /** What happened last to each container. */
  containerMoments = $state.raw<ContainerMoments>(noContainerMoments);
  /** The container of the selected Pod that was picked last; "" for none. */
  container = $state.raw("");
  /** UID of a Pod that the visitor folded up. */
  folded = $state.raw<string | null>(null);
  /** The story in full, when it was asked for. */
  explanation = $state.raw<Explanation | null>(null);
  /** Step whose details are shown. */
  step = $state.raw<number | null>(null);
  blank = $state.raw(false);
  /** Tab of the inspector that was asked for last. */
  tab = $state.raw("State");
  /** Panels that exist in this build; keys for others are not offered. */
  available = $state.raw<ReadonlySet<PanelName>>(new Set<PanelName>(ALWAYS));
  /** Files dropped on the page, for the manifest drawer to take. */
  dropped = $state.raw<readonly File[]>([]);
  /** The moment that the page's address asks for, until the server can be asked. */
  linkedMoment = "";
  /** Set when the simulator itself has failed: the run is over, its journal can be downloaded. */
  stopped = $state.raw<Stopped | null>(null);
  /** What went wrong with the visitor's last wish, for a few seconds. */
  notice = $state.raw("");

  readonly #pictureTime = new PictureTime();
  readonly #teller = new StoryTeller(this.replica);
  readonly #waiting = new Waiting(this.replica);
  /** No Pod is on its way, so that requests may be told. */
  #calm = $state.raw(true);
  #movedAt = -Infinity;
  readonly mayWrite = $derived(this.available.has("manifest") && !(this.hello?.readOnly ?? false));
  /** The past is offered nothing that would change it. */
  readonly canWrite = $derived(this.mayWrite && !this.past.away);
  readonly selectedPod = $derived.by(() => {
    const { ref } = this.selection;
    if (ref?.kind !== "Pod") return undefined;
    return [...this.replica.pods.values()].find(
      (pod) => pod.name === ref.name && pod.namespace === ref.namespace,
    );
  });
  /** A story that is not one Pod's; a selected Pod comes before it. */
  readonly tale: Tale | null = $derived(
    (this.selectedPod ? null : this.tales.current) ?? (this.#calm ? this.traffic.tale : null),
  );
  /** UID of the Pod being told about. */
  readonly storyUid: string | null = $derived(this.tale ? null : this.#teller.uid);
  readonly storyPod: PodView | undefined = $derived(this.tale ? undefined : this.#teller.pod);
  readonly journey = $derived(this.tale ? undefined : this.#teller.journey);
  /** UIDs of the Pods that wait for a Node, oldest first. */
  readonly shelf: readonly string[] = $derived(this.#waiting.uids);
  /** UID of the Pod drawn open in place. */
  readonly opened = $derived.by(() => {
    const uid = this.selectedPod?.uid ?? (this.tale ? null : this.#teller.opened);
    const pod = uid === null ? undefined : this.replica.pods.get(uid);
    return pod && pod.node && pod.uid !== this.folded ? pod.uid : null;
  });
  /** The scheduler's pass over the Nodes. */
  readonly pass = new Pass(this);
  readonly services = $derived(shownServices(this.replica.services));
  #previousService: string | null = null;
  readonly service = $derived.by(() => {
    const { ref } = this.selection;
    const selected =
      ref?.kind === "Service"
        ? this.services.find((service) => service.name === ref.name && service.namespace === ref.namespace)
        : undefined;
    const called = this.tale?.kind === "request" ? this.traffic.service : undefined;
    const chosen = selected?.uid ?? called?.uid ?? null;
    const active = activeService(this.services, chosen, this.storyPod, this.#previousService);
    this.#previousService = active?.uid ?? null;
    return active;
  });
  /** Virtual milliseconds since the room's first Node appeared. */
  readonly elapsed = $derived.by(() => {
    const births = [...this.replica.nodes.values()].map((node) => node.created);
    return births.length > 0 ? Math.max(0, this.clock.coarse - Math.min(...births)) : 0;
  });

  #tripListener: (trips: Trip[]) => void = () => undefined;
  #noticeTimer: ReturnType<typeof setTimeout> | undefined;

  onHello(frame: Hello): void {
    this.hello = frame;
    this.api.configure(frame);
    this.onClock(frame.clock);
    if (this.linkedMoment) {
      this.present.hold(this.moments);
      void this.past.go(this.linkedMoment);
      this.linkedMoment = "";
    }
    this.traffic.begin();
  }

  onSnapshot(frame: Snapshot): void {
    const { held } = this.present;
    if (held) {
      const anew = frame.revision < held.revision;
      held.applySnapshot(frame);
      this.onClock(frame.clock);
      this.connected = true;
      if (anew) {
        this.past.now();
        this.tell("The run has begun anew; the moment you looked at is of another run.");
      }
      return;
    }
    // A run that began anew knows nothing of what this page has heard before.
    if (frame.revision < this.replica.revision) this.moments = noMoments;
    const first = !this.replica.filled;
    this.replica.applySnapshot(frame);
    this.onClock(frame.clock);
    this.connected = true;
    if (first) this.#teller.begin(this.#pictureTime.now);
    this.refresh();
    if (!first) return;
    this.#learnVerdicts();
    this.#lookForLinked();
  }

  onDelta(frame: Delta): void {
    const { held } = this.present;
    if (held) return held.applyDelta(frame);
    this.replica.applyDelta(frame);
    this.attention.notice(frame);
    if (!this.clock.running) this.#pictureTime.step();
    this.refresh();
  }

  onFacts(frame: Facts): void {
    if (this.present.held) return this.present.learn(frame);
    this.moments = reduceFacts(this.moments, frame.facts);
    this.containerMoments = withContainerMoments(this.containerMoments, frame.facts);
    this.traffic.notice(frame.facts);
    this.#tripListener(sampled(frame.facts, TRIPS_A_FRAME));
  }

  onRequests(frame: Requests): void {
    // Requests are not kept: the past is shown without them.
    if (this.present.held) return void this.traffic.net.apply(frame);
    this.traffic.onRequests(frame);
    this.refresh();
  }

  onClock(frame: ClockView): void {
    const wall = performance.now();
    this.present.clock.apply(frame, wall);
    if (!this.present.held) this.clock.apply(frame, wall);
  }

  onStopped(frame: Stopped): void {
    this.stopped = frame;
  }

  onConnection(connected: boolean): void {
    this.connected =
      connected && (this.present.held ?? this.replica).filled ? true : connected ? this.connected : false;
  }

  /** The animation listens to trips here; they are moments, not state. */
  onTrips(listener: (trips: Trip[]) => void): void {
    this.#tripListener = listener;
  }

  /** Follows what changes with time alone; called a few times a second. */
  tick(): void {
    const wall = performance.now();
    this.clock.tick(wall);
    this.present.clock.tick(wall);
    this.#pictureTime.tick(wall, this.clock.running);
    this.refresh();
  }

  select(ref: ObjectRef, container = ""): void {
    if (container || !this.selection.is(ref.kind, ref.namespace, ref.name)) this.container = container;
    this.selection.select(ref);
    if (this.available.has("inspector")) this.panels.open("inspector");
    this.folded = null;
    this.refresh();
  }

  /** A link to something that is not drawn opens the inspector, which says what is known of it. */
  #lookForLinked(): void {
    const { ref } = this.selection;
    if (!ref || ref.kind === "Component" || !this.available.has("inspector")) return;
    if (!findView(this.replica, ref)) this.panels.open("inspector");
  }

  /** Dims all but what the selection touches; without a selection, but what the story's Pod does. */
  toggleDimming(): void {
    const { attention, storyPod } = this;
    if (!attention.dimming && !this.selection.ref) {
      if (!storyPod) {
        this.tell("Select something first: then all but what it touches is dimmed.");
        return;
      }
      this.selection.select({ kind: "Pod", namespace: storyPod.namespace, name: storyPod.name });
    }
    attention.dimming = !attention.dimming;
    this.refresh();
  }

  toggleFollowing(): void {
    this.attention.following = !this.attention.following;
    if (!this.attention.following) this.selection.clear();
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
    if (!pod) return;
    if (this.opened === pod.uid) this.folded = pod.uid;
    else {
      this.folded = null;
      this.#teller.opened = pod.uid;
    }
  }

  /** Escape: closes the panel opened last, else lets go of the selection; false when nothing was open. */
  escape(): boolean {
    if (this.pointing.layDown()) return true;
    if (this.traffic.inspected !== null) {
      this.traffic.inspect(null);
      return true;
    }
    // The timeline stays open until the past is left: it is how one moves there.
    if (this.past.away && this.panels.opened.every((name) => name === "timeline")) {
      this.past.now();
      return true;
    }
    const last = this.panels.closeLast(this.past.away ? "timeline" : undefined);
    if (last === "step") this.step = null;
    if (last === "inspector" || (last === undefined && this.selection.ref)) {
      this.selection.clear();
      this.attention.dimming = false;
      this.attention.following = false;
      this.refresh();
      return true;
    }
    return last !== undefined;
  }

  /** Asks for everything that is known about the story; the cards learn from it too. */
  async explain(): Promise<void> {
    const { journey } = this;
    if (!journey || !this.hello) return;
    try {
      const { body } = await this.api.explainPod(journey.namespace, journey.name);
      const explanation = parseExplanation(body);
      if (!explanation || explanation.uid !== this.storyUid) return;
      const { moment } = this.past;
      this.explanation = moment ? explainedUntil(explanation, moment) : explanation;
      this.moments = withVerdicts(this.moments, this.explanation.steps.flat());
    } catch (error) {
      // Without an answer the rail's own summaries remain.
      if (!(error instanceof TypeError)) throw error;
    }
  }

  pod(uid: string): PodView | undefined {
    return this.replica.pods.get(uid);
  }

  /**
   * Shows what comes next: another phase of a decision that stands still; else the next fact, step or second, in the
   * past towards now, and at now by letting time go on so far.
   */
  async forward(by: StepSize): Promise<void> {
    if (by !== "second" && this.pass.advance()) return;
    if (this.past.away) return this.past.step(by, "next");
    const second = new Date(this.present.moment.at + SECOND_MS).toISOString();
    return this.changeClock({ runUntil: { fact: "nextFact", step: "nextStep", second }[by] });
  }

  togglePlaying(): void {
    if (this.past.away) this.past.togglePlay();
    else void this.playback.togglePause();
  }

  faster(by: 1 | -1): void {
    if (this.past.away) this.past.replay.faster(by);
    else void this.playback.faster(by);
  }

  /** Opens the panel that lists what changed between two moments. */
  compare(): void {
    this.past.compare(this.present.moment);
    if (this.past.compared) this.panels.open("compare");
  }

  changeClock(spec: ClockSpec): Promise<void> {
    return this.playback.change(spec);
  }

  tell(notice: string): void {
    this.notice = notice;
    clearTimeout(this.#noticeTimer);
    this.#noticeTimer = setTimeout(() => (this.notice = ""), NOTICE_MS);
  }

  refresh(): void {
    const wall = this.#pictureTime.now;
    if (this.attention.follow(wall)) this.folded = null;
    this.tales.refresh(wall);
    if (this.#teller.refresh(wall, this.selectedPod ?? null)) this.#learnVerdicts();
    this.#calmDown(wall);
    this.traffic.refresh(wall);
    this.#waiting.refresh(wall);
  }

  /** A Pod on its way comes before requests; they wait a little, in case that another one sets out. */
  #calmDown(wall: number): void {
    const { journey, pod } = this.#teller;
    const moving = journey !== undefined && isOnItsWay(journey) && pod?.state !== "failing";
    if (moving) this.#movedAt = wall;
    const calm = wall - this.#movedAt >= CALM_MS;
    if (calm !== this.#calm) this.#calm = calm;
  }

  #showPast(view: PastView, arrival: Arrival, fresh: readonly FactView[]): void {
    this.present.hold(this.moments);
    this.traffic.rest();
    this.api.at = this.past.key;
    if (arrival === "play") this.attention.noticeAll(this.replica, view.snapshot);
    this.replica.applySnapshot(view.snapshot);
    const playing = arrival === "play";
    const facts = playing ? fresh : view.facts;
    this.moments = reduceFacts(playing ? this.moments : noMoments, facts);
    this.containerMoments = withContainerMoments(playing ? this.containerMoments : noContainerMoments, facts);
    if (arrival !== "play") {
      this.#setPastClock(view.moment.at, null);
      if (arrival === "jump") this.tales.forget();
      this.explanation = null;
      this.#arrange(view.moment.at);
    }
    this.refresh();
    this.#tripListener(sampled([...fresh], TRIPS_A_FRAME));
    if (arrival !== "play") this.#learnVerdicts();
  }

  /** A picture out of nowhere is arranged by virtual time alone, so that a link shows the same everywhere. */
  #arrange(now: number | null): void {
    this.#teller.begin(this.#pictureTime.now, now);
    this.#waiting.begin(this.#pictureTime.now, now);
  }

  #setPastClock(at: number, speed: string | null): void {
    const frame =
      speed === null ? { ...STILL, now: at, speed: "1" } : { ...STILL, now: at, speed, paused: false };
    this.clock.apply(frame, performance.now());
  }

  #comeBack(): void {
    const moments = this.present.release();
    if (!moments) return;
    this.api.at = "";
    this.moments = moments;
    this.containerMoments = noContainerMoments;
    this.explanation = null;
    this.clock.apply(this.present.clock.frameAt(performance.now()), performance.now());
    this.#tripListener([]);
    if (!this.replica.filled) return;
    this.tales.forget();
    this.#arrange(null);
    this.refresh();
    this.#learnVerdicts();
    this.#lookForLinked();
  }

  /** A page that was opened later has not seen the facts from which its cards are made. */
  #learnVerdicts(): void {
    if (this.journey && !this.moments.scheduling.has(this.journey.podUid)) void this.explain();
  }
}
