/** A Pod's containers in the order in which they start. */
import type { Inside } from "./inside.ts";
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

/** The volume that is drawn under the containers: of the Pod's own the one written last, else the first. */
export function drawnVolume(pod: PodView | undefined, inside: Inside | null = null): VolumeView | undefined {
  const volumes = pod ? ownVolumes(pod) : [];
  const written = (volume: VolumeView): number => inside?.volumes.get(volume.name)?.last?.at ?? -1;
  return volumes.reduce<VolumeView | undefined>(
    (best, one) => (best && written(best) >= written(one) ? best : one),
    undefined,
  );
}

const NUMBERS = ["", "", "", "three", "four", "five", "six", "seven", "eight", "nine"];

/** Who shares the Pod's IP: every container, init containers too. */
export function sharedBy(count: number): string {
  if (count < 2) return "for the whole Pod";
  return count === 2 ? "shared by both" : `shared by all ${NUMBERS[count] ?? count}`;
}

/** How high the opened Pod would like to be: its volume, and what its containers use, take room. */
export function openHeight(pod: PodView | undefined, usual: number): number {
  const alive = pod?.containers.some(({ state }) => state === "running") ?? false;
  return usual + (drawnVolume(pod) ? 40 : 0) + (alive ? 80 : 0) - 30;
}
