/**
 * The pod network's traffic as it is looked at: which requests travel over the stage, which one is told, which ways
 * are lit. Enters: `requests` frames and the passing of picture time. Leaves: reactive state for the scene.
 *
 * Shown calmly: each request at low rates; when they come faster, one a way at a time, while flows tell of the rest.
 */
import { balanceOf, isOfService, type Share } from "../cluster/flows.ts";
import { parsePolicies, type Policy } from "../cluster/policies.ts";
import { requestTale } from "../cluster/request-story.ts";
import { failure, wayKey } from "../cluster/requests.ts";
import { advance, begin, finished, isResting, stepOf, type Show } from "../cluster/show.ts";
import { isSystem } from "../cluster/story.ts";
import type { Tale } from "../cluster/tale.ts";
import { parseTraffics, type TrafficObject } from "../cluster/traffics.ts";
import type { Api } from "../live/api.ts";
import { NetworkReplica } from "../live/network-replica.svelte.ts";
import type { FactView, Requests, RequestView, ServiceView } from "../live/protocol.ts";
import type { ClusterReplica } from "../live/replica.svelte.ts";
import type { VirtualClock } from "../live/virtual-clock.svelte.ts";
import type { Traffic } from "../layout/board.ts";
import type { Selection } from "./selection.svelte.ts";

const POLICIES = "/apis/networking.k8s.io/v1/networkpolicies";
const TRAFFICS = "/apis/sim.podarium.dev/v1alpha1/traffics";
/** Travellers at once, and wall ms between two on the same way. */
const MOST_SHOWS = 10;
const APART_MS = 700;
/** Wall ms for which a stopped request, or one that has its answer, stays. */
const STOPPED_MS = 3000;
const OVER_MS = 450;
/** Wall ms for which the one that is told stays before another is. */
const TOLD_MS = 1600;
const TOLD_STOPPED_MS = 5000;
/** Wall ms for which one that is at its end already may be taken up. */
const NEW_MS = 400;
/** Wall ms without any request after which the story is over. */
const QUIET_MS = 8000;
/** Wall ms for which a way stays lit after its last request, and how many are. */
const LIT_MS = 7000;
const MOST_LIT = 24;
/** Virtual ms after which a request is no news. */
const OLD_MS = 5000;
/** Objects are read again at most so often (wall ms). */
const READ_MS = 1000;

interface Lit {
  request: RequestView;
  at: number;
}

export class TrafficView {
  readonly net = new NetworkReplica();
  shows = $state.raw<readonly Show[]>([]);
  /** The ways that were taken of late, by way. */
  lit = $state.raw<ReadonlyMap<string, Lit>>(new Map());
  policies = $state.raw<ReadonlyMap<string, Policy>>(new Map());
  objects = $state.raw<readonly TrafficObject[]>([]);
  /** Id of the request that is looked at in full. */
  inspected = $state.raw<number | null>(null);
  #told = $state.raw<Show | null>(null);

  readonly told: RequestView | null = $derived(this.#told?.request ?? null);
  readonly step: number = $derived(this.#told ? stepOf(this.#told) : 0);
  readonly service: ServiceView | undefined = $derived.by(() => {
    const request = this.told;
    if (!request) return undefined;
    return [...this.#replica.services.values()].find((one) =>
      isOfService(request.service, `${one.namespace}/${one.name}`),
    );
  });
  readonly tale: Tale | null = $derived.by(() => {
    if (!this.told) return null;
    const { network } = this.net;
    const { policies, service } = this;
    return requestTale(this.told, this.step, { pods: this.#replica.pods, policies, network, service });
  });
  readonly #replica: ClusterReplica;
  readonly #clock: VirtualClock;
  readonly #selection: Selection;
  readonly #api: Api;
  readonly #still = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)");
  /** Names have been looked up: the name server stays in the picture. */
  #usesDns = $state.raw(false);
  #wall = 0;
  #measuredAt = 0;
  #lastRequest = -Infinity;
  #readAt = new Map<string, number>();
  #waiting = new Set<string>();

  constructor(replica: ClusterReplica, clock: VirtualClock, selection: Selection, api: Api) {
    this.#replica = replica;
    this.#clock = clock;
    this.#selection = selection;
    this.#api = api;
  }

  onRequests(frame: Requests): void {
    const news = this.net.apply(frame).filter((request) => this.#isNews(request, frame.whole));
    if (news.length === 0) return;
    if (!this.#readAt.has(POLICIES)) this.#read(POLICIES);
    const byId = new Map(news.map((request) => [request.id, request]));
    this.shows = this.shows.map((show) => {
      const request = byId.get(show.id);
      if (!request) return show;
      byId.delete(show.id);
      return this.#clock.running ? { ...show, request } : finished(request, true);
    });
    for (const request of byId.values()) this.#meet(request);
    this.#lastRequest = this.#wall;
    if (!this.#usesDns && news.some((request) => request.lookup !== null)) this.#usesDns = true;
    this.#light(news);
    this.#retell();
  }

  /** Nothing of it is shown: the page looks at a moment whose requests are not kept. */
  rest(): void {
    this.shows = [];
    this.lit = new Map();
    this.inspected = null;
    this.#told = null;
  }

  notice(facts: readonly FactView[]): void {
    if (facts.some((fact) => fact.kind === "NetworkPolicy")) this.#read(POLICIES);
    if (facts.some((fact) => fact.kind === "Traffic")) this.#read(TRAFFICS);
  }

  /** Travellers move on; called for each picture that is drawn while time runs. */
  advance(passed: number): void {
    const rate = this.#clock.rate();
    this.shows = this.shows
      .map((show) => advance(show, passed, rate))
      .filter(
        (show) =>
          show.id === this.#told?.id ||
          show.id === this.inspected ||
          !isResting(show) ||
          show.rested < (show.stage === "stopped" ? STOPPED_MS : OVER_MS),
      );
    this.#retell();
  }

  /** Follows picture time: what nobody has taken for a while goes out. */
  refresh(wall: number): void {
    this.#wall = wall;
    if (this.net.flows.size > 0 && this.#clock.coarse !== this.#measuredAt) {
      this.#measuredAt = this.#clock.coarse;
      this.net.measure(this.#measuredAt);
    }
    for (const path of this.#waiting) this.#read(path);
    const stays = [...this.lit].filter(
      ([, one]) => wall - one.at < LIT_MS || one.request.id === this.#told?.id,
    );
    if (stays.length < this.lit.size) this.lit = new Map(stays);
    if (this.#told && !this.#matters(this.#told.request)) this.#tell(null);
    if (!this.#told) this.#retell();
    else if (isResting(this.#told) && wall - this.#lastRequest > QUIET_MS && this.inspected === null)
      this.#tell(null);
  }

  /** Looks at one request in full, and tells of it; null lets go. */
  inspect(id: number | null): void {
    this.inspected = id;
    const show = this.shows.find((one) => one.id === id);
    if (show) this.#tell(show);
  }

  /** What requests of late need room for besides Pods: told calmly, it only grows while a story lasts. */
  readonly room: Traffic = $derived.by(() => {
    const requests = [...this.lit.values()].map(({ request }) => request);
    return {
      dns: this.#usesDns || requests.some((one) => one.lookup !== null),
      outside: requests.some((one) => [one.client, one.endpoint].some((peer) => peer?.kind === "outside")),
    };
  });
  readonly dnsAddress: string = $derived.by(() => {
    const dns = [...this.#replica.services.values()].find(
      (one) => one.namespace === "kube-system" && one.name === "kube-dns",
    );
    return this.told?.lookup?.server || dns?.clusterIp || "10.96.0.10";
  });

  /** What the endpoints of a Service have got so far. */
  balance(service: ServiceView): ReadonlyMap<string, Share> {
    return balanceOf(this.net.flows.values(), `${service.namespace}/${service.name}`, this.#clock.coarse);
  }

  #isNews(request: RequestView, whole: boolean): boolean {
    if (isSystem(request.client.namespace)) return false;
    const began = request.at ?? request.lookup?.at ?? 0;
    const old = this.#clock.coarse - began > OLD_MS && request.until === null;
    return whole ? request.until === null && !old : true;
  }

  /** While a Pod or Service is selected, its requests are followed. */
  #matters(request: RequestView): boolean {
    const { ref } = this.#selection;
    if (ref?.kind === "Service") return isOfService(request.service, `${ref.namespace}/${ref.name}`);
    if (ref?.kind !== "Pod") return true;
    return [request.client, request.endpoint].some(
      (peer) => peer?.kind === "pod" && peer.namespace === ref.namespace && peer.name === ref.name,
    );
  }

  #meet(request: RequestView): void {
    if (this.shows.length >= MOST_SHOWS) return;
    const key = wayKey(request);
    const close = this.shows.some(
      (show) => wayKey(show.request) === key && !isResting(show) && this.#early(show),
    );
    if (close && this.#clock.running) return;
    const stepped = !this.#clock.running;
    const show = stepped || this.#still?.matches ? finished(request, stepped) : begin(request);
    // Of those that were stopped at one place, the newest stands there.
    const kept = this.shows.filter(
      (one) => one.stage !== "stopped" || one.id === this.#told?.id || wayKey(one.request) !== key,
    );
    this.shows = [...kept, show];
  }

  #early(show: Show): boolean {
    return show.stage === "lookup" ? show.share * 1500 < APART_MS : show.hop === 0 && show.share < 0.85;
  }

  #light(news: readonly RequestView[]): void {
    const next = new Map(this.lit);
    for (const request of news) {
      const key = wayKey(request);
      next.delete(key);
      next.set(key, { request, at: this.#wall });
    }
    for (const key of [...next.keys()].slice(0, Math.max(0, next.size - MOST_LIT))) next.delete(key);
    this.lit = next;
  }

  /** Follows the one that is told; when it has been told long enough, takes up another. */
  #retell(): void {
    const current = this.shows.find((show) => show.id === this.#told?.id);
    if (this.#told && current && current !== this.#told) this.#told = current;
    const long = current?.stage === "stopped" ? TOLD_STOPPED_MS : TOLD_MS;
    const free = !current || (isResting(current) && current.rested >= long && this.inspected === null);
    if (!free) return;
    const others = this.shows.filter(
      (show) =>
        show.id !== this.#told?.id &&
        this.#matters(show.request) &&
        (show.stage !== "over" || show.rested < NEW_MS),
    );
    const before = this.#told ? wayKey(this.#told.request) : "";
    const another = others.filter((show) => wayKey(show.request) !== before);
    const fresh = (show: Show): boolean => !isResting(show) || show.rested < NEW_MS;
    const next =
      another.find((show) => failure(show.request) !== "" && fresh(show)) ??
      another.find(fresh) ??
      others.find(fresh) ??
      (this.#told ? undefined : others.at(-1));
    if (next) this.#tell(next);
  }

  #tell(show: Show | null): void {
    if (this.#told !== show) this.#told = show;
  }

  #read(path: string): void {
    const last = this.#readAt.get(path) ?? -Infinity;
    const wall = performance.now();
    if (wall - last < READ_MS) {
      this.#waiting.add(path);
      return;
    }
    this.#waiting.delete(path);
    this.#readAt.set(path, wall);
    void this.#fetch(path);
  }

  async #fetch(path: string): Promise<void> {
    try {
      const answer = await this.#api.request("GET", path);
      if (!answer.ok) return;
      if (path === POLICIES) this.policies = parsePolicies(answer.body);
      else this.objects = parseTraffics(answer.body);
    } catch (error) {
      // Without an answer the facts alone tell the story.
      if (!(error instanceof TypeError)) throw error;
    }
  }

  /** Reads what the stream does not carry, once a page begins. */
  begin(): void {
    this.#read(POLICIES);
    this.#read(TRAFFICS);
  }
}
