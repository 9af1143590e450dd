/** What the page asks of the cluster as a whole: Nodes to add, faults to make and heal, the kubeconfig. */
import type { Api, ApiAnswer } from "./api.ts";
import { statusMessage } from "./status.ts";

const NODES = "/api/v1/nodes";
const FAULTS = "/apis/sim.podarium.dev/v1alpha1/faults";

const SIM_SCHEMA = "/openapi/v3/apis/sim.podarium.dev/v1alpha1";

export class ClusterAdmin {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Adds Nodes one after the other; returns what the API server says against the first that it refuses, or "". */
  async addNodes(names: readonly string[]): Promise<string> {
    for (const name of names) {
      const node = { apiVersion: "v1", kind: "Node", metadata: { name } };
      const complaint = await this.#send("POST", NODES, node);
      if (complaint) return complaint;
    }
    return "";
  }

  /** The OpenAPI document of the simulator's own kinds; null when the server cannot be reached. */
  async simSchema(): Promise<unknown> {
    const answer = await this.#ask("GET", SIM_SCHEMA);
    return answer?.ok ? answer.body : null;
  }

  /** Creates a Fault. Returns the API server's complaint, or "". */
  startFault(fault: unknown): Promise<string> {
    return this.#send("POST", FAULTS, fault);
  }

  heal(name: string): Promise<string> {
    return this.#send("DELETE", `${FAULTS}/${encodeURIComponent(name)}`);
  }

  /** The kubeconfig's text; "" when the server cannot be reached. */
  async kubeconfig(): Promise<string> {
    const answer = await this.#ask("GET", "/kubeconfig");
    return answer?.ok && typeof answer.body === "string" ? answer.body : "";
  }

  async #send(method: string, path: string, body?: unknown): Promise<string> {
    const answer = await this.#ask(method, path, body);
    if (!answer) return "The server cannot be reached; nothing was changed.";
    return answer.ok ? "" : statusMessage(answer.body) || `The API server refused (${answer.status}).`;
  }

  async #ask(method: string, path: string, body?: unknown): Promise<ApiAnswer | null> {
    try {
      return await this.#api.request(method, path, body === undefined ? undefined : JSON.stringify(body));
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return null;
    }
  }
}

/** Names for Nodes to add: `worker-N` after the highest there is. */
export function nextNodeNames(present: Iterable<string>, count: number): string[] {
  const numbers = [...present].map((name) => Number(/^worker-(\d+)$/.exec(name)?.[1] ?? 0));
  const highest = Math.max(0, ...numbers);
  return Array.from({ length: count }, (_, index) => `worker-${highest + index + 1}`);
}
