import { expect, it } from "vitest";
import { filterWords, matches, parseFilter } from "./filter.ts";

const pod = { namespace: "shop", labels: { app: "web", tier: "" } };

it("takes a Namespace and labels with and without a value", () => {
  expect(matches(parseFilter("ns=shop app=web tier"), pod)).toBe(true);
  expect(matches(parseFilter("ns=shop app=db"), pod)).toBe(false);
  expect(matches(parseFilter("ns=other"), pod)).toBe(false);
});

it("says in words what it shows", () => {
  expect(filterWords(parseFilter("ns=shop,app=web"))).toBe("Namespace shop, app=web");
});
