/** The drawers that this build has; each is loaded when it is first opened. */
import type { Component } from "svelte";

export type DrawerName = "manifest" | "inspector" | "compare" | "owners";
type Load = () => Promise<{ default: Component }>;

const found = import.meta.glob<{ default: Component }>([
  "./lib/manifest/Manifest.svelte",
  "./lib/inspector/Inspector.svelte",
  "./lib/timeline/Compare.svelte",
  "./lib/owners/Owners.svelte",
]);
const paths: [DrawerName, string][] = [
  ["manifest", "./lib/manifest/Manifest.svelte"],
  ["inspector", "./lib/inspector/Inspector.svelte"],
  ["compare", "./lib/timeline/Compare.svelte"],
  ["owners", "./lib/owners/Owners.svelte"],
];

export const drawers: ReadonlyMap<DrawerName, Load> = new Map(
  paths.flatMap(([name, path]): [DrawerName, Load][] => {
    const load = found[path];
    return load ? [[name, load]] : [];
  }),
);
