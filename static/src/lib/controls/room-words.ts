/** Rooms in words, and which names they may have. Pure. */
import { clockTime, speedLabel } from "../cluster/amounts.ts";
import type { RoomView } from "../live/history.ts";

const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const MOST_LETTERS = 40;

/** Why a room cannot be called so; "" when it can. */
export function nameTrouble(name: string, taken: readonly string[]): string {
  if (name === "") return "Give it a name.";
  if (name.length > MOST_LETTERS) return `A name has at most ${MOST_LETTERS} letters.`;
  if (!NAME.test(name)) return "A name is made of small letters, digits and hyphens between them.";
  return taken.includes(name) ? `There is already a room called ${name}.` : "";
}

const amount = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`;

/** What is going on in a room. */
export function roomWords({ nodes, pods, paused, speed, failure, origin }: RoomView): string {
  const state = failure ? "has stopped of a fault" : paused ? "paused" : speedLabel(speed);
  const from = origin ? `branched from ${origin.room} at ${clockTime(origin.at)}` : "";
  return [amount(nodes, "Node"), amount(pods, "Pod"), state, from].filter(Boolean).join(" · ");
}

/** A name that is free: that of the origin, and a number. */
export function freeName(wanted: string, taken: readonly string[]): string {
  for (let number = 1; ; number += 1) {
    const name = `${wanted}-${number}`;
    if (!taken.includes(name)) return name;
  }
}
