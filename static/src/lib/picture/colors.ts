/** Computed CSS colours and hatchings in the words that every SVG program understands. */

export interface Paint {
  color: string;
  opacity: number;
}

/** Null for what cannot be seen. */
export function paintOf(css: string): Paint | null {
  const numbers = [...css.matchAll(/-?\d*\.?\d+(?:e-?\d+)?/g)].map(([text]) => Number(text));
  if (css.startsWith("rgb")) {
    const [r = 0, g = 0, b = 0, a = 1] = numbers;
    return a > 0 ? { color: hex(r, g, b), opacity: a } : null;
  }
  if (css.startsWith("color(srgb")) {
    const [r = 0, g = 0, b = 0, a = 1] = numbers;
    return a > 0 ? { color: hex(r * 255, g * 255, b * 255), opacity: a } : null;
  }
  return null;
}

const hex = (...parts: number[]): string =>
  `#${parts.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;

export interface Hatching {
  /** Degrees by which bands that stand upright are turned. */
  turn: number;
  period: number;
  bands: { from: number; to: number; paint: Paint }[];
}

/** The bands of a `repeating-linear-gradient` with hard stops; null when it is none. */
export function hatchingOf(image: string): Hatching | null {
  const body = /repeating-linear-gradient\((-?[\d.]+)deg,(.*)\)/s.exec(image);
  if (!body) return null;
  const [, angle = "0", stops = ""] = body;
  const found = [
    ...stops.matchAll(/(rgba?\([^)]*\)|color\([^)]*\)|transparent)((?:\s+-?[\d.]+px){0,2})/g),
  ].map(([, color = "", lengths = ""]) => ({
    paint: paintOf(color),
    at: [...lengths.matchAll(/-?[\d.]+/g)].map(([text]) => Number(text)),
  }));
  const bands: Hatching["bands"] = [];
  let end = 0;
  for (const { paint, at } of found) {
    const to = at.at(-1) ?? end;
    if (paint && to > end) bands.push({ from: end, to, paint });
    end = Math.max(end, to);
  }
  return end > 0 ? { turn: Number(angle) - 90, period: end, bands } : null;
}
