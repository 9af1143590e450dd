/**
 * NetworkPolicies in words: who passes at a Pod, and that nobody else does.
 * Enters: objects as the API serves them. Leaves: lines for a card and half a sentence for the headline.
 */
import { at, items, text, tree } from "../live/json.ts";

export interface Policy {
  /** `namespace/name`. */
  key: string;
  namespace: string;
  name: string;
  /** Whom it isolates: `app=db`, or "" for all Pods of the namespace. */
  selects: string;
  ingress: string[] | null;
  egress: string[] | null;
}

export function parsePolicies(body: unknown): Map<string, Policy> {
  const policies = items(at(body, "items")).map(parsePolicy);
  return new Map(policies.map((policy) => [policy.key, policy]));
}

/** `ingress` and `egress` list who passes in that direction; null where the policy does not concern it. */
export function parsePolicy(object: unknown): Policy {
  const namespace = text(at(object, "metadata", "namespace"));
  const name = text(at(object, "metadata", "name"));
  const spec = at(object, "spec");
  const types = items(at(spec, "policyTypes")).map(text);
  const concerns = (type: string, rules: unknown): boolean =>
    types.length > 0 ? types.includes(type) : type === "Ingress" || items(rules).length > 0;
  const lines = (rules: unknown, peers: string): string[] =>
    items(rules).flatMap((rule) => ruleLines(rule, peers));
  const [ingress, egress] = [at(spec, "ingress"), at(spec, "egress")];
  return {
    key: `${namespace}/${name}`,
    namespace,
    name,
    selects: selectorText(at(spec, "podSelector")),
    ingress: concerns("Ingress", ingress) ? lines(ingress, "from") : null,
    egress: concerns("Egress", egress) ? lines(egress, "to") : null,
  };
}

function ruleLines(rule: unknown, peers: string): string[] {
  const ports = items(at(rule, "ports")).map(portText);
  const on = ports.length > 0 ? ` on ${ports.join(", ")}` : "";
  const given = items(at(rule, peers));
  return given.length === 0 ? [`everyone${on}`] : given.map((peer) => `${peerText(peer)}${on}`);
}

function peerText(peer: unknown): string {
  const block = at(peer, "ipBlock");
  if (block !== undefined) {
    const except = items(at(block, "except")).map(text);
    return `${text(at(block, "cidr"))}${except.length > 0 ? ` except ${except.join(", ")}` : ""}`;
  }
  const [pods, namespaces] = [at(peer, "podSelector"), at(peer, "namespaceSelector")];
  const podText = pods === undefined ? "" : selectorText(pods) || "all Pods";
  if (namespaces === undefined) return podText || "nobody";
  const where = selectorText(namespaces).replace("kubernetes.io/metadata.name=", "");
  const from = where ? `Namespace ${where}` : "any Namespace";
  return podText && podText !== "all Pods" ? `${podText} in ${from}` : from;
}

function portText(port: unknown): string {
  const protocol = text(at(port, "protocol")) || "TCP";
  const end = at(port, "endPort");
  const number = at(port, "port");
  const range =
    number === undefined ? "every port" : `${String(number)}${end === undefined ? "" : `–${String(end)}`}`;
  return `${protocol} ${range}`;
}

/** `app=db,tier in (a,b)`; "" selects everything. */
export function selectorText(selector: unknown): string {
  const labels = Object.entries(tree(at(selector, "matchLabels"))).map(
    ([key, value]) => `${key}=${text(value)}`,
  );
  const expressions = items(at(selector, "matchExpressions")).map((one) => {
    const key = text(at(one, "key"));
    const values = items(at(one, "values")).map(text).join(",");
    const operator = text(at(one, "operator"));
    if (operator === "Exists") return key;
    if (operator === "DoesNotExist") return `!${key}`;
    return `${key} ${operator === "In" ? "in" : "not in"} (${values})`;
  });
  return [...labels, ...expressions].join(",");
}

/** Who passes at an end that several policies isolate: what any of them allows. */
export function passing(policies: readonly Policy[], direction: "ingress" | "egress"): string[] {
  return [...new Set(policies.flatMap((policy) => policy[direction] ?? []))];
}

/** `only Pods labelled app=api pass`, `nobody passes`. */
export function passingWords(policies: readonly Policy[]): string {
  const lines = passing(policies, "ingress");
  if (lines.length === 0) return "nobody passes";
  const one = lines[0] ?? "";
  if (lines.length === 1 && /^[\w./-]+=[\w.-]+( on TCP [\d–]+)?$/.test(one))
    return `only Pods labelled ${one} pass`;
  return lines.length === 1
    ? `only ${one} passes`
    : `only ${lines.slice(0, 2).join(" and ")}${lines.length > 2 ? " …" : ""} pass`;
}
