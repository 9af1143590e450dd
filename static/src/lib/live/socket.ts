/**
 * The live stream. Enters: Socket.IO events `hello snapshot delta facts requests clock stopped`. Leaves: the same frames, in
 * order, to one listener; a gap in the sequence numbers is healed by asking for a new snapshot.
 */
import { io, type Socket } from "socket.io-client";
import type { ClockView, Delta, Facts, Hello, Requests, Snapshot, Stopped } from "./protocol.ts";

export interface StreamListener {
  onHello(frame: Hello): void;
  onSnapshot(frame: Snapshot): void;
  onDelta(frame: Delta): void;
  onFacts(frame: Facts): void;
  onRequests(frame: Requests): void;
  onClock(frame: ClockView): void;
  onStopped(frame: Stopped): void;
  onConnection(connected: boolean): void;
}

/** Lets frames through in sequence; says when a frame is missing. */
export class SequenceGuard {
  #last: number | null = null;

  start(seq: number): void {
    this.#last = seq;
  }

  /** "apply", or "resync" once per gap, then "skip" until the next snapshot. */
  judge(seq: number): "apply" | "resync" | "skip" {
    if (this.#last === null) return "skip";
    if (seq <= this.#last) return "skip";
    if (seq === this.#last + 1) {
      this.#last = seq;
      return "apply";
    }
    this.#last = null;
    return "resync";
  }
}

/** What a room's addresses begin with: `/rooms/NAME`, "" in the main room. */
export const roomPrefix = (pathname: string): string => /^\/rooms\/[^/]+/.exec(pathname)?.[0] ?? "";

/** Opens the stream for one view of the page; returns how to close it. */
export function openStream(view: string, listener: StreamListener): () => void {
  const guard = new SequenceGuard();
  const path = `${roomPrefix(location.pathname)}/socket.io`;
  const socket: Socket = io({ path, auth: { view }, reconnectionDelay: 250, reconnectionDelayMax: 2000 });
  socket.on("connect", () => listener.onConnection(true));
  socket.on("disconnect", () => listener.onConnection(false));
  socket.on("connect_error", () => listener.onConnection(false));
  socket.on("hello", (frame: Hello) => listener.onHello(frame));
  socket.on("snapshot", (frame: Snapshot) => {
    guard.start(frame.seq);
    listener.onSnapshot(frame);
  });
  socket.on("delta", (frame: Delta) => {
    const verdict = guard.judge(frame.seq);
    if (verdict === "apply") listener.onDelta(frame);
    else if (verdict === "resync") socket.emit("resync");
  });
  socket.on("facts", (frame: Facts) => listener.onFacts(frame));
  socket.on("requests", (frame: Requests) => listener.onRequests(frame));
  socket.on("clock", (frame: ClockView) => listener.onClock(frame));
  socket.on("stopped", (frame: Stopped) => listener.onStopped(frame));
  return () => socket.close();
}
