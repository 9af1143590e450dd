/** What is written on a Node: labels that somebody gave it or that a decision compares, taints, a cordon. */
import type { NodeView } from "../live/protocol.ts";

export interface Mark {
  kind: "label" | "taint";
  text: string;
  title: string;
}

/** Put on by the cluster itself; the Node's own state says it already. */
const OWN = /(^|\.)(kubernetes|k8s)\.io\//;
const ZONE = "topology.kubernetes.io/zone";

/** Labels first, then taints; `compared` are keys of labels that a decision is about. */
export function marksOf(node: NodeView, compared: readonly string[] = []): Mark[] {
  const labels = Object.entries(node.labels)
    .filter(([key]) => key === ZONE || !OWN.test(key) || (compared.includes(key) && !isHostname(key)))
    .map(([key, value]): Mark => {
      const written = value === "" ? key : `${shortKey(key)}=${value}`;
      return { kind: "label", text: written, title: `label ${key}=${value}` };
    });
  const taints = node.taints
    .filter((taint) => !taint.startsWith("node.kubernetes.io/"))
    .map((taint): Mark => ({ kind: "taint", text: taint, title: `taint ${taint}` }));
  return [...labels, ...taints];
}

export const isHostname = (key: string): boolean => key === "kubernetes.io/hostname";
/** The last part of a label's key: `zone` of `topology.kubernetes.io/zone`. */
export const shortKey = (key: string): string => key.slice(key.lastIndexOf("/") + 1);
