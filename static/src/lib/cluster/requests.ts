/**
 * One request of the pod network in words: who asks whom, hop by hop, and why it was stopped.
 * Enters: `RequestView`s. Leaves: names, sentences and lines for the rail, the headline and the panel.
 */
import type { HopView, LookupView, PeerView, RequestView } from "../live/protocol.ts";
import { splitName } from "./names.ts";
import type { PodView } from "../live/protocol.ts";

/** Where a way leads if no request is meant: the same client, the same far end, stopped at the same place. */
export const wayKey = (request: RequestView): string =>
  [
    request.client.uid || request.client.ip || request.client.name,
    request.endpoint?.uid || request.endpoint?.ip || request.service || request.dialled,
    failure(request) ? (request.lookup && request.at === null ? "name" : request.stoppedAt) : "",
  ].join(" ");

/** Why a request did not get through, as the facts name it; "" while nothing is wrong. */
export function failure(request: RequestView): string {
  const { lookup } = request;
  if (lookup && lookup.outcome !== "answered") return lookup.reason || lookup.outcome;
  if (request.reason) return request.reason;
  return ["", "answered"].includes(request.outcome) ? "" : request.outcome;
}

/** Stopped while its name was looked up: it never set out. */
export const failedAtName = ({ lookup }: RequestView): boolean =>
  lookup !== null && lookup.outcome !== "answered";

/** Policies that stopped it, as `namespace/name`. */
export function culprits(request: RequestView): string[] {
  const names = failedAtName(request) ? request.lookup?.policy : request.policy;
  return names ? names.split(",") : [];
}

/** Policies whose rules let it pass. */
export const letBy = (request: RequestView): string[] =>
  failure(request)
    ? []
    : [...request.rule.matchAll(/(?:in|e)gress\[\d+\] of (\S+?)(?:;|$)/g)].map(([, key = ""]) => key);

export const ruleOf = (request: RequestView): string =>
  (failedAtName(request) ? request.lookup?.rule : request.rule) ?? "";

/** How a Service is called in a sentence: `db`, or `db in shop` from another Namespace. */
export function serviceName(request: RequestView): string {
  const [namespace = "", rest = ""] = request.service.split("/");
  const name = rest.split(":")[0] ?? "";
  return name && namespace !== request.client.namespace ? `${name} in ${namespace}` : name;
}

export function peerName(peer: PeerView | null, pods?: ReadonlyMap<string, PodView>): string {
  if (!peer) return "nobody";
  const pod = pods?.get(peer.uid);
  if (pod) {
    const { base, suffix } = splitName(pod);
    return suffix ? `${base} ${suffix}` : base;
  }
  if (peer.kind === "outside") return peer.name && peer.name !== "outside" ? peer.name : "somebody outside";
  return peer.name || peer.node || peer.ip || "nobody";
}

/** Whom the client wants: the Service, else the name that it looked up, else the address. */
export const targetName = (request: RequestView): string =>
  serviceName(request) ||
  request.lookup?.name ||
  (request.endpoint?.kind === "pod" ? request.endpoint.name : "") ||
  request.dialled ||
  "it";

const WHY: Record<string, string> = {
  policy: "stopped by a NetworkPolicy",
  noEndpoints: "no endpoints",
  noLocalEndpoints: "no endpoint on this Node",
  notListening: "connection refused",
  noRoute: "no route",
  nodeDown: "Node down",
  partition: "network cut",
  packetLoss: "packets lost",
  noName: "no such name",
  timeout: "timeout",
  refused: "connection refused",
  unreachable: "unreachable",
  reset: "connection reset",
};

/** Two or three words for where it was stopped. */
export const whyWords = (reason: string): string => WHY[reason] ?? reason;

/** `db:5432` — how the answer or its absence is told in the panel. */
export function outcomeWords(request: RequestView): string {
  if (failedAtName(request))
    return request.lookup?.outcome === "noName" ? "no such name" : "no answer from DNS";
  if (request.outcome === "") return failure(request) ? whyWords(failure(request)) : "on its way";
  if (request.outcome === "answered") return request.answer || "answered";
  return request.outcome === "timeout" ? `timeout after ${took(request.took)}` : whyWords(request.outcome);
}

export const took = (ms: number): string =>
  ms >= 1000 ? `${Math.round(ms / 100) / 10} s` : `${Math.round(ms * 100) / 100} ms`;

const HOPS: Record<string, (hop: HopView, request: RequestView) => string> = {
  egress: (hop) => `out of ${hop.name} into the network of ${hop.node}`,
  rules: (hop, request) =>
    request.endpoint
      ? `kube-proxy's rules on ${hop.node}: ${request.dialled} becomes ${request.endpoint.ip}:${request.endpoint.port}`
      : `kube-proxy's rules on ${hop.node} for ${request.dialled}`,
  wire: (hop, request) =>
    hop.name === "outside"
      ? hop.node
        ? `from outside to ${hop.node}`
        : "out of the cluster"
      : `to ${hop.node}${carrier(hop.name)}${request.stoppedAt === request.hops.indexOf(hop) && request.reason === "partition" ? ", which is cut" : ""}`,
  ingress: (hop) => `into ${hop.name}`,
  loopback: (hop) => `inside ${hop.name}: localhost never leaves the Pod`,
  server: (hop, request) =>
    request.reason === "notListening"
      ? `nothing listens on port ${request.endpoint?.port ?? ""} of ${hop.name}`
      : `${hop.name} listens on port ${request.endpoint?.port ?? ""}`,
};

/** How packets get from Node to Node, after a comma. */
const carrier = (name: string): string =>
  name === "route" ? ", by a plain route" : name ? `, wrapped in ${name}` : "";

export const hopWords = (hop: HopView, request: RequestView): string =>
  HOPS[hop.kind]?.(hop, request) ?? hop.name;

/** What the two policies ends say, for the panel. */
export function verdictWords(request: RequestView, enforces: boolean, plugin: string): string {
  if (!enforces) return `not asked: ${plugin || "no plugin"} enforces no NetworkPolicies`;
  const stopped = culprits(request);
  if (stopped.length > 0)
    return `denied: no ${ruleOf(request) || "ingress"} rule of ${stopped.join(", ")} allows it`;
  if (failedAtName(request) || request.at === null) return "not reached";
  return request.rule ? `allowed by ${request.rule}` : "allowed: no policy selects either end";
}

/** The look-up in a line. */
export function lookupWords(lookup: LookupView): string {
  if (lookup.outcome === "answered") return `${lookup.name} is ${lookup.answers.join(", ")}`;
  if (lookup.outcome === "noName") return `${lookup.name}: no such name (NXDOMAIN)`;
  if (lookup.policy) return `${lookup.name}: the question was stopped by ${lookup.policy}`;
  return `${lookup.name}: no answer from ${lookup.server} (${whyWords(lookup.reason || "timeout")})`;
}

/** What a traveller is, for those who cannot see it. */
export function requestWords(request: RequestView, pods: ReadonlyMap<string, PodView>): string {
  const from = peerName(request.client, pods);
  const via = request.endpoint ? `, endpoint ${peerName(request.endpoint, pods)}` : "";
  return `Request of ${from} to ${targetName(request)}${via}: ${outcomeWords(request)}`;
}
