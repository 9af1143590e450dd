/**
 * A Pod's nine steps in full, as `GET /explain/pods/NS/NAME` tells them. Enters: its JSON. Leaves: the facts of
 * each step, in the shape of the live stream, and a line of words for each.
 */
import type { FactView } from "../live/protocol.ts";
import { parseScheduling, schedulingUntil, type SchedulingStory } from "./attempts.ts";
import { span } from "./amounts.ts";

export interface Explanation {
  uid: string;
  /** Facts by step, the first step first. */
  steps: FactView[][];
  scheduling: SchedulingStory;
}

export function parseExplanation(body: unknown): Explanation | null {
  const root = tree(body);
  const steps = items(tree(root["journey"])["steps"]);
  const uid = text(tree(root["pod"])["uid"]);
  if (!uid || steps.length === 0) return null;
  return {
    uid,
    steps: steps.map((step) => items(tree(step)["facts"]).map(factOf)),
    scheduling: parseScheduling(body),
  };
}

/** What of it had happened at a moment of the past. */
export const explainedUntil = (
  { uid, steps, scheduling }: Explanation,
  moment: { seq: number; at: number },
): Explanation => ({
  uid,
  steps: steps.map((facts) => facts.filter((fact) => fact.seq <= moment.seq)),
  scheduling: schedulingUntil(scheduling, moment.at),
});

function factOf(value: unknown): FactView {
  const fact = tree(value);
  const subject = tree(fact["subject"]);
  return {
    seq: Number(fact["seq"]),
    at: Number(fact["at"]),
    cause: Number(fact["cause"]),
    type: text(fact["type"]),
    actor: text(fact["actor"]),
    kind: text(subject["kind"]),
    namespace: text(subject["namespace"]),
    name: text(subject["name"]),
    uid: text(subject["uid"]),
    data: tree(fact["data"]),
  };
}

export interface FactLine {
  seq: number;
  at: number;
  /** A few words, then what they are about. */
  words: string;
  detail: string;
}

/** What happened, line by line; facts that tell nothing of their own are left out. */
export function factLines(facts: readonly FactView[]): FactLine[] {
  return facts.flatMap((fact) =>
    wordsOf(fact.type, fact.data).map(([words, detail]) => ({ seq: fact.seq, at: fact.at, words, detail })),
  );
}

type Words = [words: string, detail: string];

function wordsOf(type: string, data: Record<string, unknown>): Words[] {
  const word = (name: string): string => text(data[name]);
  const amount = (name: string): number => Number(data[name]);
  switch (type) {
    case "RequestReceived":
      return [[`${word("verb")} ${word("resource")}`, `on its way for ${span(amount("durationMs"))}`]];
    case "RequestAuthenticated":
      return [["this is", [word("user"), ...items(data["groups"]).map(text)].join(", ")]];
    case "RequestAuthorized":
      return [["allowed by", word("rule")]];
    case "RequestDenied":
    case "SpecRejected":
      return [["refused", word("message")]];
    case "RequestAdmitted":
      return items(data["changes"]).map((pair) => [text(items(pair)[0]), text(items(pair)[1])]);
    case "ObjectStored":
      return [["stored", `at revision ${amount("revision")}`]];
    case "PodUnschedulable":
      return [["no Node fits", word("message")]];
    case "DomainsCompared":
      return [
        [
          `Pods by ${word("topologyKey")}`,
          items(data["domains"])
            .map((triple) => {
              const [value, count, allowed] = items(triple);
              return `${text(value)} ${Number(count)}${allowed === true ? "" : " (closed)"}`;
            })
            .join(", "),
        ],
      ];
    case "PreemptionChosen": {
      const victims = items(data["victims"]).map((pair) => text(items(pair)[0]));
      return [[`room on ${word("node")}`, `${victims.join(", ")} must go; ${word("rule")}`]];
    }
    case "PodBound":
      return [["bound to", word("node")]];
    case "PodAccepted":
      return [["accepted by the kubelet of", word("node")]];
    case "SandboxCreated":
      return [["sandbox", "its shared network and IPC"]];
    case "AddressAssigned":
      return [[`${word("plugin")} gives it`, word("ip")]];
    case "ImagePullStarted":
      return [["pulling", `${word("image")}, about ${span(amount("durationMs"))}`]];
    case "ImagePullFailed":
    case "PodRejected":
      return [[word("reason"), word("message")]];
    case "ContainerStarted":
      return [[`${word("role")} container`, `${word("container")} started`]];
    case "ContainerExited":
      return [[word("container"), `${word("reason")}, exit code ${amount("exitCode")}`]];
    case "ContainerBackedOff":
      return [[word("container"), `next try in ${span(amount("durationMs"))}`]];
    case "StatusReported":
      return [["status", word("phase")]];
    case "PodReady":
      return [["Ready", "every container runs and is ready"]];
    default:
      return [];
  }
}

const tree = (value: unknown): Record<string, unknown> =>
  value !== null && typeof value === "object" && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
const items = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string => (typeof value === "string" ? value : "");
