/** Where on the stage an actor of a fact lives. */
export type Place =
  | { kind: "client" | "controllers" | "scheduler" | "etcd" | "api" }
  | { kind: "kubelet" | "proxy"; node: string };

/** Null for actors that have no place of their own: the page's own watcher, the simulator. */
export function placeOf(actor: string): Place | null {
  const [name = "", node = ""] = actor.split("/");
  if (name === "kubelet" && node) return { kind: "kubelet", node };
  if (name === "kube-proxy" && node) return { kind: "proxy", node };
  if (name === "kube-apiserver") return { kind: "api" };
  if (name === "kube-scheduler") return { kind: "scheduler" };
  if (name === "etcd") return { kind: "etcd" };
  if (name.includes("controller")) return { kind: "controllers" };
  // Runtimes and network plugins work inside their Node; a kubelet without a name is nobody's.
  if (node || name === "kubelet" || name === "kube-proxy") return null;
  if (name === "" || name === "viewer" || name.startsWith("podarium")) return null;
  return { kind: "client" };
}
