import { expect, it } from "vitest";
import { readUrl, writeUrl } from "./url.ts";

const nothing = {
  select: null,
  panels: [],
  step: null,
  filter: "",
  group: "node" as const,
  focus: false,
  follow: false,
  at: "",
  compared: null,
};

it("reads back what it wrote and keeps what belongs to others", () => {
  const state = {
    select: { kind: "Pod", namespace: "default", name: "web" },
    panels: ["inspector" as const],
    step: 5,
    filter: "ns=shop app=web",
    group: "owner" as const,
    focus: true,
    follow: false,
    at: "seq:214",
    compared: { from: "seq:9", to: "300" },
  };

  const text = writeUrl("?room=a", state);

  expect(text).toBe(
    "?room=a&select=Pod/default/web&panels=inspector&filter=ns%3Dshop+app%3Dweb&group=owner&focus=1&step=5&at=seq:214&compare=seq:9..300",
  );
  expect(readUrl(text)).toEqual(state);
});

it("leaves nothing behind when nothing is selected or open", () => {
  expect(writeUrl("?select=Node/worker-1&group=zone&focus=1", nothing)).toBe("");
});

it("ignores what makes no sense", () => {
  expect(readUrl("?select=a/b/c/d&panels=x,keys&step=12&group=colour&focus=yes")).toEqual({
    ...nothing,
    panels: ["keys"],
  });
});
