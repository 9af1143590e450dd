/** The page's own SVG drawings, with what style sheets say written into their attributes. */
const PROPERTIES = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "stroke-linecap",
  "stroke-linejoin",
  "opacity",
] as const;

export function drawDrawing(svg: SVGSVGElement, originX: number, originY: number): string {
  const box = svg.getBoundingClientRect();
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const originals = [svg, ...svg.querySelectorAll<SVGElement>("*")];
  const copies = [copy, ...copy.querySelectorAll<SVGElement>("*")];
  originals.forEach((original, index) => {
    const target = copies[index];
    if (!target) return;
    const style = getComputedStyle(original);
    for (const name of ["class", "style", "aria-hidden", "role", "tabindex", "aria-label"])
      target.removeAttribute(name);
    for (const name of PROPERTIES) {
      const value = style.getPropertyValue(name);
      // Numbers of user units: a drawing is scaled as a whole.
      if (value && value !== "none" && value !== "1") target.setAttribute(name, value.replace(/px\b/g, ""));
      else if (value === "none") target.setAttribute(name, "none");
    }
  });
  copy.setAttribute("x", String(box.x - originX));
  copy.setAttribute("y", String(box.y - originY));
  copy.setAttribute("width", String(box.width));
  copy.setAttribute("height", String(box.height));
  copy.setAttribute("overflow", "visible");
  return new XMLSerializer().serializeToString(copy);
}
