/**
 * What happened last to each container, as a few words that stand beside it for a moment. Enters: facts in order.
 * Leaves: a new map each time something happened.
 */
import { amount, text } from "../live/json.ts";
import type { FactView } from "../live/protocol.ts";

export interface ContainerMoment {
  /** Of the container. */
  name: string;
  /** For example `OOMKilled 137`. */
  label: string;
  /** The same in plain words, for those who hear the page. */
  words: string;
  bad: boolean;
  /** Virtual milliseconds. */
  at: number;
}

/** `Pod's UID/container` → what happened to it last. */
export type ContainerMoments = ReadonlyMap<string, ContainerMoment>;

export const noContainerMoments: ContainerMoments = new Map();
/** How long (virtual ms) a moment is shown. */
export const MOMENT_MS = 4000;
const KEPT = 200;

export function withContainerMoments(before: ContainerMoments, facts: readonly FactView[]): ContainerMoments {
  const found = facts.flatMap((fact) => {
    const moment = momentOf(fact);
    return moment ? [[`${fact.uid}/${moment.name}`, moment] as const] : [];
  });
  if (found.length === 0) return before;
  const after = new Map(before);
  for (const [key, moment] of found) {
    after.delete(key);
    after.set(key, moment);
  }
  return new Map([...after].slice(-KEPT));
}

function momentOf({ type, at, data }: FactView): ContainerMoment | null {
  const name = text(data["container"]);
  const said = (label: string, words: string, bad = false): ContainerMoment => ({
    name,
    label,
    words,
    bad,
    at,
  });
  switch (type) {
    case "ContainerStarted":
      return amount(data["restartCount"]) > 0
        ? said(`restart ${amount(data["restartCount"])}`, `Container ${name} was started again`)
        : said("started", `Container ${name} has started`);
    case "ContainerStopping":
      return said("SIGTERM", `Container ${name} was asked to stop with SIGTERM`);
    case "ContainerExited":
      return exit(name, amount(data["exitCode"]), text(data["reason"]), said);
    case "ProbeResultChanged": {
      const probe = text(data["probe"]);
      return data["succeeded"] === true
        ? said(`${probe} ok`, `The ${probe} probe of container ${name} succeeds`)
        : said(`${probe} failed`, `The ${probe} probe of container ${name} fails`, true);
    }
    default:
      return null;
  }
}

function exit(
  name: string,
  code: number,
  reason: string,
  said: (label: string, words: string, bad?: boolean) => ContainerMoment,
): ContainerMoment {
  if (reason === "OOMKilled") {
    return said(
      `OOMKilled ${code}`,
      `Container ${name} was killed since it wanted more memory than its limit`,
      true,
    );
  }
  if (code === 137) return said("SIGKILL 137", `Container ${name} was killed with SIGKILL`, true);
  if (code === 143) return said("ended 143", `Container ${name} ended on SIGTERM`);
  if (code === 0) return said("exit 0", `Container ${name} has ended well`);
  return said(`exit ${code}`, `Container ${name} has ended with exit code ${code}`, true);
}
