/** How the timeline shows what happened: an icon, a colour of its state and words for each kind of mark. */
import { clockTime, elapsed } from "../cluster/amounts.ts";
import type { Mark, MarkKind } from "../live/history.ts";
import type { IconName } from "../theme/icons.ts";

interface Look {
  icon: IconName;
  /** The state whose colours it has. */
  state: string;
}

const LOOKS: Record<MarkKind, Look> = {
  fault: { icon: "bolt", state: "failing" },
  warning: { icon: "shieldx", state: "waiting" },
  nodeGone: { icon: "unk", state: "unknown" },
  podGone: { icon: "term", state: "terminating" },
  nodeAdded: { icon: "server", state: "running" },
  command: { icon: "doc", state: "progress" },
  clock: { icon: "prog", state: "completed" },
};
/** Of marks drawn as one, the gravest gives it its look. */
const GRAVITY = Object.keys(LOOKS) as MarkKind[];

export function gravest(marks: readonly Mark[]): Look {
  const kind = GRAVITY.find((one) => marks.some((mark) => mark.type === one)) ?? "clock";
  return LOOKS[kind];
}

const LISTED = 4;

/** What a mark says, in one line for each thing that happened. */
export function markLines(marks: readonly Mark[], birth: number): string[] {
  const lines = marks.slice(0, LISTED).map(({ at, title, actor, count }) => {
    const more = count > 1 ? ` ×${count}` : "";
    return `${elapsed(at - birth)} · ${title}${more}${actor ? ` · ${actor}` : ""}`;
  });
  return marks.length > LISTED ? [...lines, `and ${marks.length - LISTED} more`] : lines;
}

/** Where the slider stands, as it is read aloud. */
export const placeWords = (at: number, birth: number, revision: number, away: boolean): string =>
  away ? `${clockTime(at)}, ${elapsed(at - birth)}, revision ${revision}` : `now, revision ${revision}`;
