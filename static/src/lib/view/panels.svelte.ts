/** Which panels are open, in the order in which they were opened; Escape closes the last one. */
export type PanelName =
  "manifest" | "inspector" | "step" | "keys" | "search" | "commands" | "cluster" | "faults" | "reach";

export const panelNames: readonly PanelName[] = [
  "manifest",
  "inspector",
  "step",
  "keys",
  "search",
  "commands",
  "cluster",
  "faults",
  "reach",
];
/** Palettes cover the page for a moment: one at a time, and not kept in the address. */
const palettes: readonly PanelName[] = ["keys", "search", "commands", "cluster", "faults", "reach"];
export const isPalette = (name: PanelName): boolean => palettes.includes(name);

export class Panels {
  opened = $state.raw<readonly PanelName[]>([]);

  isOpen(name: PanelName): boolean {
    return this.opened.includes(name);
  }

  /** The two drawers take turns: together they would leave the stage too little. */
  open(name: PanelName): void {
    const turn = name === "manifest" ? "inspector" : name === "inspector" ? "manifest" : name;
    const kept = this.opened.filter(
      (other) => other !== name && other !== turn && !(isPalette(name) && isPalette(other)),
    );
    this.opened = [...kept, name];
  }

  close(name: PanelName): void {
    if (this.isOpen(name)) this.opened = this.opened.filter((other) => other !== name);
  }

  toggle(name: PanelName): void {
    if (this.isOpen(name)) this.close(name);
    else this.open(name);
  }

  /** Closes the one opened last; says which it was. */
  closeLast(): PanelName | undefined {
    const last = this.opened.at(-1);
    if (last) this.close(last);
    return last;
  }
}
