/**
 * The scheduler's configuration as a ConfigMap that can be edited. Enters: answers of the API. Leaves: the text, and
 * what the scheduler said of it in its newest Event: in effect, or refused with the lines of the mistakes.
 */
import { at, items, text, tree } from "../live/json.ts";
import defaults from "./scheduler-examples/default.yaml?raw";
import exact from "./scheduler-examples/exact.yaml?raw";
import mostAllocated from "./scheduler-examples/most-allocated.yaml?raw";
import twoProfiles from "./scheduler-examples/two-profiles.yaml?raw";
import withoutTaints from "./scheduler-examples/without-taints.yaml?raw";

const NAMESPACE = "/api/v1/namespaces/kube-system";
const KEY = "config.yaml";
export const CONFIG_PATH = `${NAMESPACE}/configmaps/kube-scheduler`;
export const APPLY_PATH = `${CONFIG_PATH}?fieldManager=podarium-page&force=true`;
const CHOSEN = "involvedObject.kind=ConfigMap,involvedObject.name=kube-scheduler";
export const EVENTS_PATH = `${NAMESPACE}/events?fieldSelector=${encodeURIComponent(CHOSEN)}`;

export const DEFAULT_CONFIG = defaults;

export const EXAMPLES: readonly { title: string; text: string }[] = [
  { title: "the defaults", text: defaults },
  { title: "fill Nodes up (MostAllocated)", text: mostAllocated },
  { title: "ignore taints (a plugin disabled)", text: withoutTaints },
  { title: "look at all Nodes (exact mode)", text: exact },
  { title: "a second profile", text: twoProfiles },
];

/** The object that holds a configuration, as it is applied. */
export const configMap = (config: string): string =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { namespace: "kube-system", name: "kube-scheduler" },
    data: { [KEY]: config },
  });

export const configIn = (body: unknown): string => text(at(body, "data", KEY));
export const versionOf = (body: unknown): number => Number(text(at(body, "metadata", "resourceVersion")));

export interface Mistake {
  /** 0 when none is named. */
  line: number;
  text: string;
}

export interface Said {
  refused: boolean;
  message: string;
  mistakes: Mistake[];
  version: number;
}

const REFUSED = "ConfigurationRefused";
const ABOUT = new Set([REFUSED, "ConfigurationApplied"]);

/** The newest Event about the configuration. */
export function lastSaid(events: unknown): Said | null {
  const about = items(tree(events)["items"]).filter((event) => ABOUT.has(text(at(event, "reason"))));
  const newest = about.reduce<unknown>(
    (best, event) => (best === null || versionOf(event) > versionOf(best) ? event : best),
    null,
  );
  if (newest === null) return null;
  const message = text(at(newest, "message"));
  const refused = text(at(newest, "reason")) === REFUSED;
  return { refused, message, mistakes: refused ? mistakesIn(message) : [], version: versionOf(newest) };
}

function mistakesIn(message: string): Mistake[] {
  const told = message.replace(/^.*?stays in effect: /, "");
  return told.split(/; (?=line \d+: )/).map((part) => {
    const found = /^line (\d+): (.*)$/s.exec(part);
    return found ? { line: Number(found[1]), text: found[2] ?? "" } : { line: 0, text: part };
  });
}
