/** Finding what is drawn by what it is called. */
import type { NodeView, PodView, ServiceView, WorkloadView } from "../live/protocol.ts";

export interface Cluster {
  nodes: ReadonlyMap<string, NodeView>;
  pods: ReadonlyMap<string, PodView>;
  services: ReadonlyMap<string, ServiceView>;
  workloads: ReadonlyMap<string, WorkloadView>;
}

/** How an object is called. */
export interface Called {
  kind: string;
  namespace: string;
  name: string;
}

/** Any view that has a name; Nodes have no namespace. */
export type AnyView = PodView | NodeView | ServiceView | WorkloadView;

export function findView(cluster: Cluster, { kind, namespace, name }: Called): AnyView | undefined {
  const here = (view: { namespace: string; name: string }): boolean =>
    view.name === name && view.namespace === namespace;
  if (kind === "Pod") return [...cluster.pods.values()].find(here);
  if (kind === "Service") return [...cluster.services.values()].find(here);
  if (kind === "Node") return [...cluster.nodes.values()].find((node) => node.name === name);
  return [...cluster.workloads.values()].find((view) => view.kind === kind && here(view));
}
