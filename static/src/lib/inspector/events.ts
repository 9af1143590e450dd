/** Events about an object, the newest first. */
import { amount, at, items, text, tree } from "../live/json.ts";
import { time } from "./state.ts";

export interface EventLine {
  key: string;
  warning: boolean;
  reason: string;
  message: string;
  from: string;
  count: number;
  /** Virtual milliseconds of the last time. */
  last: number;
}

export function eventsOf(list: unknown): EventLine[] {
  const lines = items(tree(list)["items"]).map((value): EventLine & { order: number } => {
    const event = tree(value);
    const seriesTime = at(event, "series", "lastObservedTime");
    const last = [
      event["lastTimestamp"],
      seriesTime,
      event["eventTime"],
      at(event, "metadata", "creationTimestamp"),
    ]
      .map(time)
      .find((ms) => ms !== null);
    return {
      key: text(at(event, "metadata", "uid")),
      warning: event["type"] === "Warning",
      reason: text(event["reason"]),
      message: text(event["message"]),
      from: text(at(event, "source", "component")) || text(event["reportingComponent"]),
      count: Math.max(amount(event["count"]), amount(at(event, "series", "count")), 1),
      last: last ?? 0,
      order: Number(at(event, "metadata", "resourceVersion")),
    };
  });
  return lines.sort((a, b) => b.last - a.last || b.order - a.order);
}
