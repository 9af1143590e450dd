/** How things leave the stage: they fade and shrink where they stand. */
import type { TransitionConfig } from "svelte/transition";

const LEAVE_MS = 200;

export function leave(element: Element): TransitionConfig {
  const still =
    element.ownerDocument.defaultView?.matchMedia("(prefers-reduced-motion: reduce)").matches ?? true;
  return {
    duration: still ? 0 : LEAVE_MS,
    css: (share) => `opacity: ${share}; scale: ${0.6 + 0.4 * share};`,
  };
}
