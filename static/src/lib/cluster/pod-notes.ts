/** What is special about a Pod, in a word or a line: its sandbox, its resize, where it comes from, why it was evicted. */
import type { PodView } from "../live/protocol.ts";
import { age } from "./amounts.ts";
import type { InsideVolume } from "./inside.ts";
import { sandboxLook } from "./sandboxes.ts";
import { bytesText } from "./use.ts";

export interface PodMark {
  icon: "vm" | "hex" | "doc" | "up" | "box";
  word: string;
  title: string;
}

const RESIZES: Record<string, string> = {
  InProgress: "The kubelet gives its containers other resources.",
  Deferred: "The Node has no room for the new resources now; the kubelet tries again when there is some.",
  Infeasible: "The Node could never give the new resources; the Pod goes on with the old ones.",
  Error: "The new resources could not be applied.",
};

/** Marks in the title of the opened Pod, and, the first one, on its card. */
export function podMarks(pod: PodView): PodMark[] {
  const marks: PodMark[] = [];
  if (pod.sandbox !== "container") {
    const { icon, word, words } = sandboxLook(pod);
    marks.push({ icon, word, title: `It runs ${words}, as its RuntimeClass says.` });
  }
  if (pod.isStatic) {
    const title = "A static Pod: the kubelet runs it from a file; this is its mirror in the API.";
    marks.push({ icon: "doc", word: "static", title });
  }
  if (pod.resize) {
    const word = pod.resize === "InProgress" ? "resizing" : `resize ${pod.resize.toLowerCase()}`;
    marks.push({ icon: "up", word, title: RESIZES[pod.resize] ?? word });
  }
  return marks;
}

/** Why the Pod as a whole has failed; "" when it is a container's doing, or nothing is wrong. */
export function podNote(pod: PodView): string {
  if (pod.state !== "failing" || !pod.message) return "";
  const word = pod.status.replace(/^Init:/, "");
  return pod.containers.some(({ reason, state }) => state === "waiting" && reason === word)
    ? ""
    : pod.message;
}

/** `note.txt, 6 B, by writer 3s ago`. */
export function volumeWords(last: NonNullable<InsideVolume["last"]>, now: number): string {
  const by = last.by ? ` by ${last.by}` : "";
  return `${last.path || "file"}, ${bytesText(last.size)},${by} ${age(now - last.at)} ago`;
}

/** Said of a Pod after its name, "" for one that is like most. */
export function podKindWords(pod: PodView): string {
  const parts = [
    pod.sandbox === "container" ? "" : sandboxLook(pod).words,
    pod.isStatic ? "a static Pod" : "",
    pod.reason === "Evicted" ? "evicted" : "",
    pod.resize ? (pod.resize === "InProgress" ? "being resized" : `resize ${pod.resize.toLowerCase()}`) : "",
  ].filter(Boolean);
  return parts.length > 0 ? `, ${parts.join(", ")}` : "";
}
