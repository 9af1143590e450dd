/** Objects as YAML text, and its lines in coloured pieces. */
import { stringify } from "yaml";
import { tree } from "../live/json.ts";

/** The object as kubectl prints it; who manages which field is left out unless asked for. */
export function toYaml(object: unknown, managedFields = false): string {
  const { apiVersion, kind, metadata, ...rest } = tree(object);
  const kept = Object.entries(tree(metadata)).filter(([key]) => managedFields || key !== "managedFields");
  const ordered = { apiVersion, kind, metadata: Object.fromEntries(kept), ...rest };
  return stringify(ordered, { lineWidth: 0, aliasDuplicateObjects: false, version: "1.1" }).trimEnd();
}

export interface Piece {
  text: string;
  look: "key" | "mark" | "text" | "word";
}

/** Key, punctuation and value of one line. */
export function pieces(line: string): Piece[] {
  const match = /^(\s*(?:- +)*)((?:"[^"]*"|[^\s"'#:][^:]*?|[^\s"':#]):(?=\s|$))?(.*)$/.exec(line);
  const [, indent = "", key = "", value = ""] = match ?? [];
  const parts: Piece[] = [
    { text: indent, look: "mark" },
    { text: key, look: "key" },
    { text: value, look: isWord(value.trim()) ? "word" : "text" },
  ];
  return parts.filter((part) => part.text !== "");
}

const isWord = (value: string): boolean =>
  /^(?:true|false|null|~|-?\d+(?:\.\d+)?|\[\]|\{\}|[|>][-+]?)$/.test(value);
