/**
 * The page on paper: one landscape sheet in the light theme, laid out as it is on the screen and made to fit.
 * The print style sheet in base.css does the rest.
 */
import { flushSync } from "svelte";

/** An A4 sheet without its margins, in CSS pixels. */
const SHEET = { width: 1040, height: 700 };

export class Handout {
  printing = $state.raw(false);

  begin(): void {
    const { style } = document.documentElement;
    const unit = Math.min(innerWidth / 1920, innerHeight / 1080);
    style.setProperty("--screen-w", `${innerWidth}px`);
    style.setProperty("--screen-h", `${innerHeight}px`);
    style.setProperty("--screen-u", `${Math.max(0.66, unit)}px`);
    style.setProperty("--sheet", String(Math.min(SHEET.width / innerWidth, SHEET.height / innerHeight)));
    flushSync(() => (this.printing = true));
  }

  end(): void {
    this.printing = false;
  }
}
