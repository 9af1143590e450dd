/** Traffic objects: who sends how many requests where, and what came of them. */
import { amount, at, items, text, tree } from "../live/json.ts";
import { selectorText } from "./policies.ts";

export interface TrafficObject {
  uid: string;
  namespace: string;
  name: string;
  /** `app=client`, or `outside`. */
  from: string;
  /** `Service db`, `Pod db-0`, or a URL. */
  to: string;
  /** `namespace/name` of the Service that is called, "" for other destinations. */
  service: string;
  perSecond: number;
  requests: number;
  /** Outcome and how many, most frequent first. */
  outcomes: [string, number][];
  latencyMs: number;
  over: boolean;
}

export const parseTraffics = (body: unknown): TrafficObject[] => items(at(body, "items")).map(parseTraffic);

export function parseTraffic(object: unknown): TrafficObject {
  const namespace = text(at(object, "metadata", "namespace"));
  const [spec, status] = [at(object, "spec"), at(object, "status")];
  const to = at(spec, "to");
  const where = text(at(to, "namespace")) || namespace;
  const service = text(at(to, "service"));
  const selector = at(spec, "from", "podSelector");
  const conditions = items(at(status, "conditions"));
  const outcomes = Object.entries(tree(at(status, "outcomes"))).map(([word, count]): [string, number] => [
    word,
    amount(count),
  ]);
  return {
    uid: text(at(object, "metadata", "uid")),
    namespace,
    name: text(at(object, "metadata", "name")),
    from: selector === undefined ? "outside" : selectorText(selector) || "all Pods",
    to: service
      ? `Service ${service}`
      : text(at(to, "pod"))
        ? `Pod ${text(at(to, "pod"))}`
        : text(at(to, "url")),
    service: service ? `${where}/${service}` : "",
    perSecond: amount(at(spec, "requestsPerSecond")),
    requests: amount(at(status, "requests")),
    outcomes: outcomes.sort((a, b) => b[1] - a[1]),
    latencyMs: amount(at(status, "latencyMilliseconds")),
    over: conditions.some((one) => at(one, "type") === "Finished" && at(one, "status") === "True"),
  };
}

/** A Traffic that goes on until somebody stops it. */
export function trafficTo(
  service: { namespace: string; name: string },
  labels: Record<string, string> | null,
  perSecond: number,
): unknown {
  return {
    apiVersion: "sim.podarium.dev/v1alpha1",
    kind: "Traffic",
    metadata: { generateName: `${service.name}-`, namespace: service.namespace },
    spec: {
      from: labels ? { podSelector: { matchLabels: labels } } : { external: true },
      to: { service: service.name },
      requestsPerSecond: perSecond,
    },
  };
}
