/** What an object has to do with others: owners, what it owns, Services, its Node. */
import { findView, type Cluster } from "../cluster/objects.ts";
import { selects } from "../cluster/services.ts";
import type { NodeView, PodView, ServiceView, State, WorkloadView } from "../live/protocol.ts";
import type { ObjectRef } from "../view/selection.svelte.ts";

export interface Related {
  ref: ObjectRef;
  state: State;
  words: string;
}

export interface Group {
  title: string;
  members: Related[];
}

export function relationsOf(cluster: Cluster, ref: ObjectRef): Group[] {
  const view = findView(cluster, ref);
  if (!view) return [];
  const groups =
    ref.kind === "Pod"
      ? podGroups(cluster, view as PodView)
      : ref.kind === "Node"
        ? nodeGroups(cluster, view as NodeView)
        : ref.kind === "Service"
          ? serviceGroups(cluster, view as ServiceView)
          : workloadGroups(cluster, view as WorkloadView);
  return groups.filter((group) => group.members.length > 0);
}

function podGroups(cluster: Cluster, pod: PodView): Group[] {
  const node = [...cluster.nodes.values()].find((one) => one.name === pod.node);
  const services = [...cluster.services.values()].filter((service) => selects(service, pod));
  return [
    { title: "Owned by", members: owners(cluster, pod.ownerUid).map(workloadMember) },
    { title: "Replaces", members: stood(cluster, pod.replaces, pod.replacesName, pod.namespace) },
    {
      title: "Replaced by",
      members: [...cluster.pods.values()].filter((one) => one.replaces === pod.uid).map(podMember),
    },
    { title: "Runs on", members: node ? [nodeMember(node)] : [] },
    { title: "Selected by", members: services.map(serviceMember) },
  ];
}

function nodeGroups(cluster: Cluster, node: NodeView): Group[] {
  const pods = [...cluster.pods.values()].filter((pod) => pod.node === node.name);
  return [{ title: `${count(pods.length, "Pod")} on it`, members: byName(pods).map(podMember) }];
}

function serviceGroups(cluster: Cluster, service: ServiceView): Group[] {
  const pods = [...cluster.pods.values()].filter((pod) => selects(service, pod));
  return [{ title: `Selects ${count(pods.length, "Pod")}`, members: byName(pods).map(podMember) }];
}

function workloadGroups(cluster: Cluster, workload: WorkloadView): Group[] {
  const below = [...cluster.workloads.values()].filter((one) => one.ownerUid === workload.uid);
  const uids = new Set([workload.uid, ...below.map((one) => one.uid)]);
  const pods = [...cluster.pods.values()].filter((pod) => uids.has(pod.ownerUid));
  const services = [...cluster.services.values()].filter((service) =>
    pods.some((pod) => selects(service, pod)),
  );
  below.sort((a, b) => b.created - a.created || (a.name < b.name ? -1 : 1));
  return [
    { title: "Owned by", members: owners(cluster, workload.ownerUid).map(workloadMember) },
    { title: "History", members: history(cluster, workload) },
    { title: "Owns", members: workload.kind === "Deployment" ? [] : below.map(workloadMember) },
    { title: count(pods.length, "Pod"), members: byName(pods).map(podMember) },
    { title: "Its Pods are selected by", members: services.map(serviceMember) },
  ];
}

/** A Deployment's revisions, the present one first, as `kubectl rollout history` lists them with their images. */
function history(cluster: Cluster, workload: WorkloadView): Related[] {
  if (workload.kind !== "Deployment") return [];
  return [...cluster.workloads.values()]
    .filter((one) => one.kind === "ReplicaSet" && one.ownerUid === workload.uid)
    .sort((a, b) => Number(b.rolloutRevision) - Number(a.rolloutRevision))
    .map((one) => {
      const member = workloadMember(one);
      return { ...member, words: `revision ${one.rolloutRevision} · ${one.image} · ${member.words}` };
    });
}

/** The Pod in whose place another one is: as it is, or only by its name when it is gone. */
function stood(cluster: Cluster, uid: string, name: string, namespace: string): Related[] {
  const old = cluster.pods.get(uid);
  if (old) return [podMember(old)];
  return name ? [{ ref: { kind: "Pod", namespace, name }, state: "completed", words: "gone" }] : [];
}

/** The chain of owners, the nearest first. */
function owners(cluster: Cluster, uid: string): WorkloadView[] {
  const chain: WorkloadView[] = [];
  for (
    let one = cluster.workloads.get(uid);
    one && !chain.includes(one);
    one = cluster.workloads.get(one.ownerUid)
  )
    chain.push(one);
  return chain;
}

const byName = (pods: readonly PodView[]): PodView[] =>
  [...pods].sort((a, b) => (a.namespace + a.name < b.namespace + b.name ? -1 : 1));
const count = (n: number, word: string): string => `${n} ${word}${n === 1 ? "" : "s"}`;

const podMember = (pod: PodView): Related => ({
  ref: { kind: "Pod", namespace: pod.namespace, name: pod.name },
  state: pod.state,
  words: [pod.status, pod.ip].filter(Boolean).join(", "),
});
const nodeMember = (node: NodeView): Related => ({
  ref: { kind: "Node", namespace: "", name: node.name },
  state: node.ready ? "running" : "unknown",
  words: node.status,
});
const serviceMember = (service: ServiceView): Related => ({
  ref: { kind: "Service", namespace: service.namespace, name: service.name },
  state: service.endpoints.some((endpoint) => endpoint.ready) ? "running" : "waiting",
  words: `${service.endpoints.filter((endpoint) => endpoint.ready).length} endpoints ready`,
});
const workloadMember = (view: WorkloadView): Related => ({
  ref: { kind: view.kind, namespace: view.namespace, name: view.name },
  state:
    view.desired === 0 && view.current === 0
      ? "completed"
      : view.ready >= view.desired
        ? "running"
        : "progress",
  words: `${view.ready} of ${view.desired} ready`,
});
