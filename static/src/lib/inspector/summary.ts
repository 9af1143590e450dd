/** An object in plain words: its state, a sentence about it, and what its deletion would mean. */
import { age, cores, gibi } from "../cluster/amounts.ts";
import { waitingReason } from "../cluster/looks.ts";
import type { NodeView, PodView, ServiceView, State, WorkloadView } from "../live/protocol.ts";
import { addressOf } from "../cluster/services.ts";
import type { ObjectRef } from "../view/selection.svelte.ts";
import { findView, type AnyView, type Cluster } from "../cluster/objects.ts";
import { relationsOf } from "./relations.ts";

export interface Summary {
  state: State;
  status: string;
  sentence: string;
}

export function summarize(cluster: Cluster, ref: ObjectRef, now: number): Summary | null {
  const view = findView(cluster, ref);
  if (!view) return null;
  if (ref.kind === "Pod") return podSummary(view as PodView, now);
  if (ref.kind === "Node") return nodeSummary(cluster, view as NodeView);
  if (ref.kind === "Service") return serviceSummary(view as ServiceView);
  return workloadSummary(view as WorkloadView);
}

function podSummary(pod: PodView, now: number): Summary {
  const restarts = pod.restarts > 0 ? `, ${count(pod.restarts, "restart")}` : "";
  const where = pod.node
    ? `On ${pod.node}${pod.ip ? ` with the IP ${pod.ip}` : ", without an IP yet"}`
    : `Not on a Node yet: ${waitingReason(pod)}`;
  const containers = `${pod.ready} of ${count(pod.total, "container")} ready`;
  const sentence = `${where}. ${containers}${restarts}, ${age(now - pod.created)} old.`;
  return { state: pod.state, status: pod.status, sentence };
}

function nodeSummary(cluster: Cluster, node: NodeView): Summary {
  const pods = [...cluster.pods.values()].filter((pod) => pod.node === node.name).length;
  const room = `${cores(node.cpuMillis)} CPUs, ${gibi(node.memoryBytes)} Gi of memory and room for ${node.maxPods} Pods`;
  const taken = node.unschedulable ? " It takes no new Pods." : "";
  const taints = node.taints.length > 0 ? ` Taints: ${node.taints.join(", ")}.` : "";
  return {
    state: node.ready ? (node.unschedulable ? "waiting" : "running") : "unknown",
    status: node.status,
    sentence: `It has ${room}; ${count(pods, "Pod")} on it.${taken}${taints}`,
  };
}

function serviceSummary(service: ServiceView): Summary {
  const ready = service.endpoints.filter((endpoint) => endpoint.ready).length;
  const where = `${addressOf(service)}${service.dns ? `, in the cluster also ${service.dns}` : ""}`;
  const behind =
    Object.keys(service.selector).length === 0
      ? "It selects no Pods by itself."
      : ready > 0
        ? `What is sent there goes to ${count(ready, "ready Pod")}.`
        : "No ready Pod stands behind it, so nobody answers.";
  return {
    state: ready > 0 ? "running" : "waiting",
    status: `${service.type}, ${ready} of ${count(service.endpoints.length, "endpoint")} ready`,
    sentence: `${where}. ${behind}`,
  };
}

function workloadSummary(view: WorkloadView): Summary {
  const done = view.ready >= view.desired && view.current === view.desired;
  const updating = view.kind === "Deployment" && view.updated < view.desired;
  const status = view.paused ? "Paused" : done ? "Complete" : updating ? "Rolling out" : "Progressing";
  const updated = updating ? `, ${view.updated} of them in the newest version` : "";
  const image = view.image ? ` Image: ${view.image}.` : "";
  const message = view.message ? ` ${view.message}` : "";
  return {
    state: done ? (view.desired === 0 ? "completed" : "running") : "progress",
    status,
    sentence: `Wants ${count(view.desired, "Pod")}; has ${view.current}${updated}, ${view.ready} ready.${image}${message}`,
  };
}

/**
 * Said of a reference that leads nowhere. The present knows no more than that: when it went, and what it was, is
 * history's to say, and is put in these words' place once the server tells it.
 */
export function notThere({ kind, namespace, name }: ObjectRef): string {
  const where = namespace ? `in Namespace ${namespace}` : "in this cluster";
  return `${kind} ${name} is not ${where}: it is gone, or has never been.`;
}

/** What `Delete` would do, by name. */
export function deletionWords(cluster: Cluster, ref: ObjectRef): string {
  const view: AnyView | undefined = findView(cluster, ref);
  const what = `Delete ${ref.kind} ${ref.name}?`;
  if (!view) return what;
  if (ref.kind === "Pod") {
    const pod = view as PodView;
    return pod.ownerName
      ? `${what} Its ${pod.ownerKind} ${pod.ownerName} will make another in its place.`
      : `${what} Nobody will make it again.`;
  }
  const pods = relationsOf(cluster, ref)
    .flatMap((group) => group.members)
    .filter((member) => member.ref.kind === "Pod").length;
  if (ref.kind === "Node") return `${what} The ${count(pods, "Pod")} on it will be lost.`;
  if (ref.kind === "Service") return `${what} Its IP and DNS name will lead nowhere; its Pods stay.`;
  return pods > 0 ? `${what} Its ${count(pods, "Pod")} will go too.` : what;
}

const count = (n: number, word: string): string => `${n} ${word}${n === 1 ? "" : "s"}`;

/** What the parts of the control plane are there for. */
export const COMPONENTS: ReadonlyMap<string, { title: string; words: readonly string[] }> = new Map([
  [
    "client",
    {
      title: "Client",
      words: [
        "kubectl, a program with a client library, or this page.",
        "It only ever talks to the API server: it says what it wants, and others make it so.",
      ],
    },
  ],
  [
    "kube-apiserver",
    {
      title: "API server",
      words: [
        "The only way to the cluster's state: everybody reads, writes and watches through it.",
        "Each request passes authentication, authorization, admission and the schema before anything is stored.",
      ],
    },
  ],
  [
    "etcd",
    {
      title: "etcd",
      words: [
        "The store in which every object lies under its key.",
        "Each write gets the next revision; who watches from a revision on misses nothing.",
      ],
    },
  ],
  [
    "kube-scheduler",
    {
      title: "Scheduler",
      words: [
        "Finds a Node for each Pod that has none: first it leaves out Nodes that cannot take it, then it scores the rest.",
        "It binds the Pod to the best one; starting it is the kubelet's work.",
      ],
    },
  ],
  [
    "kube-controller-manager",
    {
      title: "Controllers",
      words: [
        "Loops that compare what is wanted with what is there, and ask the API server for the difference.",
        "Deployment, ReplicaSet, EndpointSlice, Namespace, garbage collection and Node health each have their own.",
      ],
    },
  ],
]);
