export type Theme = "light" | "dark";

const storageKey = "podarium.theme";

/** The page's theme: the system's until the visitor chooses, then remembered. */
export class ThemeChoice {
  #system = matchMedia("(prefers-color-scheme: dark)");
  #chosen = $state<Theme | null>(remembered());
  #systemDark = $state(this.#system.matches);
  readonly current: Theme = $derived(this.#chosen ?? (this.#systemDark ? "dark" : "light"));

  constructor() {
    this.#system.addEventListener("change", (event) => (this.#systemDark = event.matches));
  }

  toggle(): void {
    this.#chosen = this.current === "dark" ? "light" : "dark";
    localStorage.setItem(storageKey, this.#chosen);
  }
}

function remembered(): Theme | null {
  const value = localStorage.getItem(storageKey);
  return value === "light" || value === "dark" ? value : null;
}
