/** What a fault can be aimed at, as the palette lists it. Enters: Nodes and Pods. Leaves: aims with their words. */
import type { NodeView, PodView } from "../live/protocol.ts";
import type { FaultKind, FaultTarget } from "./fault-catalogue.ts";

export interface Aim {
  id: string;
  words: string;
  /** What stands on the button. */
  name: string;
  target: FaultTarget;
}

const byName = new Intl.Collator("en", { numeric: true });

export function aimsFor(
  kind: FaultKind,
  nodes: ReadonlyMap<string, NodeView>,
  pods: ReadonlyMap<string, PodView>,
): Aim[] {
  const { strikes } = kind;
  return [
    ...(strikes.includes("node") ? nodeAims(nodes) : []),
    ...(strikes.includes("pod") ? podAims(pods, strikes.includes("container")) : []),
  ];
}

export const nodeId = (name: string): string => `node ${name}`;
export const podId = (namespace: string, name: string): string => `pod ${namespace}/${name}`;

function nodeAims(nodes: ReadonlyMap<string, NodeView>): Aim[] {
  return [...nodes.values()]
    .map(({ name }) => ({ id: nodeId(name), words: name, name, target: { node: name } }))
    .sort((a, b) => byName.compare(a.words, b.words));
}

/** Pods, each with its containers where there is more than one to choose from. */
function podAims(pods: ReadonlyMap<string, PodView>, containers: boolean): Aim[] {
  return [...pods.values()]
    .filter((pod) => pod.deleted === null)
    .sort((a, b) => byName.compare(`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`))
    .flatMap((pod) => {
      const { namespace, name } = pod;
      const words = namespace === "default" ? name : `${namespace}/${name}`;
      const whole = { id: podId(namespace, name), words, name, target: { namespace, pod: name } };
      if (!containers || pod.containers.length < 2) return [whole];
      const parts = pod.containers.map(({ name: container }) => ({
        id: `${whole.id}/${container}`,
        words: `${words} · container ${container}`,
        name: container,
        target: { ...whole.target, container },
      }));
      return [whole, ...parts];
    });
}
