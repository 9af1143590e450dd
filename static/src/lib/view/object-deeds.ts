/** What can be done to one object through the Kubernetes API; each returns the server's complaint, or "". */
import type { Api } from "../live/api.ts";
import { at, items, text } from "../live/json.ts";
import type { PodView } from "../live/protocol.ts";
import { statusMessage } from "../live/status.ts";
import { collectionPath, objectPath } from "./kinds.ts";
import type { ObjectRef } from "./selection.svelte.ts";

export class ObjectDeeds {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  remove(ref: ObjectRef): Promise<string> {
    return this.#send("DELETE", `${objectPath(ref)}?propagationPolicy=Background`);
  }

  create(kind: string, namespace: string, object: unknown): Promise<string> {
    return this.#send("POST", collectionPath(kind, namespace), object, "application/json");
  }

  /** Lets a Node take no new Pods, or take them again. */
  cordon(ref: ObjectRef, cordoned: boolean): Promise<string> {
    return this.#send("PATCH", `${objectPath(ref)}?fieldManager=podarium`, {
      spec: { unschedulable: cordoned ? true : null },
    });
  }

  /** As `kubectl drain --ignore-daemonsets`: cordons, then evicts what may be evicted; says what stays, and why. */
  async drain(ref: ObjectRef, pods: Iterable<PodView>): Promise<string> {
    const refused = await this.cordon(ref, true);
    if (refused) return refused;
    const leaving = evictable(pods, ref.name);
    const bare = leaving.filter((pod) => pod.bare).map((pod) => pod.name);
    const complaints =
      bare.length > 0 ? [`Not evicted, as no controller would replace it: ${bare.join(", ")}.`] : [];
    for (const { namespace, name } of leaving.filter((pod) => !pod.bare)) {
      const complaint = await this.#send(
        "POST",
        `${objectPath({ kind: "Pod", namespace, name })}/eviction`,
        { apiVersion: "policy/v1", kind: "Eviction", metadata: { namespace, name } },
        "application/json",
      );
      if (complaint) complaints.push(`${name}: ${complaint}`);
    }
    return complaints.join(" ");
  }

  async #send(
    method: string,
    path: string,
    body?: unknown,
    type = "application/merge-patch+json",
  ): Promise<string> {
    try {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const answer = await this.#api.request(method, path, text, type);
      return answer.ok
        ? ""
        : blockersIn(answer.body) || statusMessage(answer.body) || `The server answered ${answer.status}.`;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return "The server cannot be reached; nothing was changed.";
    }
  }
}

/** What disruption budgets say against an eviction: their names and what they need. */
const blockersIn = (body: unknown): string =>
  items(at(body, "details", "causes"))
    .filter((cause) => at(cause, "reason") === "DisruptionBudget")
    .map((cause) => text(at(cause, "message")))
    .join(" ");

/** The Pods of a Node that a drain evicts: not those of DaemonSets, not the Node's own, not those that leave. */
export function evictable(pods: Iterable<PodView>, node: string): PodView[] {
  return [...pods].filter(
    (pod) => pod.node === node && pod.deleted === null && !["DaemonSet", "Node"].includes(pod.ownerKind),
  );
}
