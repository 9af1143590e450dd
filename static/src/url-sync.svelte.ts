import type { Session } from "./lib/view/session.svelte.ts";
import { isPalette } from "./lib/view/panels.svelte.ts";
import { readUrl, writeUrl } from "./lib/view/url.ts";

/** Keeps what is looked at, and how, in the page's address, both ways. */
export function followUrl(session: Session): void {
  const take = (): void => {
    const state = readUrl(location.search);
    if (state.select) session.selection.select(state.select);
    else session.selection.clear();
    session.panels.opened = state.panels;
    session.filter.text = state.filter;
    session.attention.grouping = state.group;
    session.attention.dimming = state.focus;
    session.attention.following = state.follow;
    session.showStep(state.step);
    session.past.compared = state.compared;
    if (session.hello) goTo(session, state.at);
    else session.linkedMoment = state.at;
  };
  take();
  $effect(() => {
    window.addEventListener("popstate", take);
    return () => window.removeEventListener("popstate", take);
  });
  $effect(() => {
    const panels = session.panels.opened.filter((name) => name !== "step" && !isPalette(name));
    const query = writeUrl(location.search, {
      select: session.selection.ref,
      panels,
      step: session.step,
      filter: session.filter.text,
      group: session.attention.grouping,
      focus: session.attention.dimming,
      follow: session.attention.following,
      // Until the server has been asked, what the address says is still to come.
      at: session.hello ? session.past.address : readUrl(location.search).at,
      compared: session.past.compared,
    });
    if (query !== location.search) history.replaceState(null, "", location.pathname + query);
  });
}

function goTo(session: Session, at: string): void {
  if (at === session.past.address) return;
  if (at) void session.past.go(at);
  else session.past.now();
}
