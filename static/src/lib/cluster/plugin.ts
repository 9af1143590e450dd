/** The network plugin in a few words. */
import type { NetworkView, NodeView, PodView } from "../live/protocol.ts";

export function pluginWords(network: NetworkView): string {
  if (!network.encapsulation) return "no plugin: Pods get no addresses";
  const way = network.encapsulation === "route" ? "plain routes" : `${network.encapsulation} tunnels`;
  return `${way} from Node to Node, ${network.enforcesPolicies ? "enforces policies" : "policies have no effect"}`;
}

/**
 * The range that Pods of a Node have their addresses from. A plugin with a pool of its own does not use the Node's
 * podCIDR; then the blocks are those in which the Node's Pods stand.
 */
export function rangeOf(network: NetworkView | null, node: NodeView, pods: Iterable<PodView>): string {
  if (!network?.pool) return node.podCidr;
  const size = network.blockPrefix;
  const blocks = new Set<string>();
  for (const pod of pods) {
    if (pod.node === node.name && !pod.hostNetwork && /^\d+\.\d+\.\d+\.\d+$/.test(pod.ip))
      blocks.add(blockOf(pod.ip, size));
  }
  return blocks.size > 0 ? [...blocks].sort().slice(0, 2).join(" ") : `out of ${network.pool}`;
}

export function blockOf(ip: string, prefix: number): string {
  const bits = ip.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - prefix);
  const first = Math.floor(bits / size) * size;
  const parts = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256);
  return `${parts.join(".")}/${prefix}`;
}
