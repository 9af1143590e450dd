/** Text nodes as they stand on the page: line by line, cut where the page cuts them. */
import { paintOf } from "./colors.ts";
import { filled, textElement } from "./markup.ts";

interface Line {
  text: string;
  left: number;
  right: number;
  top: number;
  height: number;
}

const scratch = document.createElement("canvas").getContext("2d");

export function drawText(node: Text, originX: number, originY: number): string {
  const parent = node.parentElement;
  if (!parent || !node.data.trim()) return "";
  const style = getComputedStyle(parent);
  const paint = paintOf(style.color);
  if (!paint) return "";
  const lines = linesOf(node).map((line) => cut(line, parent));
  return lines
    .filter((line) => line !== null)
    .map((line) =>
      textElement(
        {
          x: line.left - originX,
          y: line.top - originY + baseline(style, line.height),
          "font-family": style.fontFamily.replaceAll('"', "'"),
          "font-size": Number.parseFloat(style.fontSize),
          "font-weight": style.fontWeight === "400" ? undefined : style.fontWeight,
          "letter-spacing": style.letterSpacing === "normal" ? undefined : style.letterSpacing,
          textLength: line.text.length > 2 ? line.right - line.left : undefined,
          lengthAdjust: line.text.length > 2 ? "spacingAndGlyphs" : undefined,
          "xml:space": "preserve",
          ...filled(paint),
        },
        style.textTransform === "uppercase" ? line.text.toUpperCase() : line.text,
      ),
    )
    .join("");
}

/** A new line begins where a character stands lower than the one before. */
function linesOf(node: Text): Line[] {
  const range = document.createRange();
  const lines: Line[] = [];
  let offset = 0;
  for (const character of node.data) {
    range.setStart(node, offset);
    offset += character.length;
    range.setEnd(node, offset);
    const box = range.getClientRects()[0];
    if (!box || (box.width === 0 && !character.trim())) continue;
    const last = lines.at(-1);
    if (last && Math.abs(last.top - box.top) < box.height / 2) {
      last.text += character;
      last.right = Math.max(last.right, box.right);
      last.left = Math.min(last.left, box.left);
    } else {
      lines.push({
        text: character,
        left: box.left,
        right: box.right,
        top: box.top,
        height: box.height,
      });
    }
  }
  return lines;
}

/** What can be seen of a line; null when nothing can. */
function cut(line: Line, parent: Element): Line | null {
  for (let box: Element | null = parent; box; box = box.parentElement) {
    const style = getComputedStyle(box);
    if (style.overflowX === "visible") continue;
    const clip = box.getBoundingClientRect();
    if (line.top + line.height * 0.6 > clip.bottom || line.top + line.height * 0.4 < clip.top) return null;
    if (line.left >= clip.right) return null;
    if (line.right > clip.right + 1) return shortened(line, clip.right);
  }
  return line;
}

function shortened(line: Line, right: number): Line {
  const perCharacter = (line.right - line.left) / line.text.length;
  const fits = Math.max(1, Math.floor((right - line.left) / perCharacter) - 1);
  return { ...line, text: `${[...line.text].slice(0, fits).join("")}…`, right };
}

/** How far below the top of its line box a text's baseline is. */
function baseline(style: CSSStyleDeclaration, height: number): number {
  if (!scratch) return height * 0.8;
  scratch.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  const { fontBoundingBoxAscent: up, fontBoundingBoxDescent: down } = scratch.measureText("x");
  return up + (height - up - down) / 2;
}
