/** The API's own description of its kinds, from OpenAPI v3: what a field may hold, and what it means. */

export interface Schema {
  description?: string;
  type?: string;
  format?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: Schema | boolean;
  enum?: unknown[];
  allOf?: Schema[];
  oneOf?: Schema[];
  default?: unknown;
  $ref?: string;
  "x-kubernetes-group-version-kind"?: { group: string; version: string; kind: string }[];
  "x-kubernetes-int-or-string"?: boolean;
  "x-kubernetes-preserve-unknown-fields"?: boolean;
}

/** A step down from an object: a key, or an item of a list. */
export const ITEM = "[]";

const POINTER = "#/components/schemas/";

/** The schemas of one group and version; references stay within it. */
export class SchemaIndex {
  #schemas: Readonly<Record<string, Schema>>;

  constructor(schemas: Readonly<Record<string, Schema>>) {
    this.#schemas = schemas;
  }

  kind(kind: string): Schema | undefined {
    return Object.values(this.#schemas).find((schema) =>
      schema["x-kubernetes-group-version-kind"]?.some((gvk) => gvk.kind === kind),
    );
  }

  /** The schema with what it refers to; its own words win over those of the type. */
  resolve(schema: Schema): Schema {
    const target = schema.$ref?.startsWith(POINTER)
      ? this.#schemas[schema.$ref.slice(POINTER.length)]
      : undefined;
    const parts = [...(target ? [target] : []), ...(schema.allOf ?? [])].map((part) => this.resolve(part));
    return parts.length === 0 ? schema : Object.assign({}, ...parts, withoutLinks(schema));
  }

  /** What lies at a path of keys and items below a kind. */
  at(kind: string, path: readonly string[]): Schema | undefined {
    let schema = this.kind(kind);
    for (const step of path) {
      if (!schema) return undefined;
      schema = this.child(schema, step);
    }
    return schema && this.resolve(schema);
  }

  child(schema: Schema, step: string): Schema | undefined {
    const { items, properties, additionalProperties } = this.resolve(schema);
    if (step === ITEM) return items;
    const known = properties && Object.hasOwn(properties, step) ? properties[step] : undefined;
    return known ?? (typeof additionalProperties === "object" ? additionalProperties : undefined);
  }
}

function withoutLinks(schema: Schema): Schema {
  const own = { ...schema };
  delete own.$ref;
  delete own.allOf;
  return own;
}

/** A field's type in a word or two, as `kubectl explain` has it: `[]Container`, `map[string]string`, `integer`. */
export function typeWords(index: SchemaIndex, schema: Schema): string {
  const { type, items, additionalProperties, "x-kubernetes-int-or-string": either } = index.resolve(schema);
  if (either) return "int or string";
  if (type === "array") return `[]${items ? typeName(index, items) : "any"}`;
  if (typeof additionalProperties === "object") return `map[string]${typeName(index, additionalProperties)}`;
  return typeName(index, schema);
}

function typeName(index: SchemaIndex, schema: Schema): string {
  const link = schema.$ref ?? schema.allOf?.[0]?.$ref;
  const name = link?.split(".").at(-1);
  return name ?? index.resolve(schema).type ?? "any";
}

/** The first paragraph of a description, without its list of links. */
export function firstWords(description: string | undefined): string {
  const [paragraph = ""] = (description ?? "").split("\n\n");
  return paragraph.replaceAll(/\s*More info: \S+/g, "").trim();
}
