/** The page's fonts as style rules that carry them, so that a picture looks the same everywhere. */

/** Those of the page's fonts that `text` needs. */
export async function embeddedFonts(text: string): Promise<string> {
  const points = new Set([...text].map((character) => character.codePointAt(0) ?? 0));
  const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]);
  const wanted = rules.filter(
    (rule): rule is CSSFontFaceRule => rule instanceof CSSFontFaceRule && covers(rule, points),
  );
  return (await Promise.all(wanted.map(embedded))).join("");
}

function covers(rule: CSSFontFaceRule, points: ReadonlySet<number>): boolean {
  const ranges = rule.style.getPropertyValue("unicode-range");
  if (!ranges) return true;
  return [...ranges.matchAll(/U\+([0-9A-F]+)(?:-([0-9A-F]+))?/gi)].some(([, from = "0", to = from]) => {
    const [low, high] = [Number.parseInt(from, 16), Number.parseInt(to, 16)];
    return [...points].some((point) => point >= low && point <= high);
  });
}

async function embedded(rule: CSSFontFaceRule): Promise<string> {
  const source = /url\("?([^")]+)"?\)/.exec(rule.style.getPropertyValue("src"))?.[1];
  if (!source) return "";
  const url = new URL(source, rule.parentStyleSheet?.href ?? location.href);
  const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
  const family = rule.style.getPropertyValue("font-family").replaceAll('"', "'");
  const ranges = rule.style.getPropertyValue("unicode-range");
  const weights = rule.style.getPropertyValue("font-weight");
  return (
    `@font-face{font-family:${family};font-weight:${weights || "400"};` +
    `${ranges ? `unicode-range:${ranges};` : ""}` +
    `src:url(data:font/woff2;base64,${base64(bytes)}) format('woff2')}`
  );
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
