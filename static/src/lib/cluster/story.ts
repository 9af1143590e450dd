/** Which Pod the page tells about: the selected one, else the newest on its way, else the last to finish. */
import type { JourneyView, PodView } from "../live/protocol.ts";

/** Namespaces that belong to the cluster itself. */
const SYSTEM = new Set(["kube-system", "kube-public", "kube-node-lease", "local-path-storage"]);
/** A Pod must be this much younger (virtual ms) to take the story from one that is still on its way. */
const CLEARLY_NEWER_MS = 2000;

export const isSystem = (namespace: string): boolean => SYSTEM.has(namespace);

export const isOnItsWay = (journey: JourneyView): boolean =>
  journey.current <= 9 && !journey.steps.some((step) => step.outcome === "failed");

/** A request to make a Pod that was refused: a story without a Pod. */
const isRefused = (journey: JourneyView): boolean => journey.podUid.startsWith("request-");

export interface StoryInput {
  selected: string | null;
  previous: string | null;
  /** True while a finished story may still be looked at. */
  lingering: boolean;
  journeys: ReadonlyMap<string, JourneyView>;
  pods: ReadonlyMap<string, PodView>;
}

/** The UID of the Pod to tell about, or null. */
export function chooseStory({ selected, previous, lingering, journeys, pods }: StoryInput): string | null {
  if (selected !== null && journeys.has(selected)) return selected;
  const own = [...journeys.values()].filter(
    (journey) => !isSystem(journey.namespace) && (isRefused(journey) || pods.has(journey.podUid)),
  );
  // A Pod that keeps failing is not going anywhere: it holds the story only until another one moves.
  const moving = newest(
    own.filter((journey) => isOnItsWay(journey) && pods.get(journey.podUid)?.state !== "failing"),
    pods,
  );
  const before = own.find((journey) => journey.podUid === previous);
  if (!moving) return before && (lingering || isOnItsWay(before)) ? before.podUid : lastFinished(own);
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

function lastFinished(journeys: readonly JourneyView[]): string | null {
  let best: string | null = null;
  let latest = -Infinity;
  for (const journey of journeys) {
    const end = journey.steps[8]?.until ?? journey.steps[8]?.at ?? 0;
    if (end > latest) [best, latest] = [journey.podUid, end];
  }
  return best;
}
