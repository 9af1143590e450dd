/** Who can talk to whom in a Namespace, as the server's matrix says: every Pod to every other, with the verdict. */
import { amount, at, items, text } from "../live/json.ts";

export interface Verdict {
  allowed: boolean;
  /** `ingress` or `egress`, "" when nothing stops it. */
  stopped: string;
  policies: string[];
  /** The rules that let it pass. */
  rule: string;
  /** Policies would stop it, but the plugin does not enforce any. */
  ignored: boolean;
}

export interface ReachPod {
  name: string;
  node: string;
  port: number;
}

export interface ReachMatrix {
  namespace: string;
  plugin: string;
  enforced: boolean;
  pods: ReachPod[];
  /** Pods that found no place in it. */
  left: number;
  /** Row: who calls; column: who is called; null for itself. */
  cells: (Verdict | null)[][];
}

export function parseMatrix(body: unknown): ReachMatrix {
  const verdicts = items(at(body, "verdicts")).map((one): Verdict => ({
    allowed: at(one, "allowed") === true,
    stopped: text(at(one, "stopped")),
    policies: items(at(one, "policies")).map(text),
    rule: text(at(one, "rule")),
    ignored: at(one, "ignored") === true,
  }));
  return {
    namespace: text(at(body, "namespace")),
    plugin: text(at(body, "plugin")),
    enforced: at(body, "enforced") === true,
    pods: items(at(body, "pods")).map((one) => ({
      name: text(at(one, "name")),
      node: text(at(one, "node")),
      port: amount(at(one, "port")),
    })),
    left: amount(at(body, "left")),
    cells: items(at(body, "cells")).map((row) => items(row).map((cell) => verdicts[amount(cell)] ?? null)),
  };
}

/** The verdict in a sentence. */
export function verdictSentence(from: ReachPod, to: ReachPod, verdict: Verdict, plugin: string): string {
  const call = `${from.name} to ${to.name}, port ${to.port}`;
  const names = verdict.policies.join(", ");
  if (verdict.ignored)
    return `${call}: passes. ${names} would stop it, but ${plugin} enforces no NetworkPolicies.`;
  if (!verdict.allowed) {
    const where = verdict.stopped === "egress" ? "as it leaves" : "as it arrives";
    return `${call}: stopped ${where}. No ${verdict.stopped} rule of ${names} allows it.`;
  }
  return verdict.rule
    ? `${call}: passes, by ${verdict.rule}.`
    : `${call}: passes. No NetworkPolicy selects either end.`;
}
