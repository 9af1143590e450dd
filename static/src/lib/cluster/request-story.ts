/**
 * A request told in six steps: name, ClusterIP, endpoint, policy, delivery, reply.
 * Enters: the request, how far its traveller is, policies and plugin. Leaves: steps and headline.
 */
import type { NetworkView, Outcome, PodView, RequestView, ServiceView } from "../live/protocol.ts";
import type { Headline } from "./headline.ts";
import { passingWords, type Policy } from "./policies.ts";
import {
  culprits,
  failedAtName,
  failure,
  peerName,
  ruleOf,
  serviceName,
  targetName,
  took,
} from "./requests.ts";
import type { Tale, TaleStep } from "./tale.ts";

export const [NAME, CALL, PICK, POLICY, DELIVER, REPLY, OVER] = [1, 2, 3, 4, 5, 6, 7];

export interface RequestWorld {
  pods: ReadonlyMap<string, PodView>;
  policies: ReadonlyMap<string, Policy>;
  network: NetworkView | null;
  service: ServiceView | undefined;
}

/** The step at which it fails; 0 while nothing is wrong. */
export function failingStep(request: RequestView): number {
  const reason = failure(request);
  if (!reason) return 0;
  if (failedAtName(request)) return NAME;
  if (reason === "policy") return POLICY;
  if (reason === "noEndpoints" || reason === "noLocalEndpoints") return PICK;
  return request.reason ? DELIVER : REPLY;
}

/** The step that a hop belongs to. */
export function stepOfHop(kind: string): number {
  return kind === "egress" || kind === "loopback"
    ? CALL
    : kind === "rules"
      ? PICK
      : kind === "server"
        ? DELIVER
        : POLICY;
}

/** `step`: how far the traveller is, 7 when the story is told. */
export function requestTale(request: RequestView, step: number, world: RequestWorld): Tale {
  const failing = failingStep(request);
  const reached = failing && step >= failing;
  const outcome = (n: number): Outcome =>
    reached && n === failing
      ? "failed"
      : reached && n > failing
        ? "todo"
        : n < step
          ? "done"
          : n === step
            ? "now"
            : "todo";
  const steps = labels(request, step, world).map((one, index): TaleStep => ({
    ...one,
    outcome: outcome(index + 1),
  }));
  const client = peerName(request.client, world.pods);
  return {
    kind: "request",
    uid: String(request.id),
    title: `A request of ${client}`,
    label: `The request of ${client} to ${targetName(request)}`,
    over: step >= OVER || Boolean(reached),
    steps,
    headline: reached ? stopped(request, world) : told(request, Math.min(step, OVER), world),
  };
}

function labels(
  request: RequestView,
  step: number,
  { network, service }: RequestWorld,
): Omit<TaleStep, "outcome">[] {
  const named = request.lookup !== null;
  const local = request.via === "localhost";
  const direct = request.via === "pod" || request.via === "outside" || local;
  const node = request.client.node;
  const from = request.client.kind === "outside" ? "from outside" : "your Pod";
  const calls: Record<string, string> = {
    pod: "Call Pod IP",
    localhost: "Call localhost",
    outside: "Call outside",
    nodePort: "Call NodePort",
    loadBalancer: "Call balancer",
    externalIP: "Call external IP",
  };
  const atClient = ruleOf(request) === "egress";
  return [
    {
      label: "Look up name",
      actor: named ? "CoreDNS" : isAddress(request) ? "no name: an address" : "known already",
    },
    {
      label: calls[request.via] ?? (service?.clusterIp === "None" ? "Call Pod IP" : "Call ClusterIP"),
      actor: from,
    },
    {
      label: "Pick endpoint",
      actor:
        direct && request.at !== null ? "no Service, no choice" : `kube-proxy${node ? ` on ${node}` : ""}`,
    },
    {
      label: "Check policy",
      actor: local
        ? "not inside a Pod"
        : network && !network.enforcesPolicies
          ? `${network.plugin} checks none`
          : atClient
            ? "at its own Pod"
            : culprits(request).length > 0
              ? "at the target Pod"
              : "at both ends",
    },
    {
      label: "Deliver",
      actor: request.endpoint?.port ? `port ${request.endpoint.port}` : "container port",
    },
    {
      label: "Reply",
      actor: step >= REPLY && request.outcome === "answered" ? took(request.took) : "same way back",
    },
  ];
}

/** It was called by an address; else a name that the client still knew. */
const isAddress = ({ summary, dialled }: RequestView): boolean =>
  summary.includes(dialled.replace(/:\d+$/, "")) || dialled === "";

const say = (text: string, emphasis: string, bad = false): Headline => ({ text, emphasis, bad });

function told(request: RequestView, step: number, { pods, network, service }: RequestWorld): Headline {
  const client = peerName(request.client, pods);
  const target = targetName(request);
  const far = peerName(request.endpoint, pods);
  const { lookup } = request;
  if (step === NAME && lookup) {
    const answer = lookup.answers[0];
    return say(
      answer
        ? `${client} asks DNS for ${lookup.name}: it is ${answer}.`
        : `${client} asks DNS for ${lookup.name}.`,
      client,
    );
  }
  if (request.via === "localhost")
    return say(`${client} calls itself on localhost: that never leaves the Pod.`, client);
  if (step <= CALL)
    return say(`${client} calls ${target}${request.dialled ? ` at ${request.dialled}` : ""}.`, client);
  if (step <= PICK && serviceName(request)) {
    const ready = service?.endpoints.filter((one) => one.ready).length ?? 0;
    return say(
      `kube-proxy sends it to ${far}, one of ${ready} endpoint${ready === 1 ? "" : "s"} of ${target}.`,
      far,
    );
  }
  if (step <= POLICY && network && !network.enforcesPolicies)
    return say(`${client} reaches ${far}: ${network.plugin} enforces no NetworkPolicies.`, client);
  if (step <= POLICY)
    return request.rule
      ? say(`${client} may call ${far}: ${request.rule.split("; ").at(-1) ?? ""} lets it pass.`, client)
      : say(`${client} may call ${far}: no NetworkPolicy isolates either end.`, client);
  const carried = far === target ? target : `${target} through ${far}`;
  if (step >= REPLY && request.outcome === "answered")
    return say(`${client} has its answer from ${carried}: ${request.answer || "answered"}.`, client);
  return say(`${client} calls ${carried}.`, client);
}

/** Why it was stopped, in plain words. */
function stopped(request: RequestView, { pods, policies, service }: RequestWorld): Headline {
  const client = peerName(request.client, pods);
  const target = targetName(request);
  const far = peerName(request.endpoint, pods);
  const bad = (text: string, emphasis = client): Headline => say(text, emphasis, true);
  const names = culprits(request);
  const shown = names.map((key) => key.split("/")[1] ?? key).join(", ");
  const known = names.flatMap((key) => policies.get(key) ?? []);
  const reason = failure(request);
  if (failedAtName(request)) {
    const { lookup } = request;
    if (lookup?.policy) return bad(`${client} cannot even ask DNS: ${shown} does not let it call CoreDNS.`);
    if (lookup?.outcome === "noName") return bad(`${client} calls ${lookup.name}: nobody has that name.`);
    return bad(`${client} cannot look up ${lookup?.name ?? "the name"}: no answer from CoreDNS.`);
  }
  switch (reason) {
    case "policy":
      if (ruleOf(request) === "egress")
        return bad(`${client} may not call ${target}: ${shown} does not let it out.`);
      return known.length > 0
        ? bad(`${client} may not call ${target}: ${passingWords(known)}.`)
        : bad(`${client} may not call ${target}: ${shown} does not let it in.`);
    case "noEndpoints": {
      const waiting = service?.endpoints.length ?? 0;
      return bad(
        waiting > 0
          ? `Nobody answers for ${target}: none of its ${waiting} Pods is ready.`
          : `Nobody answers for ${target}: no Pod has the labels that it selects.`,
        target,
      );
    }
    case "noLocalEndpoints":
      return bad(`Nobody answers for ${target} on this Node, and its traffic must stay local.`, target);
    case "notListening":
      return bad(
        `${far} refuses ${client}: nothing listens on port ${request.endpoint?.port ?? "there"}.`,
        far,
      );
    case "noRoute":
      return bad(
        `There is no route to ${request.endpoint?.ip ?? request.dialled}: nobody has that address any more.`,
        "no route",
      );
    case "nodeDown":
      return bad(`${client} gets no answer from ${far}: its Node is down.`);
    case "partition":
      return bad(`${client} cannot reach ${far}: the network between their Nodes is cut.`);
    case "packetLoss":
      return bad(`${client} cannot reach ${far}: too many packets are lost.`);
    case "timeout":
      return bad(`${client} waited in vain for ${target}: no answer in ${took(request.took)}.`);
    default:
      return bad(`${client} gets no answer from ${target}: ${request.outcome || reason}.`);
  }
}
