/** SVG as text: elements with escaped attributes, and the definitions that they refer to. */
import type { Hatching, Paint } from "./colors.ts";

export type Attributes = Readonly<Record<string, string | number | undefined>>;

const escaped = (text: string): string =>
  // What XML does not allow at all is left out.
  text
    // eslint-disable-next-line no-control-regex -- these are the characters meant
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");

export const round = (value: number): number => Math.round(value * 100) / 100;

export function element(name: string, attributes: Attributes, inner = ""): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([key, value]) => ` ${key}="${typeof value === "number" ? round(value) : escaped(String(value))}"`)
    .join("");
  return inner ? `<${name}${written}>${inner}</${name}>` : `<${name}${written}/>`;
}

export const textElement = (attributes: Attributes, text: string): string =>
  element("text", attributes, escaped(text) || " ");

export const titleElement = (text: string): string => element("title", {}, escaped(text) || " ");

export const filled = (paint: Paint): Attributes => ({
  fill: paint.color,
  "fill-opacity": paint.opacity < 1 ? paint.opacity : undefined,
});

/** Hatchings and clippings by what they look like, each defined once. */
export class Definitions {
  #ids = new Map<string, { id: string; markup: string }>();

  /** The fill that refers to the hatching. */
  hatching(hatching: Hatching): string {
    const { turn, period, bands } = hatching;
    const inner = bands
      .map(({ from, to, paint }) =>
        element("rect", { x: from, y: 0, width: to - from, height: period, ...filled(paint) }),
      )
      .join("");
    const attributes = {
      width: period,
      height: period,
      patternUnits: "userSpaceOnUse",
      patternTransform: `rotate(${turn})`,
    };
    return this.#define("pattern", attributes, inner);
  }

  /** The clip path that refers to the shape. */
  clip(shape: string): string {
    return this.#define("clipPath", {}, shape);
  }

  #define(name: string, attributes: Attributes, inner: string): string {
    const key = element(name, attributes, inner);
    const known = this.#ids.get(key) ?? { id: `d${this.#ids.size + 1}`, markup: "" };
    known.markup = element(name, { id: known.id, ...attributes }, inner);
    this.#ids.set(key, known);
    return `url(#${known.id})`;
  }

  markup(): string {
    return [...this.#ids.values()].map(({ markup }) => markup).join("");
  }
}
