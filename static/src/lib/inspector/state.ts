/** Conditions and containers of an object, read from its JSON. */
import { amount, at, items, text, tree, type JsonTree } from "../live/json.ts";
import type { State } from "../live/protocol.ts";

export interface Condition {
  type: string;
  status: string;
  good: boolean;
  reason: string;
  message: string;
  /** Milliseconds since the epoch; null when it is not said. */
  since: number | null;
}

/** Conditions of which `True` is bad news. */
const BAD = /Pressure$|^NetworkUnavailable$|^ReplicaFailure$|^Failed$|^DisruptionTarget$|^PodResizePending$/;

export function conditionsOf(object: unknown): Condition[] {
  return items(at(object, "status", "conditions")).map((value) => {
    const condition = tree(value);
    const type = text(condition["type"]);
    const status = text(condition["status"]);
    return {
      type,
      status,
      good: BAD.test(type) ? status === "False" : status === "True",
      reason: text(condition["reason"]),
      message: text(condition["message"]),
      since: time(condition["lastTransitionTime"]) ?? time(condition["lastUpdateTime"]),
    };
  });
}

export interface ContainerState {
  name: string;
  role: "init" | "sidecar" | "app" | "ephemeral";
  image: string;
  look: State;
  words: string;
  message: string;
  since: number | null;
  restarts: number;
  /** How it ended the time before. */
  last: string;
  /** Requests and limits, and those it still has while others are wished; "" without any. */
  resources: string;
}

export function containersOf(object: unknown): ContainerState[] {
  const spec = tree(tree(object)["spec"]);
  const status = tree(tree(object)["status"]);
  const read = (list: string, statuses: string, role: ContainerState["role"]): ContainerState[] =>
    items(spec[list]).map((value) => {
      const container = tree(value);
      const own = items(status[statuses])
        .map(tree)
        .find((one) => one["name"] === container["name"]);
      const sidecar = role === "init" && container["restartPolicy"] === "Always";
      return containerState(container, own ?? {}, sidecar ? "sidecar" : role);
    });
  return [
    ...read("initContainers", "initContainerStatuses", "init"),
    ...read("containers", "containerStatuses", "app"),
    ...read("ephemeralContainers", "ephemeralContainerStatuses", "ephemeral"),
  ];
}

function containerState(container: JsonTree, status: JsonTree, role: ContainerState["role"]): ContainerState {
  const state = tree(status["state"]);
  return {
    name: text(container["name"]),
    role,
    image: text(container["image"]),
    restarts: amount(status["restartCount"]),
    last: endWords(tree(tree(status["lastState"])["terminated"])),
    resources: resourceWords(container["resources"], status["resources"]),
    ...stateWords(state, status["ready"] === true, role),
  };
}

function stateWords(
  state: JsonTree,
  ready: boolean,
  role: ContainerState["role"],
): Pick<ContainerState, "look" | "words" | "message" | "since"> {
  const running = state["running"];
  if (running !== undefined) {
    const look = ready || role === "init" ? "running" : "progress";
    const words = role === "init" ? "running" : ready ? "running, ready" : "running, not ready yet";
    return { look, words, message: "", since: time(tree(running)["startedAt"]) };
  }
  const ended = tree(state["terminated"]);
  if (Object.keys(ended).length > 0) {
    const good = ended["exitCode"] === 0;
    return {
      look: good ? "completed" : "failing",
      words: endWords(ended),
      message: text(ended["message"]),
      since: time(ended["finishedAt"]),
    };
  }
  const waiting = tree(state["waiting"]);
  const reason = text(waiting["reason"]);
  const bad = /BackOff|Err|Error|Invalid/.test(reason);
  return {
    look: bad ? "failing" : "waiting",
    words: reason ? `waiting: ${reason}` : "waiting",
    message: text(waiting["message"]),
    since: null,
  };
}

function resourceWords(wished: unknown, had: unknown): string {
  const wish = amountsOf(wished);
  const has = had === undefined ? wish : amountsOf(had);
  return has === wish || !has ? wish : `${wish || "nothing asked"}; it still has: ${has}`;
}

function amountsOf(resources: unknown): string {
  const part = (field: string, word: string): string => {
    const found = Object.entries(tree(tree(resources)[field]));
    return found.length > 0
      ? `${word} ${found.map(([name, value]) => `${name} ${String(value)}`).join(", ")}`
      : "";
  };
  return [part("requests", "asks for"), part("limits", "at most")].filter(Boolean).join("; ");
}

function endWords(ended: JsonTree): string {
  if (Object.keys(ended).length === 0) return "";
  return `ended: ${text(ended["reason"]) || "unknown"}, exit code ${amount(ended["exitCode"])}`;
}

export function time(value: unknown): number | null {
  const ms = Date.parse(text(value));
  return Number.isNaN(ms) ? null : ms;
}
