/** Which panels are open, in the order in which they were opened; Escape closes the last one. */
export type PanelName =
  | "manifest"
  | "inspector"
  | "compare"
  | "owners"
  | "step"
  | "timeline"
  | "keys"
  | "search"
  | "commands"
  | "cluster"
  | "faults"
  | "reach"
  | "branch";

export const panelNames: readonly PanelName[] = [
  "manifest",
  "inspector",
  "compare",
  "owners",
  "step",
  "timeline",
  "keys",
  "search",
  "commands",
  "cluster",
  "faults",
  "reach",
  "branch",
];
/** The drawers take turns: together they would leave the stage too little. */
const drawers: readonly PanelName[] = ["manifest", "inspector", "compare", "owners"];
/** Palettes cover the page for a moment: one at a time, and not kept in the address. */
const palettes: readonly PanelName[] = ["keys", "search", "commands", "cluster", "faults", "reach", "branch"];
export const isPalette = (name: PanelName): boolean => palettes.includes(name);

export class Panels {
  opened = $state.raw<readonly PanelName[]>([]);

  isOpen(name: PanelName): boolean {
    return this.opened.includes(name);
  }

  open(name: PanelName): void {
    const takeTurns = (kin: readonly PanelName[], other: PanelName): boolean =>
      kin.includes(name) && kin.includes(other);
    const kept = this.opened.filter(
      (other) => other !== name && !takeTurns(drawers, other) && !takeTurns(palettes, other),
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

  /** Closes the one opened last, except one that is to stay; says which it was. */
  closeLast(staying?: PanelName): PanelName | undefined {
    const last = this.opened.findLast((name) => name !== staying);
    if (last) this.close(last);
    return last;
  }
}
