/** Services as the stage draws them. */
import type { PodView, ServiceView } from "../live/protocol.ts";
import { isSystem } from "./story.ts";

/** The room's own Services, newest last; the cluster's infrastructure stays out of the picture. */
export function shownServices(services: ReadonlyMap<string, ServiceView>): ServiceView[] {
  return [...services.values()]
    .filter((service) => !isSystem(service.namespace) && !isApiService(service))
    .sort((a, b) => a.created - b.created || (a.name < b.name ? -1 : 1));
}

const isApiService = (service: ServiceView): boolean =>
  service.namespace === "default" && service.name === "kubernetes";

/** The Service drawn with its endpoints: the selected one, else the story's, else the one before, else the newest. */
export function activeService(
  services: readonly ServiceView[],
  selected: string | null,
  story: PodView | undefined,
  previous: string | null,
): ServiceView | undefined {
  return (
    services.find((service) => service.uid === selected) ??
    services.find((service) => story !== undefined && selects(service, story)) ??
    services.find((service) => service.uid === previous) ??
    services.at(-1)
  );
}

export function selects(service: ServiceView, pod: PodView): boolean {
  const pairs = Object.entries(service.selector);
  return (
    service.namespace === pod.namespace &&
    pairs.length > 0 &&
    pairs.every(([key, value]) => pod.labels[key] === value)
  );
}

/** `10.96.12.7:80`, with every port. */
export function addressOf(service: ServiceView): string {
  const ports = service.ports.map((port) => port.port).join(",");
  const ip = service.clusterIp === "None" ? "headless" : service.clusterIp || "no IP yet";
  return ports ? `${ip}:${ports}` : ip;
}
