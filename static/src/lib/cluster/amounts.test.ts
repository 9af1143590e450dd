import { expect, it } from "vitest";
import { age, cores, elapsed, gibi, span, speedLabel } from "./amounts.ts";
import { splitName } from "./names.ts";

it("prints ages as kubectl does", () => {
  expect([42_000, 150_000, 3 * 3_600_000, 72 * 3_600_000].map(age)).toEqual(["42s", "2m", "3h", "3d"]);
});

it("prints the run's time with as many parts as matter", () => {
  expect([3_240, 358_000, 7_500_000].map(elapsed)).toEqual(["3.2 s", "5 m 58 s", "2 h 05 m"]);
  expect([8, 1_400].map(span)).toEqual(["8 ms", "1.4 s"]);
});

it("prints amounts without noise", () => {
  expect([cores(3700), cores(4000), gibi(16 * 1024 ** 3), gibi(1.25 * 1024 ** 3)]).toEqual([
    "3.7",
    "4",
    "16",
    "1.3",
  ]);
});

it("names speeds", () => {
  expect(["0.25", "1", "60", "max"].map(speedLabel)).toEqual([
    "¼ speed",
    "1× speed",
    "60× speed",
    "max speed",
  ]);
});

it.each([
  ["web-6d4cf56db6-x2k4p", "ReplicaSet", "web-6d4cf56db6-", "web", "x2k4p"],
  ["dns-m4p2w", "DaemonSet", "dns-", "dns", "m4p2w"],
  ["db-0", "StatefulSet", "db-", "db-0", ""],
  ["debug", "", "", "debug", ""],
])("splits %s into what people call it and its suffix", (name, ownerKind, generateName, base, suffix) => {
  expect(splitName({ name, ownerKind, generateName })).toEqual({ base, suffix });
});
