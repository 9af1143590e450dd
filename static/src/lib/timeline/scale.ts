/** The timeline's measure: virtual time along a line. Pure. */
import { elapsed } from "../cluster/amounts.ts";
import type { Mark } from "../live/history.ts";

export interface Scale {
  /** Virtual milliseconds at the left and right edge. */
  from: number;
  to: number;
}

/** Where a time lies, from 0 at the left to 1 at the right edge. */
export function shareOf({ from, to }: Scale, at: number): number {
  if (to <= from) return 1;
  return Math.min(1, Math.max(0, (at - from) / (to - from)));
}

/** The time at a place from 0 to 1, in whole milliseconds. */
export const timeAt = ({ from, to }: Scale, share: number): number =>
  Math.round(from + (to - from) * Math.min(1, Math.max(0, share)));

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const STEPS = [
  ...[0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12, 24].map((hours) => hours * HOUR),
];

export interface Tick {
  at: number;
  words: string;
}

/** At most `most` times that are round, counted from `birth`. */
export function ticks({ from, to }: Scale, birth: number, most: number): Tick[] {
  const wanted = (to - from) / Math.max(1, most);
  const step = STEPS.find((one) => one >= wanted) ?? Math.ceil(wanted / (24 * HOUR)) * 24 * HOUR;
  const found: Tick[] = [];
  for (let at = birth + Math.ceil((from - birth) / step) * step; at <= to; at += step) {
    if (at >= birth) found.push({ at, words: short(at - birth, step) });
  }
  return found;
}

const short = (ms: number, step: number): string =>
  step >= SECOND && ms < 100 * SECOND ? `${Math.round(ms / SECOND)} s` : elapsed(ms);

/** The mark that is nearest to a time, if it is within `within` milliseconds. */
export function nearestMark(marks: readonly Mark[], at: number, within: number): Mark | null {
  let best: Mark | null = null;
  for (const mark of marks) {
    const away = Math.abs(mark.at - at);
    if (away <= within && (!best || away < Math.abs(best.at - at))) best = mark;
  }
  return best;
}

/** Marks so close together that they are drawn as one. */
export interface MarkGroup {
  share: number;
  marks: readonly Mark[];
}

/** From left to right; a group is no wider than `width` (a share). */
export function groupMarks(marks: readonly Mark[], scale: Scale, width: number): MarkGroup[] {
  const groups: { share: number; marks: Mark[] }[] = [];
  const seen = marks.filter(({ at }) => at >= scale.from && at <= scale.to);
  for (const mark of [...seen].sort((a, b) => a.at - b.at)) {
    const share = shareOf(scale, mark.at);
    const last = groups.at(-1);
    if (last && share - last.share < width) last.marks.push(mark);
    else groups.push({ share, marks: [mark] });
  }
  return groups;
}

/** Height of a bar from 0 to 1: by the logarithm, so that a lone write is seen beside a thousand. */
export function barHeight(revisions: number, most: number): number {
  if (revisions <= 0 || most <= 0) return 0;
  return Math.max(0.12, Math.log1p(revisions) / Math.log1p(most));
}
