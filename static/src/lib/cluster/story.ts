/** Which Pod the page tells about: the selected one, else the newest on its way, else the last to finish. */
import type { JourneyView, PodView } from "../live/protocol.ts";

/** Namespaces that belong to the cluster itself. */
const SYSTEM = new Set([
  "ingress-nginx",
  "kube-flannel",
  "kube-node-lease",
  "kube-public",
  "kube-system",
  "local-path-storage",
]);
/** A Pod must be this much younger (virtual ms) to take the story from one that is still on its way. */
const CLEARLY_NEWER_MS = 2000;

export const isSystem = (namespace: string): boolean => SYSTEM.has(namespace);

export const isOnItsWay = (journey: JourneyView): boolean =>
  journey.current <= 9 && !journey.steps.some((step) => step.outcome === "failed");

/** A request to make a Pod that was refused: a story without a Pod. */
export const isRefused = (journey: JourneyView): boolean => journey.podUid.startsWith("request-");

/** When something last happened to it (virtual ms). */
const latest = (journey: JourneyView): number =>
  Math.max(0, ...journey.steps.map((step) => step.until ?? step.at ?? 0));

export interface StoryInput {
  selected: string | null;
  previous: string | null;
  /** True while a finished story may still be looked at. */
  lingering: boolean;
  /** Refused requests that have been told long enough. */
  stale?: ReadonlySet<string>;
  journeys: ReadonlyMap<string, JourneyView>;
  pods: ReadonlyMap<string, PodView>;
}

/** The UID of the Pod to tell about, or null. */
export function chooseStory({
  selected,
  previous,
  lingering,
  stale,
  journeys,
  pods,
}: StoryInput): string | null {
  if (selected !== null && journeys.has(selected)) return selected;
  const own = [...journeys.values()].filter(
    (journey) =>
      !isSystem(journey.namespace) &&
      (isRefused(journey) ? !stale?.has(journey.podUid) : pods.has(journey.podUid)),
  );
  // A Pod that keeps failing is not going anywhere: it holds the story only until another one moves.
  const moving = newest(
    own.filter((journey) => isMoving(journey, pods)),
    pods,
  );
  const before = own.find((journey) => journey.podUid === previous);
  const refused = newest(own.filter(isRefused), pods);
  if (refused && born(refused, pods) >= (moving ? born(moving, pods) : 0) && refused !== before) {
    if (!before || latest(refused) >= born(before, pods)) return refused.podUid;
  }
  if (!moving) return before && (lingering || isMoving(before, pods)) ? before.podUid : lastToHappen(own);
  if (!before || before === moving) return moving.podUid;
  if (!isOnItsWay(before)) return lingering ? before.podUid : moving.podUid;
  const younger = born(moving, pods) - born(before, pods);
  return younger > CLEARLY_NEWER_MS ? moving.podUid : before.podUid;
}

function newest(journeys: readonly JourneyView[], pods: StoryInput["pods"]): JourneyView | undefined {
  return journeys.reduce<JourneyView | undefined>(
    (best, journey) => (!best || born(journey, pods) > born(best, pods) ? journey : best),
    undefined,
  );
}

const born = (journey: JourneyView, pods: StoryInput["pods"]): number =>
  pods.get(journey.podUid)?.created ?? journey.steps[1]?.at ?? journey.steps[0]?.at ?? 0;

function lastToHappen(journeys: readonly JourneyView[]): string | null {
  let best: string | null = null;
  let end = -Infinity;
  for (const journey of journeys) {
    if (latest(journey) > end) [best, end] = [journey.podUid, latest(journey)];
  }
  return best;
}

const isMoving = (journey: JourneyView, pods: StoryInput["pods"]): boolean =>
  isOnItsWay(journey) && pods.get(journey.podUid)?.state !== "failing";

/** How many of the room's own Pods are on their way at once. */
export const countMoving = ({ journeys, pods }: Pick<StoryInput, "journeys" | "pods">): number =>
  [...journeys.values()].filter(
    (journey) => !isSystem(journey.namespace) && pods.has(journey.podUid) && isMoving(journey, pods),
  ).length;

/** A journey as it is told: a Pod that fails has failed at the step where it stands. */
export function toldJourney(journey: JourneyView, pod: PodView | undefined): JourneyView {
  if (pod?.state !== "failing") return journey;
  const at = Math.min(journey.current, journey.steps.length);
  return {
    ...journey,
    steps: journey.steps.map((step) => (step.step === at ? { ...step, outcome: "failed" } : step)),
  };
}
