/** Files that somebody drops or chooses, read as manifests; what is none is said in one sentence a file. */
import { MAX_BYTES, sizeRefusal } from "./documents.ts";

export interface ReadFiles {
  text: string;
  refusals: string[];
}

/** Joins the files in the order given, each under its name. */
export async function readFiles(files: readonly File[]): Promise<ReadFiles> {
  const parts: string[] = [];
  const refusals: string[] = [];
  for (const file of files) {
    const read = await readFile(file);
    if (read.refusal) refusals.push(`${file.name}: ${read.refusal}`);
    else parts.push(files.length > 1 ? `# ${file.name}\n${read.text}` : read.text);
  }
  return { text: joinDocuments(parts), refusals };
}

async function readFile(file: File): Promise<{ text: string; refusal: string }> {
  if (file.size > MAX_BYTES) return { text: "", refusal: sizeRefusal(file.size) };
  try {
    return decode(new Uint8Array(await file.arrayBuffer()));
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    return { text: "", refusal: "This cannot be read; a folder, perhaps? Drop the files in it." };
  }
}

export function decode(bytes: Uint8Array): { text: string; refusal: string } {
  const binary = { text: "", refusal: "This is no text, so no manifest." };
  if (bytes.length === 0) return { text: "", refusal: "This file is empty." };
  if (bytes.subarray(0, 8192).includes(0)) return binary;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return { text: text.replaceAll("\r\n", "\n"), refusal: "" };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { text: "", refusal: "This is not UTF-8 text, so no manifest." };
  }
}

/** Texts of documents as one text, with a marker between two. */
export function joinDocuments(texts: readonly string[]): string {
  return texts
    .map((text) => text.trimEnd())
    .reduce((all, text) => {
      if (!all) return `${text}\n`;
      return /^(?:#[^\n]*\n|\s*\n)*---/.test(text) ? `${all}${text}\n` : `${all}---\n${text}\n`;
    }, "");
}
