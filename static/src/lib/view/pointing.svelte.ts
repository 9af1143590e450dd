/** What a presenter points with: a light that follows the mouse, or a marker that draws on the picture. */
export type Pointer = "laser" | "marker";
export type PictureFormat = "png" | "svg";

export interface Stroke {
  points: readonly (readonly [x: number, y: number])[];
}

export class Pointing {
  tool = $state.raw<Pointer | null>(null);
  strokes = $state.raw<readonly Stroke[]>([]);

  /** Takes a tool up or lays it down; laying the marker down wipes what it has drawn. */
  toggle(tool: Pointer): void {
    this.tool = this.tool === tool ? null : tool;
    if (this.tool !== "marker") this.strokes = [];
  }

  begin(x: number, y: number): void {
    this.strokes = [...this.strokes, { points: [[x, y]] }];
  }

  draw(x: number, y: number): void {
    const last = this.strokes.at(-1);
    if (!last) return;
    this.strokes = [...this.strokes.slice(0, -1), { points: [...last.points, [x, y]] }];
  }

  /** False when there was nothing to lay down. */
  layDown(): boolean {
    if (!this.tool) return false;
    this.toggle(this.tool);
    return true;
  }
}
