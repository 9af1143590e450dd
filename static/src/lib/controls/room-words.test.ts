import { expect, it } from "vitest";
import type { RoomView } from "../live/history.ts";
import { freeName, nameTrouble, roomWords } from "./room-words.ts";

const room: RoomView = {
  name: "what-if",
  prefix: "/rooms/what-if",
  seed: 0,
  networkPlugin: "calico",
  nodes: 1,
  pods: 3,
  revision: 9,
  now: 0,
  speed: "1",
  paused: true,
  failure: "",
  origin: { room: "main", revision: 5, at: Date.UTC(2026, 0, 1, 12, 4, 31) },
};

it("says why a room cannot be called so", () => {
  expect(nameTrouble("what-if", ["main"])).toBe("");
  expect(nameTrouble("", [])).not.toBe("");
  expect(nameTrouble("What if", [])).toMatch("small letters");
  expect(nameTrouble("main", ["main"])).toMatch("already");
  expect(nameTrouble("a".repeat(41), [])).toMatch("at most 40");
});

it("tells what is going on in a room and where it comes from", () => {
  expect(roomWords(room)).toBe("1 Node · 3 Pods · paused · branched from main at 12:04:31");
  expect(roomWords({ ...room, origin: null, paused: false })).toBe("1 Node · 3 Pods · 1× speed");
});

it("finds a name that is free", () => {
  expect(freeName("branch", ["main", "branch-1"])).toBe("branch-2");
});
