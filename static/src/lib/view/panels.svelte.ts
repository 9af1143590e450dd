/** Which panels are open, in the order in which they were opened; Escape closes the last one. */
export type PanelName = "manifest" | "inspector" | "step" | "keys";

export const panelNames: readonly PanelName[] = ["manifest", "inspector", "step", "keys"];

export class Panels {
  opened = $state.raw<readonly PanelName[]>([]);

  isOpen(name: PanelName): boolean {
    return this.opened.includes(name);
  }

  open(name: PanelName): void {
    this.opened = [...this.opened.filter((other) => other !== name), name];
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
