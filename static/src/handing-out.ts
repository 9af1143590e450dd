/** What a visitor takes away from the page: pictures of it, and links to it. */
import { toClipboard } from "./lib/controls/cluster-deeds.ts";
import type { PictureFormat } from "./lib/view/pointing.svelte.ts";
import type { Session } from "./lib/view/session.svelte.ts";

/** The painter is loaded when the first picture is taken. */
export async function savePicture(
  session: Session,
  root: HTMLElement | undefined,
  format: PictureFormat,
): Promise<void> {
  if (!root) return;
  const { download, pictureAsSvg, svgAsPng } = await import("./lib/picture/picture.ts");
  const title = root.querySelector(".headline")?.textContent.trim() ?? "Podarium";
  const svg = await pictureAsSvg({ root, title, leaveOut: ".unseen, footer, script" });
  const blob = format === "png" ? await svgAsPng(svg) : new Blob([svg], { type: "image/svg+xml" });
  const seconds = Math.round(session.elapsed / 100) / 10;
  download(blob, `podarium-${seconds}s.${format}`);
}

export async function copyLink(session: Session): Promise<void> {
  const copied = await toClipboard(location.href);
  session.tell(
    copied
      ? "The link is on the clipboard: it opens this view on another screen."
      : "The browser did not let the link be copied; the address bar has it.",
  );
}
