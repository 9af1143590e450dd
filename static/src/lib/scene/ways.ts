/** A trip's way over the board. */
import type { Place } from "../cluster/places.ts";
import type { Trip } from "../cluster/trips.ts";
import { cardWire, kubeletWire } from "../layout/route.ts";
import type { Board, Point } from "../layout/types.ts";

/** Empty when an end of the trip is not drawn. */
export function wayOf(board: Board, trip: Trip): Point[] {
  const far = trip.from.kind === "api" ? trip.to : trip.from;
  const down = wireTo(board, far);
  if (down.length === 0) return [];
  const [first, last] = [down[0], down.at(-1)];
  if (trip.kind === "denied" && first && last) return [first, { x: last.x, y: board.bus.y }];
  const startsAtCard = far.kind !== "kubelet";
  const outward = startsAtCard ? [...down].reverse() : down;
  return trip.from.kind === "api" ? outward : [...outward].reverse();
}

function wireTo(board: Board, place: Place): Point[] {
  switch (place.kind) {
    case "client":
    case "controllers":
    case "scheduler":
    case "etcd": {
      if (board.thin) return [];
      const [top, end] = cardWire(board, place.kind);
      if (!top || !end) return [];
      // A traveller's middle stops where its edge touches the card's; its way ends inside the bar, to be seen.
      return [
        { x: top.x, y: top.y + 10 },
        { x: end.x, y: end.y + 22 },
      ];
    }
    case "kubelet": {
      const wire = kubeletWire(board, place.node);
      const [first, ...rest] = wire;
      return first ? [{ x: first.x, y: first.y - 18 }, ...rest] : [];
    }
    case "api":
    case "proxy":
      return [];
  }
}
