/**
 * The stories that are not one Pod's: a rolling update, a lost Node. Chooses which is told, keeps it for a moment
 * after it is over, and asks the API once for what the stream does not carry.
 */
import { isOver, parseFaults, silences, type RunningFault } from "../cluster/faults.ts";
import { heardFrom, lossTale, type Loss } from "../cluster/node-failure.ts";
import {
  findRollout,
  isDone,
  rolloutOf,
  rolloutTale,
  strategyOf,
  type Rollout,
  type Strategy,
} from "../cluster/rollout.ts";
import type { Tale } from "../cluster/tale.ts";
import type { Api } from "../live/api.ts";
import type { FactView } from "../live/protocol.ts";
import type { ClusterReplica } from "../live/replica.svelte.ts";
import type { VirtualClock } from "../live/virtual-clock.svelte.ts";

const FAULTS = "/apis/sim.podarium.dev/v1alpha1/faults";
const LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";
/** How long (wall ms) a story that is over stays. */
const LINGER_MS = 6000;

export class Tales {
  readonly #replica: ClusterReplica;
  readonly #clock: VirtualClock;
  readonly #api: Api;
  faults = $state.raw<readonly RunningFault[]>([]);
  /** UID of the Deployment whose rollout is told. */
  #rolling = $state.raw<string | null>(null);
  #strategy = $state.raw<{ uid: string; strategy: Strategy | null } | null>(null);
  #loss = $state.raw<Loss | null>(null);
  readonly rollout: Rollout | undefined = $derived.by(() => {
    const { workloads, pods } = this.#replica;
    const deployment = this.#rolling === null ? undefined : workloads.get(this.#rolling);
    return deployment && rolloutOf(deployment, workloads, pods);
  });
  readonly strategy = $derived(
    this.#strategy !== null && this.#strategy.uid === this.#rolling ? this.#strategy.strategy : null,
  );
  readonly current: Tale | null = $derived.by(() => {
    if (this.#loss) {
      const { pods, workloads } = this.#replica;
      return lossTale(this.#loss, { pods, workloads, now: this.#clock.coarse });
    }
    return this.rollout ? rolloutTale(this.rollout, this.strategy) : null;
  });
  /** Names of the Nodes that the cluster has given up. */
  readonly lost: ReadonlySet<string> = $derived.by(
    () => new Set([...this.#replica.nodes.values()].filter((node) => !node.ready).map((node) => node.name)),
  );
  /** Names of the Nodes whose kubelet does not talk, whether or not anybody has noticed. */
  readonly silent: ReadonlySet<string> = $derived.by(
    () =>
      new Set([
        ...this.lost,
        ...this.faults.filter((fault) => silences(fault, fault.node)).map((fault) => fault.node),
      ]),
  );
  #overAt: number | null = null;
  /** Losses that have been told to their end. */
  #told = new Set<string>();
  #asking = "";
  /** The fault behind the loss: another one begins another silence. */
  #cause = "";

  constructor(replica: ClusterReplica, clock: VirtualClock, api: Api) {
    this.#replica = replica;
    this.#clock = clock;
    this.#api = api;
  }

  /** Faults are not on the stream as views: a fact about one says that it is time to look. */
  notice(facts: readonly FactView[]): void {
    if (facts.some((fact) => fact.kind === "Fault" || fact.type.startsWith("Fault"))) void this.readFaults();
  }

  async readFaults(): Promise<void> {
    const body = await this.#get(FAULTS);
    this.faults = parseFaults(body).filter((fact) => !isOver(fact));
  }

  refresh(wall: number): void {
    this.#refreshLoss();
    this.#refreshRollout();
    if (!this.current?.over) this.#overAt = null;
    else this.#overAt ??= wall;
    if (this.#overAt !== null && wall - this.#overAt >= LINGER_MS) this.#forget();
  }

  #forget(): void {
    if (this.#loss) this.#told.add(this.#loss.node.uid);
    this.#loss = null;
    this.#rolling = null;
    this.#overAt = null;
  }

  #refreshLoss(): void {
    const nodes = [...this.#replica.nodes.values()];
    const isLost = (uid: string, name: string, ready: boolean): boolean =>
      !ready ? !this.#told.has(uid) : this.faults.some((fault) => silences(fault, name));
    for (const node of nodes)
      if (node.ready && !isLost(node.uid, node.name, true)) this.#told.delete(node.uid);
    // A Node that has only just joined is not lost: nobody has heard from it yet.
    const joined = (created: number): boolean => this.#clock.coarse - created > 20_000;
    const lost =
      nodes.find((node) => node.uid === this.#loss?.node.uid && isLost(node.uid, node.name, node.ready)) ??
      nodes.find((node) => isLost(node.uid, node.name, node.ready) && joined(node.created));
    if (!lost) {
      if (this.#loss) this.#loss = null;
      return;
    }
    const known = this.#loss?.node.uid === lost.uid ? this.#loss : null;
    const cause = this.faults.find((fault) => silences(fault, lost.name))?.name ?? "";
    if (known?.node === lost && cause === this.#cause) return;
    this.#cause = cause;
    this.#loss = { node: lost, heard: known?.heard ?? null, lostAt: known?.lostAt ?? null };
    void this.#hear(lost.uid, lost.name);
  }

  async #hear(uid: string, name: string): Promise<void> {
    const [node, lease] = await Promise.all([
      this.#get(`/api/v1/nodes/${encodeURIComponent(name)}`),
      this.#get(`${LEASES}/${encodeURIComponent(name)}`),
    ]);
    const heard = heardFrom(node, lease);
    if (this.#loss?.node.uid === uid) this.#loss = { ...this.#loss, ...heard };
  }

  #refreshRollout(): void {
    const { workloads, pods } = this.#replica;
    const found = findRollout(workloads, pods);
    if (found && found.deployment.uid !== this.#rolling && (!this.rollout || isDone(this.rollout))) {
      this.#rolling = found.deployment.uid;
    }
    if (this.#rolling !== null && !this.rollout) this.#rolling = null;
    if (this.#rolling !== null && this.#strategy?.uid !== this.#rolling) void this.#learn(this.#rolling);
  }

  async #learn(uid: string): Promise<void> {
    const deployment = this.#replica.workloads.get(uid);
    if (!deployment || this.#asking === uid) return;
    this.#asking = uid;
    const { namespace, name } = deployment;
    const path = `/apis/apps/v1/namespaces/${encodeURIComponent(namespace)}/deployments/${encodeURIComponent(name)}`;
    this.#strategy = { uid, strategy: strategyOf(await this.#get(path)) };
    this.#asking = "";
  }

  /** Without an answer the story is told from what the stream says. */
  async #get(path: string): Promise<unknown> {
    try {
      const answer = await this.#api.request("GET", path);
      return answer.ok ? answer.body : null;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return null;
    }
  }
}
