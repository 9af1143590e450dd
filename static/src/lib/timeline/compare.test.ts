import { expect, it } from "vitest";
import type { ObjectChange } from "../live/history.ts";
import { groupByKind, leftOut, sortedFields, tally, valueWords } from "./compare.ts";

const change = (kind: string, name: string, how: ObjectChange["change"]): ObjectChange => ({
  change: how,
  apiVersion: "v1",
  kind,
  resource: "",
  namespace: "default",
  name,
  uid: name,
  fields: [],
  omitted: 0,
});

it("groups by kind, what people made first, and what appeared before what changed", () => {
  const groups = groupByKind([
    change("ConfigMap", "c", "changed"),
    change("Pod", "a", "changed"),
    change("Pod", "b", "created"),
    change("Deployment", "d", "changed"),
  ]);

  expect(groups.map(({ kind }) => kind)).toEqual(["Deployment", "Pod", "ConfigMap"]);
  expect(groups[1]?.changes.map(({ name }) => name)).toEqual(["b", "a"]);
});

it("counts in words", () => {
  expect(tally([change("Pod", "a", "created"), change("Pod", "b", "deleted")])).toBe("1 created, 1 deleted");
  expect(tally([])).toBe("nothing has changed");
  expect(leftOut({ hidden: 0, omitted: 0 })).toBe("");
  expect(leftOut({ hidden: 2, omitted: 0 })).toMatch("cluster admins");
});

it("shows values on one line, and wishes before reports", () => {
  expect(valueWords(null)).toBe("–");
  expect(valueWords({ a: 1 })).toBe('{"a":1}');
  expect(valueWords("x".repeat(500)).length).toBeLessThan(200);
  const field = (path: string) => ({ path, before: 1, after: 2 });
  expect(sortedFields([field("status.phase"), field("spec.replicas")])[0]?.path).toBe("spec.replicas");
});
