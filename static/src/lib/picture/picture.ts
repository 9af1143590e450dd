/**
 * A picture of a part of the page. Enters: an element as the browser has laid it out. Leaves: one SVG that needs
 * nothing else (real shapes and text, its fonts inside), or the PNG that the browser paints from it.
 */
import { clipOf, drawBox } from "./boxes.ts";
import { paintOf } from "./colors.ts";
import { drawDrawing } from "./drawings.ts";
import { embeddedFonts } from "./fonts.ts";
import { Definitions, element, titleElement } from "./markup.ts";
import { drawText } from "./texts.ts";

/** Pixels of the PNG for each pixel of the page. */
const SCALE = 2;

class Painter {
  readonly definitions = new Definitions();
  readonly #x: number;
  readonly #y: number;
  readonly #leaveOut: string;

  constructor(origin: DOMRect, leaveOut: string) {
    this.#x = origin.x;
    this.#y = origin.y;
    this.#leaveOut = leaveOut;
  }

  /** An element that is a stacking context of its own, and all that is in it. */
  context(root: Element): string {
    const layers: { z: number; element: Element }[] = [];
    const own = this.#inline(root, layers);
    const above = layers.toSorted((a, b) => a.z - b.z).map((layer) => this.context(layer.element));
    const opacity = Number(getComputedStyle(root).opacity);
    const inner = own + above.join("");
    return opacity < 1 && inner ? element("g", { opacity }, inner) : inner;
  }

  /** What is painted right where it stands; inner contexts are put on `layers`. */
  #inline(root: Element, layers: { z: number; element: Element }[]): string {
    const style = getComputedStyle(root);
    const box = root.getBoundingClientRect();
    if (style.visibility === "hidden" || style.display === "none" || Number(style.opacity) === 0) return "";
    if (root.matches(this.#leaveOut)) return "";
    if (root instanceof SVGSVGElement) return drawDrawing(root, this.#x, this.#y);
    const frame = { x: box.x - this.#x, y: box.y - this.#y, w: box.width, h: box.height };
    const seen = box.width > 0 && box.height > 0;
    let drawn = "";
    for (const child of root.childNodes) {
      if (child instanceof Text) drawn += drawText(child, this.#x, this.#y);
      else if (child instanceof Element) {
        const z = depthOf(child);
        if (z === null) drawn += this.#inline(child, layers);
        else layers.push({ z, element: child });
      }
    }
    if (!seen) return drawn;
    const clip = drawn ? clipOf(style, frame, this.definitions) : "";
    const inner = clip ? element("g", { "clip-path": clip }, drawn) : drawn;
    return drawBox(style, frame, this.definitions) + inner;
  }
}

/** Null for what is painted where it stands in its parent. */
function depthOf(child: Element): number | null {
  const { zIndex, opacity, transform, position } = getComputedStyle(child);
  if (zIndex !== "auto") return Number(zIndex);
  return Number(opacity) < 1 || transform !== "none" || position !== "static" ? 0 : null;
}

export interface PictureWish {
  root: HTMLElement;
  title: string;
  /** A selector of what does not belong into the picture. */
  leaveOut: string;
}

export async function pictureAsSvg({ root, title, leaveOut }: PictureWish): Promise<string> {
  const box = root.getBoundingClientRect();
  const painter = new Painter(box, leaveOut);
  const drawn = painter.context(root);
  const ground = paintOf(getComputedStyle(document.body).backgroundColor);
  const fonts = await embeddedFonts(root.textContent);
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      width: box.width,
      height: box.height,
      viewBox: `0 0 ${box.width} ${box.height}`,
      role: "img",
    },
    titleElement(title) +
      element("defs", {}, `<style>${fonts}</style>${painter.definitions.markup()}`) +
      element("rect", { width: "100%", height: "100%", fill: ground?.color ?? "#ffffff" }) +
      drawn,
  );
}

export async function svgAsPng(svg: string): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = image.width * SCALE;
  canvas.height = image.height * SCALE;
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) =>
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error("The browser painted no picture."))),
      "image/png",
    ),
  );
}

/** Hands a file to the visitor. */
export function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
