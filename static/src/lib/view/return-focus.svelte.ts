import { untrack } from "svelte";
import type { PanelName } from "./panels.svelte.ts";
import type { Session } from "./session.svelte.ts";

/** Runs `enter` when a panel opens, and gives the focus back to where it was when the panel closes. */
export function returnFocus(session: Session, panel: PanelName, enter: () => void): void {
  let before: Element | null = null;
  const open = $derived(session.panels.isOpen(panel));
  $effect(() => {
    if (!open) return;
    before = document.activeElement;
    untrack(enter);
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
      before = null;
    };
  });
}
