import { tick, untrack } from "svelte";
import type { PanelName } from "./panels.svelte.ts";
import type { Session } from "./session.svelte.ts";

/**
 * Runs `enter` when a panel opens, and gives the focus back to where it was when the panel closes; when that is
 * gone, to the element whose id `heir` names.
 */
export function returnFocus(
  session: Session,
  panel: PanelName,
  enter: () => void,
  heir: () => string = () => "",
): void {
  const open = $derived(session.panels.isOpen(panel));
  $effect(() => {
    if (!open) return;
    const before = document.activeElement;
    untrack(enter);
    return () => void tick().then(() => focusAgain(before, untrack(heir)));
  });
}

function focusAgain(before: Element | null, id: string): void {
  const usable = before instanceof HTMLElement && before.isConnected && before !== document.body;
  const element = usable ? before : document.getElementById(id);
  const target = usable || element instanceof HTMLButtonElement ? element : element?.querySelector("button");
  target?.focus();
}
