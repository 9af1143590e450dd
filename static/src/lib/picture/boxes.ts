/** One HTML box with its background, border, rings and outline, as SVG. */
import { hatchingOf, paintOf } from "./colors.ts";
import { element, filled, type Attributes, type Definitions } from "./markup.ts";

export interface Frame {
  x: number;
  y: number;
  w: number;
  h: number;
}

const px = (text: string): number => Number.parseFloat(text) || 0;

function radiusOf(text: string, { w, h }: Frame): number {
  const value = text.endsWith("%") ? (px(text) / 100) * Math.min(w, h) : px(text);
  return Math.min(value, w / 2, h / 2);
}

/** The frame grown by `by` on each side; rounded as much more. */
function rounded({ x, y, w, h }: Frame, radius: number, by: number): Attributes {
  const r = Math.max(0, radius + by) || undefined;
  return {
    x: x - by,
    y: y - by,
    width: Math.max(0, w + 2 * by),
    height: Math.max(0, h + 2 * by),
    rx: radius > 0 ? r : undefined,
  };
}

export function drawBox(style: CSSStyleDeclaration, frame: Frame, definitions: Definitions): string {
  const radius = radiusOf(style.borderTopLeftRadius, frame);
  return [
    ...rings(style, frame, radius, false),
    ...background(style, frame, radius, definitions),
    ...rings(style, frame, radius, true),
    ...borders(style, frame, radius),
    ...outline(style, frame, radius),
  ].join("");
}

function background(
  style: CSSStyleDeclaration,
  frame: Frame,
  radius: number,
  definitions: Definitions,
): string[] {
  const drawn: string[] = [];
  const paint = paintOf(style.backgroundColor);
  const polygon = /^polygon\((.*)\)$/.exec(style.clipPath)?.[1];
  if (paint && polygon !== undefined) {
    const points = polygon.split(",").map((pair) => {
      const [x = "0", y = "0"] = pair.trim().split(/\s+/);
      const at = (text: string, whole: number) => (text.endsWith("%") ? (px(text) / 100) * whole : px(text));
      return `${frame.x + at(x, frame.w)},${frame.y + at(y, frame.h)}`;
    });
    return [element("polygon", { points: points.join(" "), ...filled(paint) })];
  }
  if (paint) drawn.push(element("rect", { ...rounded(frame, radius, 0), ...filled(paint) }));
  const hatching = hatchingOf(style.backgroundImage);
  if (hatching)
    drawn.push(element("rect", { ...rounded(frame, radius, 0), fill: definitions.hatching(hatching) }));
  return [...drawn, ...dots(style, frame)];
}

/** A row of dots: what is still to come in the rail. */
function dots(style: CSSStyleDeclaration, { x, y, w, h }: Frame): string[] {
  const found = /^radial-gradient\(circle, (rgba?\([^)]*\)) ([\d.]+)px/.exec(style.backgroundImage);
  const paint = paintOf(found?.[1] ?? "");
  const step = px(style.backgroundSize);
  if (!found || !paint || step < 1) return [];
  return Array.from({ length: Math.floor(w / step) }, (_, index) =>
    element("circle", {
      cx: x + (index + 0.5) * step,
      cy: y + h / 2,
      r: px(found[2] ?? ""),
      ...filled(paint),
    }),
  );
}

/** What an element cuts off of what is in it, when its corners are round; "" when nothing. */
export function clipOf(style: CSSStyleDeclaration, frame: Frame, definitions: Definitions): string {
  const radius = radiusOf(style.borderTopLeftRadius, frame);
  if (style.overflowX === "visible" || radius < 2) return "";
  return definitions.clip(element("rect", rounded(frame, radius, -px(style.borderTopWidth))));
}

/** How a border's shape is told by dashes. */
function dashes(kind: string, width: number): Attributes {
  if (kind === "dashed") return { "stroke-dasharray": `${2.2 * width} ${1.6 * width}` };
  if (kind === "dotted") return { "stroke-dasharray": `0 ${1.9 * width}`, "stroke-linecap": "round" };
  return {};
}

const SIDES = ["Top", "Right", "Bottom", "Left"] as const;

function borders(style: CSSStyleDeclaration, frame: Frame, radius: number): string[] {
  const sides = SIDES.map((side) => ({
    side,
    width: px(style[`border${side}Width`]),
    kind: style[`border${side}Style`],
    paint: paintOf(style[`border${side}Color`]),
  }));
  const [first] = sides;
  if (!first) return [];
  const same = sides.every((one) => one.kind === first.kind && Math.abs(one.width - first.width) < 3);
  if (same && sides.every((one) => one.width > 0)) {
    if (!first.paint || first.kind === "none") return [];
    const { width, kind, paint } = first;
    return [
      element("rect", {
        ...rounded(frame, radius, -width / 2),
        fill: "none",
        stroke: paint.color,
        "stroke-width": width,
        ...dashes(kind, width),
      }),
    ];
  }
  return sides.flatMap(({ side, width, kind, paint }) => {
    if (width === 0 || kind === "none" || !paint) return [];
    const { x, y, w, h } = frame;
    const d = {
      Top: `M${x} ${y + width / 2}h${w}`,
      Right: `M${x + w - width / 2} ${y}v${h}`,
      Bottom: `M${x} ${y + h - width / 2}h${w}`,
      Left: `M${x + width / 2} ${y}v${h}`,
    }[side];
    return [element("path", { d, stroke: paint.color, "stroke-width": width, ...dashes(kind, width) })];
  });
}

/** Shadows that are no more than rings; soft ones are left out. */
function rings(style: CSSStyleDeclaration, frame: Frame, radius: number, inside: boolean): string[] {
  const found = [...style.boxShadow.matchAll(/(rgba?\([^)]*\)) 0px 0px 0px (-?[\d.]+)px( inset)?/g)].flatMap(
    ([, color = "", spread = "0", inset]) => {
      const paint = paintOf(color);
      return paint && (inset !== undefined) === inside ? [{ paint, spread: px(spread) }] : [];
    },
  );
  // The first shadow is the topmost.
  return found.reverse().map(({ paint, spread }) =>
    inside
      ? element("rect", {
          ...rounded(frame, radius, -spread / 2),
          fill: "none",
          stroke: paint.color,
          "stroke-width": spread,
        })
      : element("rect", { ...rounded(frame, radius, spread), ...filled(paint) }),
  );
}

function outline(style: CSSStyleDeclaration, frame: Frame, radius: number): string[] {
  const width = px(style.outlineWidth);
  const paint = paintOf(style.outlineColor);
  if (style.outlineStyle !== "solid" || width === 0 || !paint) return [];
  const by = px(style.outlineOffset) + width / 2;
  return [
    element("rect", {
      ...rounded(frame, radius, by),
      fill: "none",
      stroke: paint.color,
      "stroke-width": width,
    }),
  ];
}
