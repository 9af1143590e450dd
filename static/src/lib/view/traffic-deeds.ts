/** Traffic to a Service, begun and ended through the Kubernetes API; each returns the server's complaint, or "". */
import type { Source } from "../cluster/sources.ts";
import { trafficTo, type TrafficObject } from "../cluster/traffics.ts";
import type { Api } from "../live/api.ts";
import type { Called } from "../cluster/objects.ts";
import { ObjectDeeds } from "./object-deeds.ts";

export class TrafficDeeds {
  readonly #deeds: ObjectDeeds;

  constructor(api: Api) {
    this.#deeds = new ObjectDeeds(api);
  }

  start(service: Called, source: Source, perSecond: number): Promise<string> {
    return this.#deeds.create("Traffic", service.namespace, trafficTo(service, source.labels, perSecond));
  }

  async stop(traffics: readonly TrafficObject[]): Promise<string> {
    const complaints = await Promise.all(
      traffics.map(({ namespace, name }) => this.#deeds.remove({ kind: "Traffic", namespace, name })),
    );
    return complaints.filter(Boolean).join(" ");
  }
}
