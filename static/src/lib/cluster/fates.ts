/** What a Pod's card has to say about its place in a story: leaving, nobody's, new in another's place. */
import type { PodView } from "../live/protocol.ts";
import { elapsed } from "./amounts.ts";
import { isSystem } from "./story.ts";

export interface Fate {
  look: "bare" | "leaving" | "fresh";
  words: string;
  title: string;
}

/** How long (virtual ms) a replacement is news. */
export const NEWS_MS = 20_000;

export const isNews = (pod: PodView, now: number): boolean =>
  pod.replacesName !== "" && now - pod.created < NEWS_MS;

/** Null when its card says enough; `isTold` while the story is about the Pod that it replaces. */
export function fateOf(pod: PodView, now: number, isLost: boolean, isTold = false): Fate | null {
  const left = pod.evictedAt === null ? "" : elapsed(Math.max(0, pod.evictedAt - now));
  if (isLost && pod.bare && !isSystem(pod.namespace)) {
    const when = left && pod.deleted === null ? ` · ${left}` : "";
    return { look: "bare", words: `nobody's${when}`, title: "no controller will replace it" };
  }
  if (left && pod.deleted === null)
    return { look: "leaving", words: `evicted in ${left}`, title: "unless its Node comes back" };
  if (isTold || isNews(pod, now)) {
    const was = pod.replacesName.split("-").at(-1) ?? pod.replacesName;
    return {
      look: "fresh",
      words: `new, for ${was}`,
      title: `replaces ${pod.replacesName}: new name, new UID, new IP`,
    };
  }
  return null;
}

/** Old → new, the youngest replacement first; `told` is the Node whose loss is being told. */
export function replacements(
  pods: ReadonlyMap<string, PodView>,
  now: number,
  told: string | undefined,
): (readonly [old: string, fresh: string])[] {
  return [...pods.values()]
    .filter((pod) => pod.replaces !== "" && pods.has(pod.replaces))
    .filter((pod) => isNews(pod, now) || (told !== undefined && pods.get(pod.replaces)?.node === told))
    .sort((a, b) => b.created - a.created)
    .map((pod) => [pod.replaces, pod.uid] as const);
}
