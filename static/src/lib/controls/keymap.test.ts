import { expect, it } from "vitest";
import { bindingFor, offered } from "./keymap.ts";

const bare = { shiftKey: false, ctrlKey: false, metaKey: false, altKey: false };
const nothing = new Set([]);

it("tells a moment from a step by Shift", () => {
  expect(bindingFor({ ...bare, key: "ArrowRight" }, nothing)?.words).toBe("next moment");
  expect(bindingFor({ ...bare, key: "ArrowRight", shiftKey: true }, nothing)?.words).toBe("next step");
});

it("leaves the browser's own combinations alone", () => {
  expect(bindingFor({ ...bare, key: "d", ctrlKey: true }, nothing)).toBeUndefined();
});

it("offers a panel's key only where the panel exists", () => {
  expect(offered(nothing).map((binding) => binding.cap)).not.toContain("M");
  expect(offered(new Set(["manifest" as const])).map((binding) => binding.cap)).toContain("M");
});

it("finds the keys that need Shift on some keyboards", () => {
  expect(bindingFor({ ...bare, key: "?", shiftKey: true }, nothing)?.words).toBe("all keys");
  expect(bindingFor({ ...bare, key: "+", shiftKey: true }, nothing)?.words).toBe("faster");
});

it("finds the palettes' keys", () => {
  expect(bindingFor({ ...bare, key: "k", ctrlKey: true }, nothing)?.words).toBe("commands");
  expect(bindingFor({ ...bare, key: "/" }, nothing)?.words).toBe("search");
});
