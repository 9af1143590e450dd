/** A Pod's containers in the order in which they start. */
import type { ContainerView, PodView, VolumeView } from "../live/protocol.ts";

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

/** The Pod's own volumes; the token that every Pod gets says nothing about it. */
export const ownVolumes = (pod: PodView): VolumeView[] =>
  pod.volumes.filter((volume) => !volume.name.startsWith("kube-api-access"));

/** The volume that is drawn under the containers: the first of the Pod's own. */
export const drawnVolume = (pod: PodView | undefined): VolumeView | undefined =>
  pod ? ownVolumes(pod)[0] : undefined;

const NUMBERS = ["", "", "", "three", "four", "five", "six", "seven", "eight", "nine"];

/** Who shares the Pod's IP: every container, init containers too. */
export function sharedBy(count: number): string {
  if (count < 2) return "for the whole Pod";
  return count === 2 ? "shared by both" : `shared by all ${NUMBERS[count] ?? count}`;
}
