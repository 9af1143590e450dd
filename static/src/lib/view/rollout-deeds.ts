/**
 * What kubectl rollout does, through the Kubernetes API: undo, pause, resume, restart. Enters: views of workloads.
 * Leaves: the server's complaint, or "".
 */
import type { Api, ApiAnswer } from "../live/api.ts";
import { at, items, text, tree, type JsonTree } from "../live/json.ts";
import type { WorkloadView } from "../live/protocol.ts";
import { statusMessage } from "../live/status.ts";
import { objectPath } from "./kinds.ts";

const JSON_PATCH = "application/json-patch+json";
const MERGE_PATCH = "application/merge-patch+json";
const STRATEGIC_PATCH = "application/strategic-merge-patch+json";
/** Annotations that say how a Deployment stands, not what its template is: an undo leaves them alone. */
const OWN_ANNOTATIONS = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  "deployment.kubernetes.io/revision",
  "deployment.kubernetes.io/revision-history",
  "deployment.kubernetes.io/desired-replicas",
  "deployment.kubernetes.io/max-replicas",
  "deprecated.deployment.rollback.to",
]);

export class RolloutDeeds {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Gives a Deployment the template of one of its ReplicaSets again. */
  async rollBack(deployment: WorkloadView, set: WorkloadView): Promise<string> {
    if (deployment.paused)
      return `You cannot roll back a paused Deployment; resume ${deployment.name} first.`;
    const [now, then] = [await this.#read(deployment), await this.#read(set)];
    if (typeof now === "string") return now;
    if (typeof then === "string") return then;
    const template = at(then, "spec", "template");
    const patch = [
      { op: "replace", path: "/spec/template", value: withoutHash(template) },
      { op: "replace", path: "/metadata/annotations", value: annotations(now, then) },
    ];
    return this.#patch(deployment, patch, JSON_PATCH);
  }

  /** Gives a StatefulSet or DaemonSet its last revision but one. */
  async undo(workload: WorkloadView): Promise<string> {
    const namespace = encodeURIComponent(workload.namespace);
    const answer = await this.#ask("GET", `/apis/apps/v1/namespaces/${namespace}/controllerrevisions`);
    if (typeof answer === "string") return answer;
    const own = items(at(answer.body, "items")).filter((one) =>
      items(at(one, "metadata", "ownerReferences")).some((ref) => at(ref, "uid") === workload.uid),
    );
    own.sort((a, b) => Number(at(b, "revision")) - Number(at(a, "revision")));
    const before = own[1];
    if (!before) return `There is no earlier revision of ${workload.name}.`;
    return this.#patch(workload, at(before, "data"), STRATEGIC_PATCH);
  }

  pause(workload: WorkloadView, paused: boolean): Promise<string> {
    return this.#patch(workload, { spec: { paused: paused ? true : null } }, MERGE_PATCH);
  }

  /** Replaces all Pods by new ones of the same template; `now` is virtual time. */
  restart(workload: WorkloadView, now: number): Promise<string> {
    const restartedAt = new Date(now).toISOString().replace(/\.\d+Z$/, "Z");
    const marked = { metadata: { annotations: { "kubectl.kubernetes.io/restartedAt": restartedAt } } };
    return this.#patch(workload, { spec: { template: marked } }, MERGE_PATCH);
  }

  async #read(view: WorkloadView): Promise<unknown> {
    const answer = await this.#ask("GET", objectPath(view));
    return typeof answer === "string" ? answer : answer.body;
  }

  async #patch(view: WorkloadView, patch: unknown, type: string): Promise<string> {
    const path = `${objectPath(view)}?fieldManager=podarium`;
    const answer = await this.#ask("PATCH", path, JSON.stringify(patch), type);
    return typeof answer === "string" ? answer : "";
  }

  /** The answer, or why there is none. */
  async #ask(method: string, path: string, body?: string, type?: string): Promise<ApiAnswer | string> {
    try {
      const answer = await this.#api.request(method, path, body, type);
      return answer.ok ? answer : statusMessage(answer.body) || `The server answered ${answer.status}.`;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return "The server cannot be reached; nothing was changed.";
    }
  }
}

/** The revision to which `kubectl rollout undo` goes without further words. */
export function previousSet(
  deployment: WorkloadView,
  workloads: ReadonlyMap<string, WorkloadView>,
): WorkloadView | undefined {
  return [...workloads.values()]
    .filter((view) => view.kind === "ReplicaSet" && view.ownerUid === deployment.uid)
    .filter((view) => Number(view.rolloutRevision) < Number(deployment.rolloutRevision))
    .sort((a, b) => Number(b.rolloutRevision) - Number(a.rolloutRevision))[0];
}

/** The label that a ReplicaSet adds to its template is its own. */
function withoutHash(template: unknown): JsonTree {
  const metadata = tree(at(template, "metadata"));
  const labels = Object.entries(tree(metadata["labels"])).filter(([key]) => key !== "pod-template-hash");
  return { ...tree(template), metadata: { ...metadata, labels: Object.fromEntries(labels) } };
}

function annotations(now: unknown, then: unknown): Record<string, string> {
  const of = (object: unknown, own: boolean) =>
    Object.entries(tree(at(object, "metadata", "annotations")))
      .filter(([key]) => OWN_ANNOTATIONS.has(key) === own)
      .map(([key, value]): [string, string] => [key, text(value)]);
  return Object.fromEntries([...of(now, true), ...of(then, false)]);
}
