/** Which panels are open, in the order in which they were opened; Escape closes the last one. */
export type PanelName = "manifest" | "inspector" | "step" | "keys";

export const panelNames: readonly PanelName[] = ["manifest", "inspector", "step", "keys"];

export class Panels {
  opened = $state.raw<readonly PanelName[]>([]);

  isOpen(name: PanelName): boolean {
    return this.opened.includes(name);
  }

  /** The two drawers take turns: together they would leave the stage too little. */
  open(name: PanelName): void {
    const turn = name === "manifest" ? "inspector" : name === "inspector" ? "manifest" : name;
    this.opened = [...this.opened.filter((other) => other !== name && other !== turn), name];
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
