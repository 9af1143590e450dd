/** What may be written at a place: keys, values and kinds, as the server's schema has them. */
import type { KindInfo } from "../live/discovery.ts";
import { apiVersionOf } from "../live/discovery.ts";
import type { Place } from "./place.ts";
import { firstWords, typeWords, type Schema, type SchemaIndex } from "./schema.ts";

export interface Suggestion {
  label: string;
  /** What is put into the text. */
  insert: string;
  type: "property" | "enum" | "class";
  detail: string;
  info: string;
  required: boolean;
}

const TOP = ["apiVersion", "kind", "metadata", "spec"];

export function suggestionsAt(
  place: Place,
  index: SchemaIndex | undefined,
  kinds: readonly KindInfo[],
): Suggestion[] {
  if (place.writing === "value" && place.path.length === 1) {
    if (place.path[0] === "kind") return kindSuggestions(place, kinds);
    if (place.path[0] === "apiVersion") return versionSuggestions(place, kinds);
  }
  const schema = index?.at(place.kind, place.path);
  if (!index || !schema)
    return place.path.length === 0 && place.writing === "key" ? topSuggestions(place) : [];
  const keys = keySuggestions(place, index, schema);
  return place.writing === "value" || keys.length === 0 ? valueSuggestions(schema) : keys;
}

function keySuggestions(place: Place, index: SchemaIndex, schema: Schema): Suggestion[] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {})
    .filter(([key]) => !place.siblings.has(key) && !(place.path.length === 0 && key === "status"))
    .map(([key, field]) => {
      const whole = index.resolve(field);
      return {
        label: key,
        insert: `${key}:${opening(whole, place.column)}`,
        type: "property",
        detail: typeWords(index, field) + (required.has(key) ? ", required" : ""),
        info: firstWords(whole.description),
        required: required.has(key),
      };
    });
}

/** What follows a key: a value on the same line, or the beginning of a map or list on the next. */
function opening({ type, properties, additionalProperties }: Schema, column: number): string {
  const indent = " ".repeat(column + 2);
  if (type === "array") return `\n${indent}- `;
  if (properties || additionalProperties) return `\n${indent}`;
  return " ";
}

function valueSuggestions(schema: Schema): Suggestion[] {
  const values = schema.enum ?? (schema.type === "boolean" ? [true, false] : []);
  return values
    .filter((value) => value !== "")
    .map((value) => ({
      label: String(value),
      insert: String(value),
      type: "enum",
      detail: schema.default === value ? "default" : "",
      info: "",
      required: false,
    }));
}

function kindSuggestions(place: Place, kinds: readonly KindInfo[]): Suggestion[] {
  return creatable(kinds)
    .filter((info) => !place.apiVersion || apiVersionOf(info) === place.apiVersion)
    .map((info) => simple(info.kind, apiVersionOf(info)));
}

function versionSuggestions(place: Place, kinds: readonly KindInfo[]): Suggestion[] {
  const fitting = creatable(kinds).filter((info) => !place.kind || info.kind === place.kind);
  return [...new Set(fitting.map(apiVersionOf))].map((version) => simple(version, ""));
}

const creatable = (kinds: readonly KindInfo[]): KindInfo[] =>
  kinds.filter((info) => info.verbs.includes("create"));

const simple = (label: string, detail: string): Suggestion => ({
  label,
  insert: label,
  type: "class",
  detail,
  info: "",
  required: false,
});

const topSuggestions = (place: Place): Suggestion[] =>
  TOP.filter((key) => !place.siblings.has(key)).map((key) => ({
    ...simple(key, ""),
    type: "property",
    insert: key === "metadata" || key === "spec" ? `${key}:\n  ` : `${key}: `,
  }));
