/** The kinds that the stage shows: where the API keeps them and how they are drawn. */
import { pathOf } from "../live/discovery.ts";
import type { IconName } from "../theme/icons.ts";
import type { ObjectRef } from "./selection.svelte.ts";

interface ShownKind {
  group: string;
  version: string;
  resource: string;
  namespaced: boolean;
  icon: IconName;
}

const core = (resource: string, icon: IconName, namespaced = true): ShownKind => ({
  group: "",
  version: "v1",
  resource,
  namespaced,
  icon,
});
const grouped = (group: string, resource: string, icon: IconName, version = "v1"): ShownKind => ({
  group,
  version,
  resource,
  namespaced: true,
  icon,
});

const KINDS: ReadonlyMap<string, ShownKind> = new Map([
  ["Pod", core("pods", "box")],
  ["Node", core("nodes", "server", false)],
  ["Service", core("services", "hub")],
  ["Deployment", grouped("apps", "deployments", "loop")],
  ["ReplicaSet", grouped("apps", "replicasets", "loop")],
  ["StatefulSet", grouped("apps", "statefulsets", "loop")],
  ["DaemonSet", grouped("apps", "daemonsets", "loop")],
  ["Job", grouped("batch", "jobs", "done")],
  ["CronJob", grouped("batch", "cronjobs", "prog")],
  ["NetworkPolicy", grouped("networking.k8s.io", "networkpolicies", "shield")],
  ["Traffic", { ...grouped("sim.podarium.dev", "traffics", "right"), version: "v1alpha1" }],
  ["ReplicationController", core("replicationcontrollers", "loop")],
  ["HorizontalPodAutoscaler", grouped("autoscaling", "horizontalpodautoscalers", "up", "v2")],
  ["PodDisruptionBudget", grouped("policy", "poddisruptionbudgets", "shield")],
  ["ResourceQuota", core("resourcequotas", "clip")],
]);

export const isShown = (kind: string): boolean => KINDS.has(kind);
export const kindIcon = (kind: string): IconName => KINDS.get(kind)?.icon ?? "gear";

/** The object's path in the API; "" for what is no object of the API. */
export function objectPath({ kind, namespace, name }: ObjectRef): string {
  const shown = KINDS.get(kind);
  return shown ? pathOf({ ...shown, kind, verbs: [] }, namespace, name) : "";
}

/** The path under which a Namespace's objects of a kind are made; "" for what is no object of the API. */
export function collectionPath(kind: string, namespace: string): string {
  const shown = KINDS.get(kind);
  return shown ? pathOf({ ...shown, kind, verbs: [] }, namespace) : "";
}

/** The path under which the Events about an object are listed. */
export function eventsPath({ kind, namespace, name }: ObjectRef): string {
  const scope = namespace ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  const selector = `involvedObject.kind=${kind},involvedObject.name=${name}`;
  return `/api/v1${scope}/events?fieldSelector=${encodeURIComponent(selector)}`;
}
