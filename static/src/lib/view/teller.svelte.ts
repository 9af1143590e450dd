/** Which Pod is told about, and which one is drawn open; follows the replica as wall time goes by. */
import { chooseStory, countMoving, isOnItsWay, isRefused, isSystem, toldJourney } from "../cluster/story.ts";
import type { PodView } from "../live/protocol.ts";
import type { ClusterReplica } from "../live/replica.svelte.ts";

/** How long (wall ms) a finished story stays before the next one is told. */
const LINGER_MS = 2500;
/** How long (wall ms) a refused request is told when nothing else happens. */
const REFUSAL_MS = 30_000;
/** With more Pods than this on their way, Nodes keep their widths: no Pod is opened by itself. */
const CROWD = 2;
/** A crowd is over when it has been calm for this long (wall ms). */
const CALM_MS = 1500;

export class StoryTeller {
  readonly #replica: ClusterReplica;
  /** UID of the Pod being told about. */
  uid = $state.raw<string | null>(null);
  /** UID of the Pod that opens by itself. */
  opened = $state.raw<string | null>(null);
  readonly pod: PodView | undefined = $derived.by(() =>
    this.uid === null ? undefined : this.#replica.pods.get(this.uid),
  );
  readonly journey = $derived.by(() => {
    const journey = this.uid === null ? undefined : this.#replica.journeys.get(this.uid);
    return journey && toldJourney(journey, this.pod);
  });

  #finishedAt: number | null = null;
  #heard = new Map<string, number>();
  #crowdedAt = -Infinity;

  constructor(replica: ClusterReplica) {
    this.#replica = replica;
  }

  /**
   * What was refused before the page came is no news, in a moment of the past by its age then; a room with a
   * single Pod shows it open.
   */
  begin(wall: number, moment: number | null = null): void {
    this.uid = null;
    this.opened = null;
    this.#finishedAt = null;
    this.#crowdedAt = -Infinity;
    for (const journey of this.#replica.journeys.values()) {
      const age = moment === null ? REFUSAL_MS : moment - (journey.steps[1]?.at ?? 0);
      if (isRefused(journey)) this.#heard.set(journey.podUid, wall - age);
    }
    this.refresh(wall, null);
    const own = [...this.#replica.pods.values()].filter((pod) => !isSystem(pod.namespace));
    this.opened = own.length > CROWD ? null : this.uid;
  }

  /** True when another Pod is told about than before. */
  refresh(wall: number, selected: PodView | null): boolean {
    const uid = this.#choose(wall, selected);
    const other = uid !== this.uid;
    this.uid = uid;
    const opened = this.#open(wall);
    if (opened !== this.opened) this.opened = opened;
    return other;
  }

  #choose(wall: number, selected: PodView | null): string | null {
    const { journeys, pods } = this.#replica;
    const before = this.uid === null ? undefined : journeys.get(this.uid);
    if (!before || isOnItsWay(before)) this.#finishedAt = null;
    else this.#finishedAt ??= wall;
    const lingering = this.#finishedAt !== null && wall - this.#finishedAt < LINGER_MS;
    return chooseStory({
      selected: selected?.uid ?? null,
      previous: this.uid,
      lingering,
      stale: this.#stale(wall),
      journeys,
      pods,
    });
  }

  #stale(wall: number): ReadonlySet<string> {
    const refused = [...this.#replica.journeys.values()].filter(isRefused);
    this.#heard = new Map(refused.map(({ podUid }) => [podUid, this.#heard.get(podUid) ?? wall]));
    return new Set([...this.#heard].filter(([, at]) => wall - at >= REFUSAL_MS).map(([uid]) => uid));
  }

  /** The Pod on its way opens; one that has arrived stays as it is, so that nothing moves for no reason. */
  #open(wall: number): string | null {
    if (countMoving(this.#replica) > CROWD) this.#crowdedAt = wall;
    if (wall - this.#crowdedAt < CALM_MS || !this.pod) return null;
    if (this.pod.uid === this.opened) return this.opened;
    const moving = this.journey !== undefined && isOnItsWay(this.journey);
    return moving || this.pod.state === "failing" ? this.pod.uid : null;
  }
}
