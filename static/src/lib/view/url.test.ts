import { expect, it } from "vitest";
import { readUrl, writeUrl } from "./url.ts";

it("reads back what it wrote and keeps what belongs to others", () => {
  const state = {
    select: { kind: "Pod", namespace: "default", name: "web" },
    panels: ["inspector" as const],
    step: 5,
    filter: "ns=shop app=web",
  };

  const text = writeUrl("?room=a", state);

  expect(text).toBe("?room=a&select=Pod/default/web&panels=inspector&filter=ns%3Dshop+app%3Dweb&step=5");
  expect(readUrl(text)).toEqual(state);
});

it("leaves nothing behind when nothing is selected or open", () => {
  expect(writeUrl("?select=Node/worker-1", { select: null, panels: [], step: null, filter: "" })).toBe("");
});

it("ignores what makes no sense", () => {
  expect(readUrl("?select=a/b/c/d&panels=x,keys&step=12")).toEqual({
    select: null,
    panels: ["keys"],
    step: null,
    filter: "",
  });
});
