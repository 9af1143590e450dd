/**
 * The page on a made-up room, for looking at it without a server. The query chooses: `nodes`, `pods`, `services`,
 * `waiting`, `story=0`, `until` (plays to that virtual ms and pauses), `lost=1` (connection lost).
 */
import "@fontsource-variable/atkinson-hyperlegible-next";
import "@fontsource-variable/atkinson-hyperlegible-mono";
import "./lib/theme/tokens.css";
import "./lib/theme/base.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { DEMO_START, demoHello, demoMoments, demoSnapshot } from "./lib/live/demo.ts";
import type { Session } from "./lib/view/session.svelte.ts";

const query = new URLSearchParams(location.search);
const number = (name: string, fallback: number) => Number(query.get(name) ?? fallback);

function connect(session: Session): () => void {
  session.onHello(demoHello);
  session.onConnection(true);
  const story = query.get("story") !== "0";
  session.onSnapshot(
    demoSnapshot({
      nodes: number("nodes", 3),
      extraPods: number("pods", 0),
      services: number("services", 1),
      waiting: number("waiting", 0),
      story,
    }),
  );
  const until = DEMO_START + number("until", Infinity);
  const started = performance.now();
  let now = DEMO_START;
  let queue = story ? demoMoments() : [];
  const timer = setInterval(() => {
    const live = query.has("until") ? until : DEMO_START + (performance.now() - started);
    now = Math.min(live, until);
    const paused = now >= until;
    session.onClock({ now, speed: "1", paused, idle: false, lagMs: 0 });
    for (const moment of queue.filter((one) => one.at <= now)) {
      session.onDelta(moment.delta);
      session.onFacts(moment.facts);
    }
    queue = queue.filter((one) => one.at > now);
    if (query.has("lost") && paused) session.onConnection(false);
  }, 100);
  return () => clearInterval(timer);
}

const target = document.getElementById("app");
if (target) mount(App, { target, props: { connect } });
