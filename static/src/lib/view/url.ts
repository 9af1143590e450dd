/** What is looked at, and how, as the query of the page's address; whatever else stands there is kept. */
import { isGrouping, type Grouping } from "../cluster/groups.ts";
import { panelNames, type PanelName } from "./panels.svelte.ts";
import { formatRef, parseRef, type ObjectRef } from "./selection.svelte.ts";

export interface UrlState {
  select: ObjectRef | null;
  panels: PanelName[];
  step: number | null;
  /** The moment of the past that is looked at; "" is now. */
  at: string;
  /** Two moments that are compared. */
  compared: { from: string; to: string } | null;
  /** Which Pods are wanted, as it was written. */
  filter: string;
  /** In which boxes Pods stand. */
  group: Grouping;
  /** Dims what the selection does not touch. */
  focus: boolean;
  /** The selection follows the latest change. */
  follow: boolean;
}

export function readUrl(search: string): UrlState {
  const query = new URLSearchParams(search);
  const wanted = (query.get("panels") ?? "").split(",");
  const step = Number(query.get("step"));
  const group = query.get("group") ?? "";
  return {
    select: parseRef(query.get("select")),
    panels: panelNames.filter((name) => wanted.includes(name)),
    filter: query.get("filter") ?? "",
    group: isGrouping(group) ? group : "node",
    focus: query.get("focus") === "1",
    follow: query.get("follow") === "1",
    at: query.get("at") ?? "",
    compared: pairOf(query.get("compare") ?? ""),
    step: Number.isInteger(step) && step >= 1 && step <= 9 ? step : null,
  };
}

export function writeUrl(search: string, state: UrlState): string {
  const query = new URLSearchParams(search);
  set(query, "select", state.select ? formatRef(state.select) : "");
  set(query, "panels", state.panels.join(","));
  set(query, "filter", state.filter);
  set(query, "group", state.group === "node" ? "" : state.group);
  set(query, "focus", state.focus ? "1" : "");
  set(query, "follow", state.follow ? "1" : "");
  set(query, "step", state.step === null ? "" : String(state.step));
  set(query, "at", state.at);
  set(query, "compare", state.compared ? `${state.compared.from}..${state.compared.to}` : "");
  const text = query.toString().replaceAll("%2F", "/").replaceAll("%2C", ",").replaceAll("%3A", ":");
  return text ? `?${text}` : "";
}

function pairOf(text: string): UrlState["compared"] {
  const [from, to] = text.split("..");
  return from && to ? { from, to } : null;
}

function set(query: URLSearchParams, key: string, value: string): void {
  if (value) query.set(key, value);
  else query.delete(key);
}
