/** A Pod's containers in the order in which they start. */
import type { ContainerView, PodView } from "../live/protocol.ts";

export interface OrderedContainer {
  view: ContainerView;
  /** 1, 2, …: containers with one number start together. */
  order: number;
}

/** Init containers and sidecars one after the other, as the spec lists them; then all app containers at once. */
export function containersInOrder(pod: PodView): OrderedContainer[] {
  const before = pod.containers.filter(({ role }) => role === "init" || role === "sidecar");
  const apps = pod.containers.filter(({ role }) => role === "app" || role === "ephemeral");
  return [
    ...before.map((view, index) => ({ view, order: index + 1 })),
    ...apps.map((view) => ({ view, order: before.length + 1 })),
  ];
}
