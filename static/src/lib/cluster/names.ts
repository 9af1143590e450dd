/** A Pod's name in two parts: what its owner calls it (bold), and the random suffix (lighter). */
import type { PodView } from "../live/protocol.ts";

export interface SplitName {
  base: string;
  suffix: string;
}

export function splitName(pod: Pick<PodView, "name" | "ownerKind" | "generateName">): SplitName {
  if (!pod.generateName || !pod.name.startsWith(pod.generateName) || pod.ownerKind === "StatefulSet") {
    return { base: pod.name, suffix: "" };
  }
  const suffix = pod.name.slice(pod.generateName.length);
  const prefix = pod.generateName.replace(/-$/, "");
  // A ReplicaSet's name ends in the template's hash, which says nothing to people.
  const base = pod.ownerKind === "ReplicaSet" ? prefix.replace(/-[a-z0-9]{6,10}$/, "") : prefix;
  return { base, suffix };
}
