import { tick, untrack } from "svelte";
import type { PanelName } from "./panels.svelte.ts";
import type { Session } from "./session.svelte.ts";

/** Runs `enter` when a panel opens, and gives the focus back to where it was when the panel closes. */
export function returnFocus(session: Session, panel: PanelName, enter: () => void): void {
  const open = $derived(session.panels.isOpen(panel));
  $effect(() => {
    if (!open) return;
    const before = document.activeElement;
    const id = before?.closest("[id]")?.id ?? "";
    untrack(enter);
    return () => void tick().then(() => focusAgain(before, id));
  });
}

/** A Pod that was opened in place is drawn by another element with the same id. */
function focusAgain(before: Element | null, id: string): void {
  if (before instanceof HTMLElement && before.isConnected) return before.focus();
  const heir = document.getElementById(id);
  const target = heir instanceof HTMLButtonElement ? heir : heir?.querySelector("button");
  target?.focus();
}
